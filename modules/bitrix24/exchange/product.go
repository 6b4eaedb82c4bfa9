package exchange

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// material is a catalogue product of a site.
type material struct{ site, id int64 }

// key is the product's external key on the portal.
func (m material) key(origin mapping.Origin) string { return plan.ProductKey(origin, m.site, m.id) }

// productWork brings a catalogue product of a site and one of the portal together.
type productWork struct {
	plan.ProductFacts
	material
}

// loadProducts gathers the catalogue products of the orders in hand, and looks on the portal for those that are not
// linked yet. It does nothing unless «Связывать товары с каталогом Битрикс24» is on.
func (r *run) loadProducts(ctx context.Context) error {
	if !r.Current.Catalog {
		return nil
	}
	r.products = map[material]*productWork{}
	for _, id := range slices.Sorted(maps.Keys(r.orders)) {
		w := r.orders[id]
		if w.order == nil || w.done || w.err != nil {
			continue
		}
		for _, item := range w.order.Items {
			m := material{w.order.SiteID, item.MaterialID}
			if m.id != 0 && r.products[m] == nil {
				r.products[m] = &productWork{
					material: m,
					ProductFacts: plan.ProductFacts{
						SiteID: m.site, MaterialID: m.id, Name: item.Name, Price: item.Price, Currency: w.order.Currency,
					},
				}
			}
		}
	}
	if len(r.products) == 0 {
		return nil
	}
	ids := lo.Uniq(lo.Map(lo.Keys(r.products), func(m material, _ int) int64 { return m.id }))
	var rows []plan.ProductLink
	err := r.DB.From(ctx).Where("portal_id = ? AND material_id IN ?", r.Portal.ID, ids).Find(&rows).Error
	if err != nil {
		return fmt.Errorf("read product links: %w", err)
	}
	for _, row := range rows {
		if w := r.products[material{row.SiteID, row.MaterialID}]; w != nil {
			w.Linked = row.ProductID
		}
	}
	open, err := r.intents(
		ctx, plan.Product,
		lo.Map(lo.Keys(r.products), func(m material, _ int) string { return m.key(r.Origin) }),
	)
	if err != nil {
		return err
	}
	for m, w := range r.products {
		if w.Linked != 0 {
			continue
		}
		w.Open = open[m.key(r.Origin)]
		r.askProduct(w)
	}
	return nil
}

// askProduct looks for a product by its external key (crm.product.list). Methods of this old family ignore a filter
// that they do not know, so rows without the key are left out.
func (r *run) askProduct(w *productWork) {
	key := w.key(r.Origin)
	params := rest.Params{
		"filter": rest.Params{"XML_ID": key},
		"select": []string{"ID", "XML_ID"},
		"order":  rest.Params{"ID": "ASC"},
		"start":  -1,
	}
	type product struct {
		ID    rest.ID   `json:"ID"`
		XMLID rest.Text `json:"XML_ID"`
	}
	askFor(&r.questions, "crm.product.list", params, &w.Err, func(list rest.List[product]) {
		for _, p := range list {
			if string(p.XMLID) == key {
				w.Found = append(w.Found, p.ID.Int64())
			}
		}
	})
}

// settleProducts carries out the plans of the products before the orders are planned, whose rows name them.
func (r *run) settleProducts(ctx context.Context) error {
	var creating []*plan.Command
	bySite := func(a, b material) int { return cmp.Or(cmp.Compare(a.site, b.site), cmp.Compare(a.id, b.id)) }
	for _, m := range slices.SortedFunc(maps.Keys(r.products), bySite) {
		w := r.products[m]
		w.Frame = r.frame()
		p := plan.ForProduct(w.ProductFacts, portal.Explain)
		if err := r.storeNow(ctx, p.Now, nil); err != nil {
			return err
		}
		creating = append(creating, p.Commands...)
	}
	return r.perform(ctx, creating)
}

// missingProducts returns the linked products that the portal's catalogue does not list any more (crm.product.list).
func (c *Connection) missingProducts(ctx context.Context) ([]plan.Look, error) {
	var ids []int64
	err := c.DB.From(ctx).Model(&plan.ProductLink{}).Where("portal_id = ?", c.Portal.ID).
		Distinct().Order("product_id").Pluck("product_id", &ids).Error
	if err != nil {
		return nil, fmt.Errorf("read product links: %w", err)
	}
	type numberOnly struct {
		ID rest.ID `json:"ID"`
	}
	var missing []plan.Look
	var qs Questions
	var refused error
	for _, some := range lo.Chunk(ids, pageSize) {
		params := rest.Params{"filter": rest.Params{"@ID": some}, "select": []string{"ID"}, "start": -1}
		askFor(&qs, "crm.product.list", params, &refused, func(list rest.List[numberOnly]) {
			there := lo.Map(list, func(p numberOnly, _ int) int64 { return p.ID.Int64() })
			for _, id := range lo.Without(some, there...) {
				missing = append(missing, plan.Look{Entity: plan.Product, ID: id})
			}
		})
	}
	if err := c.Inquire(ctx, &qs, rest.Background); err != nil {
		return nil, err
	}
	return missing, refused
}

// productLook is the work of finding out whether a linked product is still in the portal's catalogue.
type productLook struct {
	err  error
	done bool
}

func (w *productLook) failure() error { return w.err }

func (w *productLook) complete() bool { return w.err != nil || w.done }

// lookAtProducts asks for each linked product by its number (crm.product.get). The links of those that the portal no
// longer has are dropped when the answer comes. The works are returned by product.
func (r *run) lookAtProducts(ctx context.Context, ids []int64) (map[int64]*productLook, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var linked []int64
	err := r.DB.From(ctx).
		Model(&plan.ProductLink{}).
		Where("portal_id = ? AND product_id IN ?", r.Portal.ID, ids).
		Distinct().
		Pluck("product_id", &linked).Error
	if err != nil {
		return nil, fmt.Errorf("read product links: %w", err)
	}
	looks := map[int64]*productLook{}
	for _, id := range linked {
		look := &productLook{}
		looks[id] = look
		r.questions.add(question{
			method: "crm.product.get", params: rest.Params{"id": id},
			answer: func(result *rest.Result, name string) error {
				p := plan.ForProductLook(id, result.Error(name))
				look.err = p.Failure
				look.done = look.err == nil
				return r.storeNow(ctx, p.Now, nil)
			},
		})
	}
	return looks, nil
}
