package plan_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// refusing is a world whose portal refuses every command with one answer.
type refusing struct {
	answer error
	sent   plan.Sent
}

func (w *refusing) StoreIntents(context.Context, []*plan.Command) error { return nil }

func (w *refusing) Send(ctx context.Context, batch *rest.Batch) (plan.Answers, error) {
	return w, batch.Leaving(ctx)
}

func (w *refusing) StoreOutcomes(_ context.Context, sent plan.Sent) error {
	w.sent = sent
	return nil
}

func (w *refusing) Decode(string, any) error { return w.answer }
func (w *refusing) Error(string) error       { return w.answer }

func TestPerform_whatBecomesOfAnIntentWhoseCommandIsRefused(t *testing.T) {
	t.Parallel()
	const settled, answered, open = "settled", "looked for at once", "looked for, and waited for"
	refusal := func(code, words string) error {
		return &rest.Error{Method: "crm.item.add", Code: code, Description: words, Status: 200}
	}
	for name, tt := range map[string]struct {
		answer error
		want   string
	}{
		"a wrong value":                      {refusal("CRM_FIELD_ERROR_VALUE_NOT_VALID", "Invalid value"), settled},
		"no rights":                          {refusal("ACCESS_DENIED", "Access denied"), settled},
		"no rights, in words":                {refusal("0", "[Компания #12] У Вас нет прав на просмотр этого элемента"), settled},
		"an e-mail":                          {refusal("ERROR_CORE", "Поле E-mail содержит некорректный адрес"), settled},
		"a general error":                    {refusal("", "Failed to add. General error."), answered},
		"a handler that fails after the add": {refusal("ERROR_CORE", "Call to a member function getId() on null"), answered},
		"an exception with a number":         {refusal("1062", "Обработчик события завершился с ошибкой"), answered},
		"a server error":                     {refusal("INTERNAL_SERVER_ERROR", "Internal server error"), open},
		"no answer":                          {&rest.RequestError{Sent: true, Err: errors.New("cut")}, open},
	} {
		t.Run(name, func(t *testing.T) {
			w := &refusing{answer: tt.answer}
			intent := &plan.Sending{Entity: plan.Deal, Key: "order:1"}
			command := &plan.Command{Name: "deal1", Method: "crm.item.add", Params: rest.Params{}, Intent: intent}
			if err := plan.Perform(t.Context(), w, []*plan.Command{command}, 0); err != nil {
				t.Fatal(err)
			}
			got, key := open, plan.Open{Entity: plan.Deal, Key: "order:1"}
			switch {
			case slices.Contains(w.sent.Settled, key):
				got = settled
			case slices.Contains(w.sent.Answered, key):
				got = answered
			}
			if got != tt.want {
				t.Errorf("the record is %s, want %s", got, tt.want)
			}
		})
	}
}
