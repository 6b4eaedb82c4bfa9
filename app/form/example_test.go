package form_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/phone"
)

// A form is opened for each request, bound to the variables it edits. What is wrong stands at its field, as it was
// typed, and the variable keeps its value.
func Example() {
	shop := struct {
		Name  string
		Phone string
		Limit int64
		Open  bool
	}{Name: "Печатный двор", Limit: 10}
	open := func() *form.Form {
		return &form.Form{
			Section: "shop",
			Fields: []*form.Field{
				form.Text("name", "Название", &shop.Name).Required().Max(100),
				form.Text("phone", "Телефон", &shop.Phone).Keyboard("tel").Check(phone.Check),
				form.Number("limit", "Заказов в день", &shop.Limit),
				form.Toggle("open", "Принимать заказы", &shop.Open),
			},
		}
	}

	f := open()
	fmt.Println(f.Bind(url.Values{"shop.name": {" "}, "shop.phone": {"12345"}, "shop.limit": {"20"}}))
	for _, field := range f.Fields {
		fmt.Printf("%s = %q, %q\n", f.FullName(field), field.Value(), field.Error)
	}
	fmt.Printf("%+v\n", shop)

	fmt.Println(open().Bind(url.Values{
		"shop.name": {"Типография"}, "shop.phone": {"+7 495 545-46-91"}, "shop.open": {"on"},
	}))
	fmt.Printf("%+v\n", shop)
	// Output:
	// false
	// shop.name = "", "Заполните поле"
	// shop.phone = "12345", "Проверьте номер телефона: «12345». Пример: +7 912 345-67-89."
	// shop.limit = "20", ""
	// shop.open = "", ""
	// {Name:Печатный двор Phone: Limit:20 Open:false}
	// true
	// {Name:Типография Phone:+7 495 545-46-91 Limit:20 Open:true}
}

// Save may refuse a value that only the database can judge. The page then shows the form again, with the field marked.
func ExampleForm_Reject() {
	contact := int64(13)
	f := &form.Form{
		Section: "crm",
		Fields:  []*form.Field{form.Number("contact", "Contact ID", &contact)},
		Save: func(context.Context, *db.Tx) error {
			return form.FieldError{Name: "contact", Message: "Контакт уже привязан к другому клиенту"}
		},
	}
	err := f.Save(context.Background(), nil) // in the page's transaction
	fmt.Println(f.Reject(err), f.Field("contact").Error)
	fmt.Println(f.Reject(errors.New("disk is full")), "is for the caller to return")
	// Output:
	// true Контакт уже привязан к другому клиенту
	// false is for the caller to return
}
