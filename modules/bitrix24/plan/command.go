package plan

import (
	"errors"

	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// Command is one call that creates or changes a record of the portal.
type Command struct {
	Name   string      // unique within the group: "deal42"
	Method string      // of REST
	Params rest.Params // may hold a Ref wherever a number of a record stands

	// After are the names of the commands of the group whose outcomes it needs: those it refers to, at least. One that
	// failed fails it, too.
	After []string

	// Intent is stored before the command leaves. Without one the command may be repeated without harm.
	Intent *Sending

	About Note // whom the journal's line is about

	// Then says what is to be stored once the portal has done it, and returns the record's number. An error that is
	// rest.Unknown means an answer of another shape, which leaves the intent open.
	Then func(Answer) (id int64, changes Changes, err error)

	// Missing is what is to be stored if the record that is to be changed is not there. The command has failed then, and
	// its record is planned again. Nil: the refusal stands.
	Missing *Changes

	Outcome Outcome // filled in by Perform
}

// Sending is what is remembered of a command that is about to leave, until its outcome is certain.
type Sending struct {
	Entity Entity
	Key    string         // commands of the same key share an intent
	Agreed mapping.Agreed // what both sides have agreed on if it is carried out
	Rows   []SentRow      // product rows that it sends
}

// Ref stands in the params of a command for the number of the record that another command of the group creates.
type Ref struct {
	Command string
	Path    string // where the answer has the number: "item.id"
}

// Answer is what the portal answered to one command.
type Answer interface {
	// Decode reads the result. A refusal is a *rest.Error, an answer of another shape a *rest.RequestError.
	Decode(into any) error
	// Number is what a reference to another command of the group stands for by now.
	Number(ref any) any
}

// numbered decodes the record that a command answers with. id is where answer keeps its number. A record without a
// number is an answer of another shape: the error is rest.Unknown, since nobody knows what became of the command.
func numbered(a Answer, method string, answer any, id *rest.ID) error {
	if err := a.Decode(answer); err != nil {
		return err
	}
	if id.Int64() <= 0 {
		return &rest.RequestError{Method: method, Sent: true, Err: errors.New("a record without a number")}
	}
	return nil
}

// item is a contact, company, deal or lead of the portal, which the methods crm.item.* answer with.
type item interface {
	rest.Deal | rest.Lead | rest.Contact | rest.Company
}

// numberOf returns where an item keeps its number.
func numberOf[T item](record *T) *rest.ID {
	switch r := any(record).(type) {
	case *rest.Deal:
		return &r.ID
	case *rest.Lead:
		return &r.ID
	case *rest.Contact:
		return &r.ID
	case *rest.Company:
		return &r.ID
	}
	return nil
}

// typeOf is the entityTypeId of an item.
func typeOf[T item]() int {
	switch any((*T)(nil)).(type) {
	case *rest.Lead:
		return rest.TypeLead
	case *rest.Contact:
		return rest.TypeContact
	case *rest.Company:
		return rest.TypeCompany
	}
	return rest.TypeDeal
}

// addItem completes a command so that it creates an item (crm.item.add). then says what follows from the item as the
// portal has created it.
func addItem[T item](c Command, fields rest.Params, then func(a Answer, made *T) Changes) *Command {
	c.Method = "crm.item.add"
	c.Params = rest.Params{"entityTypeId": typeOf[T](), "useOriginalUfNames": "Y", "fields": fields}
	return answeringItem(c, then)
}

// updateItem completes a command so that it changes an item (crm.item.update). id is its number, or a Ref to the
// command that creates it.
func updateItem[T item](c Command, id any, fields rest.Params, then func(a Answer, changed *T) Changes) *Command {
	c.Method = "crm.item.update"
	c.Params = rest.Params{"entityTypeId": typeOf[T](), "id": id, "useOriginalUfNames": "Y", "fields": fields}
	return answeringItem(c, then)
}

func answeringItem[T item](c Command, then func(a Answer, record *T) Changes) *Command {
	c.Then = func(a Answer) (int64, Changes, error) {
		var answer rest.Item[T]
		id := numberOf(&answer.Item)
		if err := numbered(a, c.Method, &answer, id); err != nil {
			return 0, Changes{}, err
		}
		return id.Int64(), then(a, &answer.Item), nil
	}
	return &c
}

// Fields are the fields of a record that the command sends; nil if it sends none.
func (c *Command) Fields() rest.Params {
	fields, _ := c.Params["fields"].(rest.Params)
	return fields
}

// Text says in Russian what the command does. A method without a sentence is named itself.
func (c *Command) Text() string {
	switch c.Method {
	case "crm.item.add":
		return map[Entity]string{
			Deal: "Создана сделка", Contact: "Создан контакт", Company: "Создана компания", Lead: "Создан лид",
		}[c.About.Entity]
	case "crm.item.update":
		return map[Entity]string{
			Deal: "Сделка обновлена", Contact: "Контакт обновлён", Company: "Компания обновлена", Lead: "Лид обновлён",
		}[c.About.Entity]
	case ImportMethod, ImportOneMethod:
		return "Создана сделка (импорт, роботы не запускались)"
	case RowsMethod, RowsByDealMethod:
		return "Записаны товары"
	case "crm.item.productrow.add":
		return "Добавлен товар"
	case "crm.item.productrow.update":
		return "Изменён товар"
	case "crm.item.productrow.delete":
		return "Удалён товар"
	case "crm.requisite.add", "crm.requisite.update":
		return "Записаны реквизиты"
	case "crm.requisite.bankdetail.add", "crm.requisite.bankdetail.update":
		return "Записаны банковские реквизиты"
	case "crm.address.add", "crm.address.update":
		return "Записан юридический адрес"
	case "crm.timeline.comment.add":
		return "Оставлено примечание в ленте"
	case "crm.company.contact.add":
		return "Сотрудник добавлен в контакты компании"
	}
	return c.Method
}
