package form_test

import (
	"slices"
	"testing"

	"github.com/pixlpark/panel/app/form"
)

func TestFacts_showWhatIsThereAndNoSecrets(t *testing.T) {
	t.Parallel()
	var (
		number, none = int64(777), int64(0)
		secret       = "hunter2"
		on           = true
		kind, unset  = "a", ""
	)
	options := []form.Option[string]{{Value: "", Label: "Не задано"}, {Value: "a", Label: "Первый"}}
	got := form.Forms{
		{Fields: []*form.Field{form.Number("id", "Номер", &number), form.Number("no", "Пусто", &none), form.Secret("s", "Пароль", &secret)}},
		{Fields: []*form.Field{
			form.Toggle("on", "Включено", &on), form.Select("kind", "Вид", &kind, options),
			form.Select("unset", "Без вида", &unset, options),
			form.Static("ID", "21"),
		}},
	}.Facts()
	want := []form.Fact{{Label: "Номер", Value: "777"}, {Label: "Вид", Value: "Первый"}, {Label: "ID", Value: "21"}}
	if !slices.Equal(got, want) {
		t.Errorf("Facts() = %v, want %v", got, want)
	}
}
