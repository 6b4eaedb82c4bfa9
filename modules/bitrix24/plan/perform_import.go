package plan

import (
	"fmt"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// ImportMethod and ImportOneMethod create deals as if they had been imported by hand. Unlike crm.item.add that does not
// set off the portal's robots, which must not write to people about orders of long ago. Many deals leave as one command
// of the former.
const (
	ImportMethod    = "crm.item.batchImport"
	ImportOneMethod = "crm.item.import"
)

// withoutMethod says how exports go on without one of their methods.
var withoutMethod = map[string]string{
	ImportMethod:     "портал не разрешает импорт: сделки создаются по одной",
	ImportOneMethod:  "портал не разрешает импорт: сделки создаются по одной",
	RowsByDealMethod: "портал не разрешает crm.deal.productrows.set: товары передаются иначе",
}

// importSize is how many items one crm.item.batchImport takes («crm-item-batch-import»).
const importSize = 20

// imported says where in a batch a deal is created by crm.item.batchImport.
type imported struct {
	command string // name of the command within the batch
	index   int    // among the command's deals
}

// importResult is the answer of crm.item.batchImport: what became of the deals, in the order they were sent.
type importResult struct {
	Items rest.List[struct {
		Item struct {
			ID rest.ID `json:"id"`
		} `json:"item"`
		Error       rest.Text `json:"error"`
		Description rest.Text `json:"error_description"`
	}] `json:"items"`
}

// addImports puts deals into the batch, twenty to a command, as long as there is room. It returns the commands that it
// took.
func (p *performance) addImports(batch *rest.Batch, deals []*Command) []*Command {
	var taken []*Command
	for i, part := range lo.Chunk(deals, importSize) {
		if batch.Full() || batch.Size() > rest.MaxRequest {
			break
		}
		name := fmt.Sprintf("import%d", i)
		data := make([]any, len(part))
		for n, c := range part {
			p.imports[c] = imported{command: name, index: n}
			data[n] = p.numbers(c.Fields())
		}
		batch.Add(name, ImportMethod, rest.Params{"entityTypeId": rest.TypeDeal, "useOriginalUfNames": "Y", "data": data})
		taken = append(taken, part...)
	}
	return taken
}

// number reads the number of the deal that was created, or why the portal refused it.
func (i *imported) number(answers Answers) (int64, error) {
	var list importResult
	if err := answers.Decode(i.command, &list); err != nil {
		return 0, err
	}
	if i.index >= len(list.Items) {
		return 0, &rest.RequestError{
			Method: ImportMethod,
			Sent:   true,
			Err:    fmt.Errorf("%d items, the one at %d is missing", len(list.Items), i.index),
		}
	}
	item := list.Items[i.index]
	if id := item.Item.ID.Int64(); id != 0 {
		return id, nil
	}
	return 0, &rest.Error{
		Method: ImportMethod, Code: string(item.Error), Description: string(item.Description), Status: 200,
	}
}
