package exchange

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// Questions are reading commands that leave together, fifty to a request. The zero value is ready for use.
type Questions struct {
	open []question
	read *along // what was read already and need not be asked; nil: nothing
}

func (qs *Questions) add(q question) { qs.open = append(qs.open, q) }

// askFor adds a question. take is called with the answer; if the portal refuses it, the refusal is kept in failure,
// since it concerns one record only.
func askFor[A any](qs *Questions, method string, params rest.Params, failure *error, take func(answer A)) {
	qs.add(question{method: method, params: params, answer: func(result *rest.Result, name string) error {
		var answer A
		if err := result.Decode(name, &answer); err != nil {
			keepFirst(failure, err)
			return nil
		}
		take(answer)
		return nil
	}})
}

// keepFirst keeps in failure why something could not be done, unless an earlier reason is known. A later success or
// failure says nothing about that one.
func keepFirst(failure *error, err error) {
	if *failure == nil {
		*failure = err
	}
}

// Sought is a record of the portal that is to be read by its number. When its question was answered, either Take was
// called, or Gone or Err is set.
type Sought[T any] struct {
	ID   int64
	Take func(record *T) // called when it is there
	Gone *bool           // set when it is certainly not there; nil: nobody wants to know
	Err  *error          // why it could not be read

	// Seen is set to the modification that was read, by the portal's clock, if another can't have been made in the same
	// second since; nil: nobody wants to know.
	Seen *time.Time
}

// reading is a record as the portal had it, not decoded yet.
type reading struct {
	modified
	text json.RawMessage
	at   time.Time // when it was read, by the portal's clock; zero: unknown
}

// UnmarshalJSON keeps the text.
func (r *reading) UnmarshalJSON(text []byte) error {
	r.text = slices.Clone(text)
	return json.Unmarshal(text, &r.modified)
}

// take decodes a record that was read and gives it to whoever sought it.
func (s Sought[T]) take(found reading) {
	var record T
	if err := json.Unmarshal(found.text, &record); err != nil {
		keepFirst(s.Err, &rest.RequestError{
			Method: listMethod, Sent: true, Err: fmt.Errorf("record %d of another shape: %w", s.ID, err),
		})
		return
	}
	at := found.UpdatedTime.At.UTC()
	if s.Seen != nil && !found.UpdatedTime.At.IsZero() && found.at.Unix() > at.Unix() {
		*s.Seen = at
	}
	s.Take(&record)
}

// numbered returns where a record of one type keeps its number.
type numbered[T any] func(record *T) *rest.ID

// DealNumber returns where a deal, or a lead read into one, keeps its number. It is for ReadByID.
func DealNumber(d *rest.Deal) *rest.ID { return &d.ID }

func leadNumber(l *rest.Lead) *rest.ID { return &l.ID }

func contactNumber(c *rest.Contact) *rest.ID { return &c.ID }

func companyNumber(c *rest.Company) *rest.ID { return &c.ID }

const listMethod = "crm.item.list"

// ReadByID adds the questions that read records by their numbers, fifty to a command (crm.item.list). typeID is the
// entityTypeId. A list leaves out silently what the webhook's owner may not see, so a record that is missing there is
// asked for alone (crm.item.get). What was read already is not asked for.
func ReadByID[T any](qs *Questions, typeID int, fields []string, number numbered[T], records []Sought[T]) {
	unread := lo.Reject(records, func(s Sought[T], _ int) bool {
		found, ok := qs.read.item(typeID, s.ID, fields)
		if ok {
			qs.add(question{answer: func(*rest.Result, string) error {
				s.take(found)
				return nil
			}})
		}
		return ok
	})
	for _, part := range lo.Chunk(unread, pageSize) {
		ids := lo.Map(part, func(s Sought[T], _ int) int64 { return s.ID })
		readListed(qs, typeID, fields, ids, func(found map[int64]reading, refused error) {
			for _, s := range part {
				record, listed := found[s.ID]
				switch {
				case refused != nil:
					keepFirst(s.Err, refused)
				case listed:
					s.take(record)
				default:
					readOne(qs, typeID, number, s)
				}
			}
		})
	}
}

// readListed adds the question that reads up to fifty records by their numbers (crm.item.list).
func readListed(
	qs *Questions, typeID int, fields []string, ids []int64, take func(found map[int64]reading, refused error),
) {
	qs.add(question{
		method: listMethod, params: listByID(typeID, fields, ids),
		answer: func(result *rest.Result, name string) error {
			var items rest.Items[reading]
			refused := result.Decode(name, &items)
			found := map[int64]reading{}
			for _, record := range items.Items {
				record.at = result.CommandTiming(name).Start
				found[record.ID.Int64()] = record
			}
			take(found, refused)
			return nil
		},
	})
}

