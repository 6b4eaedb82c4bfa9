package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/modules/bitrix24/mapping"
)

// Candidates are records of the portal that may be the one looked for. Each list says what they were found by. The
// order of the lists is their rank: the external key is ours alone and an ИНН is the company's, but people share
// phones and e-mails.
type Candidates struct {
	ByKey, ByINN, ByPhone, ByEmail []int64

	Taken []int64 // those that are another client's or organization's already
}

// All are the numbers of all candidates.
func (c Candidates) All() []int64 { return slices.Concat(c.ByKey, c.ByINN, c.ByPhone, c.ByEmail) }

// agreedWith is what both sides have agreed on if the record is the one that i was about: what was sent then. Two
// records that have never met have agreed on nothing.
func (c Candidates) agreedWith(i *Intent, id int64) mapping.Agreed {
	if i == nil || !slices.Contains(c.ByKey, id) {
		return nil
	}
	return i.Agreed
}

// pick chooses one of the candidates: the one with our key, else by ИНН, else the one that has both phone and e-mail,
// else the oldest that has either. Those that are another's are passed over. The number is 0 when none is left. The
// warning, for the journal, says that others would have fitted.
func (c Candidates) pick() (chosen int64, warning string) {
	free := func(ids []int64) []int64 {
		ids = lo.Uniq(lo.Without(ids, c.Taken...))
		slices.Sort(ids)
		return ids
	}
	byPhone, byEmail := free(c.ByPhone), free(c.ByEmail)
	for _, rank := range [][]int64{free(c.ByKey), free(c.ByINN), lo.Intersect(byPhone, byEmail), byPhone, byEmail} {
		if len(rank) > 0 {
			return rank[0], ambiguity(rank[0], lo.Uniq(slices.Concat(rank, byPhone, byEmail)))
		}
	}
	return 0, ""
}

// ambiguity is the warning that more than one record would have fitted.
func ambiguity(chosen int64, fitting []int64) string {
	if len(fitting) < 2 {
		return ""
	}
	slices.Sort(fitting)
	numbers := lo.Map(fitting, func(id int64, _ int) string { return strconv.FormatInt(id, 10) })
	return fmt.Sprintf("Подходили несколько записей (%s), выбрана %d", strings.Join(numbers, ", "), chosen)
}
