package bitrix24

import (
	"context"
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// questions are reading commands that leave together.
type questions []question

// askFor puts a question whose refusal concerns one record only: it is kept in failure. Otherwise take gets the answer.
func askFor[A any](qs *questions, method string, params rest.Params, failure *error, take func(answer A)) {
	*qs = append(*qs, question{method: method, params: params, answer: func(result *rest.Result, name string) error {
		var answer A
		if err := result.Decode(name, &answer); err != nil {
			keepFirst(failure, err)
			return nil
		}
		take(answer)
		return nil
	}})
}

// keepFirst notes why something could not be done, unless an earlier reason is known: a later success or failure says
// nothing about that one.
func keepFirst(failure *error, err error) {
	if *failure == nil {
		*failure = err
	}
}

// sought is a record of the portal that is to be read by its number.
type sought[T any] struct {
	id   int64
	take func(record *T) // called when it is there
	gone *bool           // set when it is certainly not there; nil: whoever changes the record finds out
	err  *error          // why it could not be read
}

// numbered finds the number in a record of one type.
type numbered[T any] func(record *T) *rest.ID

func dealNumber(d *rest.Deal) *rest.ID       { return &d.ID }
func leadNumber(l *rest.Lead) *rest.ID       { return &l.ID }
func contactNumber(c *rest.Contact) *rest.ID { return &c.ID }
func companyNumber(c *rest.Company) *rest.ID { return &c.ID }

// readByID reads records by their numbers, fifty to a command (crm.item.list). A list leaves out silently what the
// webhook's owner may not see, so one that is missing there is asked for by name (crm.item.get).
func readByID[T any](qs *questions, typeID int, fields []string, number numbered[T], records []sought[T]) {
	for _, part := range lo.Chunk(records, pageSize) {
		var refused error
		ids := lo.Map(part, func(s sought[T], _ int) int64 { return s.id })
		*qs = append(*qs, question{
			method: "crm.item.list", params: listByID(typeID, fields, ids),
			answer: func(result *rest.Result, name string) error {
				var items rest.Items[T]
				refused = result.Decode(name, &items)
				for _, s := range part {
					i := slices.IndexFunc(items.Items, func(record T) bool { return number(&record).Int64() == s.id })
					switch {
					case refused != nil:
						keepFirst(s.err, refused)
					case i >= 0:
						s.take(&items.Items[i])
					default:
						readOne(qs, typeID, number, s)
					}
				}
				return nil
			},
		})
	}
}

// listByID are the parameters of crm.item.list for up to fifty records of known numbers.
func listByID(typeID int, fields []string, ids []int64) rest.Params {
	return rest.Params{
		"entityTypeId": typeID, "start": -1, "useOriginalUfNames": "Y", "select": fields, "filter": rest.Params{"@id": ids},
	}
}

// readOne reads one record (crm.item.get): it is there, certainly gone, or cannot be read.
func readOne[T any](qs *questions, typeID int, number numbered[T], s sought[T]) {
	*qs = append(*qs, question{
		method: "crm.item.get", params: rest.Params{"entityTypeId": typeID, "id": s.id, "useOriginalUfNames": "Y"},
		answer: func(result *rest.Result, name string) error {
			var item rest.Item[T]
			err := readNumbered(result, name, &item, number(&item.Item))
			if refused, ok := asRefusal(err); ok && refused.NotFound() {
				if s.gone != nil {
					*s.gone = true
				}
				return nil
			}
			if err != nil {
				keepFirst(s.err, err)
				return nil
			}
			s.take(&item.Item)
			return nil
		},
	})
}

// readRows reads all product rows of a deal or lead, a page of fifty to a command (crm.item.productrow.list).
func readRows(qs *questions, e entity, id int64, failure *error, take func(rows []rest.ProductRow)) {
	var rows []rest.ProductRow
	var readFrom func(last int64)
	readFrom = func(last int64) {
		params := rest.Params{
			"filter": rest.Params{"=ownerType": e.owner(), "=ownerId": id, ">id": last}, "order": rest.Params{"id": "ASC"}, "start": -1,
		}
		askFor(qs, "crm.item.productrow.list", params, failure, func(page rest.ProductRows) {
			rows = append(rows, page.ProductRows...)
			if len(page.ProductRows) < pageSize {
				take(rows)
				return
			}
			readFrom(page.ProductRows[pageSize-1].ID.Int64())
		})
	}
	readFrom(0)
}

// inquire asks the portal all questions, and those that follow from the answers.
func (c *connection) inquire(ctx context.Context, qs *questions, class rest.Class) error {
	for len(*qs) > 0 {
		asked := *qs
		*qs = nil
		if err := c.ask(ctx, asked, class); err != nil {
			return err
		}
	}
	return nil
}