// listByID are the parameters of crm.item.list for up to fifty records of known numbers.
func listByID(typeID int, fields []string, ids []int64) rest.Params {
	return rest.Params{
		"entityTypeId": typeID, "start": -1, "useOriginalUfNames": "Y", "select": fields,
		"filter": rest.Params{"@id": ids},
	}
}

// readOne adds the question that reads one record (crm.item.get). Its answer tells a record that is gone from one that
// cannot be read.
func readOne[T any](qs *Questions, typeID int, number numbered[T], s Sought[T]) {
	qs.add(question{
		method: "crm.item.get", params: rest.Params{"entityTypeId": typeID, "id": s.ID, "useOriginalUfNames": "Y"},
		answer: func(result *rest.Result, name string) error {
			var item rest.Item[T]
			err := ReadNumbered(result, name, &item, number(&item.Item))
			if refused, ok := rest.AsRefusal(err); ok && refused.NotFound() {
				if s.Gone != nil {
					*s.Gone = true
				}
				return nil
			}
			if err != nil {
				keepFirst(s.Err, err)
				return nil
			}
			s.Take(&item.Item)
			return nil
		},
	})
}

// ReadNumbered decodes the record that a command answers with. id is where answer keeps its number. A record without a
// number is an answer of another shape.
func ReadNumbered(result *rest.Result, name string, answer any, id *rest.ID) error {
	if err := result.Decode(name, answer); err != nil {
		return err
	}
	if id.Int64() <= 0 {
		return &rest.RequestError{Method: name, Sent: true, Err: errors.New("a record without a number")}
	}
	return nil
}

// ReadRows adds the question that reads the product rows of a deal or lead, a page of fifty to a command
// (crm.item.productrow.list). take is called once, with all of them, if no page was refused.
func ReadRows(qs *Questions, e plan.Entity, id int64, failure *error, take func(rows []rest.ProductRow)) {
	if known, ok := qs.read.rowsOf(e, id); ok {
		qs.add(question{answer: func(*rest.Result, string) error {
			take(known)
			return nil
		}})
		return
	}
	var rows []rest.ProductRow
	var readFrom func(last int64)
	readFrom = func(last int64) {
		params := rest.Params{
			"filter": rest.Params{
				"=ownerType": e.OwnerType(),
				"=ownerId":   id,
				">id":        last,
			}, "order": rest.Params{"id": "ASC"}, "start": -1,
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

// Inquire asks the portal all questions, and those that their answers add, until none is left. The error concerns the
// exchange as a whole.
func (c *Connection) Inquire(ctx context.Context, qs *Questions, class rest.Class) error {
	for len(qs.open) > 0 {
		known, asked := lo.FilterReject(qs.open, func(q question, _ int) bool { return q.method == "" })
		qs.open = nil
		for _, q := range known {
			if err := q.answer(nil, ""); err != nil {
				return err
			}
		}
		if err := c.askAll(ctx, asked, class); err != nil {
			return err
		}
	}
	return nil
}

// question is one reading command. answer takes what came back, under the command's name. Without a method the answer is
// known already.
type question struct {
	method string
	params rest.Params
	answer func(result *rest.Result, name string) error
}

// askAll puts questions, fifty to a request. The error concerns the exchange as a whole; a refusal of one question is
// given to that question's answer.
func (c *Connection) askAll(ctx context.Context, questions []question, class rest.Class) error {
	for len(questions) > 0 {
		batch := &rest.Batch{Class: class}
		n := 0
		for n < len(questions) && !batch.Full() && batch.Size() < rest.MaxRequest {
			batch.Add(fmt.Sprintf("q%d", n), questions[n].method, questions[n].params)
			n++
		}
		result, err := c.Client.Do(ctx, batch)
		if rest.Unknown(err) && !errors.Is(err, context.DeadlineExceeded) {
			// A question changes nothing, so one lost answer need not hold up everything.
			result, err = c.Client.Do(ctx, batch)
		}
		if err != nil {
			return err
		}
		for i, q := range questions[:n] {
			if err := q.answer(result, fmt.Sprintf("q%d", i)); err != nil {
				return err
			}
		}
		err = c.DB.Transaction(ctx, func(_ context.Context, tx *db.Tx) error { return c.noteClock(tx, result) })
		if err != nil {
			return err
		}
		questions = questions[n:]
	}
	return nil
}
