package exchange

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/samber/lo"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// ProductLink is a row of bitrix24_products: it says which product of the portal's catalogue is which product of a
// site.
type ProductLink struct {
	PortalID   int64 `gorm:"primaryKey"`
	SiteID     int64 `gorm:"primaryKey"`
	MaterialID int64 `gorm:"primaryKey"`
	ProductID  int64
	CreatedAt  time.Time
}

// TableName is that of the module's table.
func (ProductLink) TableName() string { return "bitrix24_products" }

// material is a catalogue product of a site.
type material struct{ site, id int64 }

// key is the product's external key on the portal (XML_ID). It holds our name, since products have no other place for
// it.
func (m material) key(origin mapping.Origin) string {
	return fmt.Sprintf("%s:material:%d:%d", origin, m.site, m.id)
}

// productWork brings a catalogue product of a site and one of the portal together.
type productWork struct {
	material
	name     string
	price    orders.Money
	currency string
	linked   int64 // the product on the portal; 0: not linked
	intent   *plan.Intent
	found    []int64 // products that carry the key
	err      error
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
					name:     item.Name,
					price:    item.Price,
					currency: w.order.Currency,
				}
			}
		}
	}
	if len(r.products) == 0 {
		return nil
	}
	ids := lo.Uniq(lo.Map(lo.Keys(r.products), func(m material, _ int) int64 { return m.id }))
	var rows []ProductLink
	err := r.DB.From(ctx).Where("portal_id = ? AND material_id IN ?", r.Portal.ID, ids).Find(&rows).Error
	if err != nil {
		return fmt.Errorf("read product links: %w", err)
	}
	for _, row := range rows {
		if w := r.products[material{row.SiteID, row.MaterialID}]; w != nil {
			w.linked = row.ProductID
		}
	}
	open, err := r.Book.Intents(
		ctx, plan.Product,
		lo.Map(lo.Keys(r.products), func(m material, _ int) string { return m.key(r.Origin) }),
	)
	if err != nil {
		return err
	}
	for m, w := range r.products {
		if w.linked != 0 {
			continue
		}
		w.intent = open[m.key(r.Origin)]
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
	askFor(&r.questions, "crm.product.list", params, &w.err, func(list rest.List[product]) {
		for _, p := range list {
			if string(p.XMLID) == key {
				w.found = append(w.found, p.ID.Int64())
			}
		}
	})
}

// settleProducts links the products that were found and creates those that are missing. A product that the portal
// refuses holds up no order: the row is sent without a product.
func (r *run) settleProducts(ctx context.Context) error {
	var creating []*task
	bySite := func(a, b material) int { return cmp.Or(cmp.Compare(a.site, b.site), cmp.Compare(a.id, b.id)) }
	for _, m := range slices.SortedFunc(maps.Keys(r.products), bySite) {
		w := r.products[m]
		if w.err != nil {
			if err := r.noteProductUnread(ctx, w); err != nil {
				return err
			}
			continue
		}
		if w.linked != 0 {
			continue
		}
		if len(w.found) > 0 {
			w.linked = slices.Min(w.found)
			err := r.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
				if err := records.ClearIntent(tx, r.Portal.ID, plan.Product, w.key(r.Origin)); err != nil {
					return err
				}
				return r.saveProduct(tx, w, w.linked)
			})
			if err != nil {
				return err
			}
			continue
		}
		if w.err = r.unsettled(w.intent); w.err != nil {
			continue
		}
		creating = append(creating, r.createProduct(w))
	}
	return r.perform(ctx, creating, r.class)
}

// noteProductUnread says in the journal why a row has no product: the portal did not let us look for it.
func (r *run) noteProductUnread(ctx context.Context, w *productWork) error {
	return r.DB.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
		return r.journalFailure(
			tx, plan.Note{Entity: plan.Product}, plan.Outward,
			fmt.Sprintf("Позиция «%s» передаётся без товара каталога. %s", w.name, portal.Explain(w.err)),
		)
	})
}

// createProduct returns the command that adds a product to the portal's catalogue (crm.product.add).
func (r *run) createProduct(w *productWork) *task {
	return &task{
		name:   fmt.Sprintf("product%d_%d", w.site, w.id),
		method: "crm.product.add", entity: plan.Product, key: w.key(r.Origin),
		note: plan.Note{Entity: plan.Product},
		params: func() rest.Params {
			return rest.Params{"fields": rest.Params{
				"NAME":   mapping.Cut(w.name, 255),
				"XML_ID": w.key(r.Origin), "PRICE": w.price.String(), "CURRENCY_ID": w.currency,
			}}
		},
		done: func(_ context.Context, tx *db.Tx, result *rest.Result, name string) (int64, error) {
			var created rest.ID
			if err := result.Decode(name, &created); err != nil {
				return 0, err
			}
			w.linked = created.Int64()
			return w.linked, r.saveProduct(tx, w, w.linked)
		},
	}
}

// saveProduct links a product of a site to one of the portal.
func (r *run) saveProduct(tx *db.Tx, w *productWork, id int64) error {
	row := ProductLink{PortalID: r.Portal.ID, SiteID: w.site, MaterialID: w.id, ProductID: id, CreatedAt: db.Now()}
	if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
		return fmt.Errorf("link a product: %w", err)
	}
	return nil
}

// missingProducts returns the linked products that the portal's catalogue does not list any more (crm.product.list).
func (c *Connection) missingProducts(ctx context.Context) ([]Pull, error) {
	var ids []int64
	err := c.DB.From(ctx).Model(&ProductLink{}).Where("portal_id = ?", c.Portal.ID).
		Distinct().Order("product_id").Pluck("product_id", &ids).Error
	if err != nil {
		return nil, fmt.Errorf("read product links: %w", err)
	}
	type numberOnly struct {
		ID rest.ID `json:"ID"`
	}
	var missing []Pull
	var qs Questions
	var refused error
	for _, some := range lo.Chunk(ids, pageSize) {
		params := rest.Params{"filter": rest.Params{"@ID": some}, "select": []string{"ID"}, "start": -1}
		askFor(&qs, "crm.product.list", params, &refused, func(list rest.List[numberOnly]) {
			there := lo.Map(list, func(p numberOnly, _ int) int64 { return p.ID.Int64() })
			for _, id := range lo.Without(some, there...) {
				missing = append(missing, Pull{Entity: plan.Product, ID: id})
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
		Model(&ProductLink{}).
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
		r.questions = append(r.questions, question{
			method: "crm.product.get", params: rest.Params{"id": id},
			answer: func(result *rest.Result, name string) error {
				err := result.Error(name)
				switch refused, ok := rest.AsRefusal(err); {
				case ok && refused.NotFound():
					return r.conclude(
						ctx, &look.done, func(_ context.Context, tx *db.Tx) error { return r.dropProduct(tx, id) },
					)
				case ok && !refused.Temporary():
					look.done = true // the webhook may not read the catalogue, and another look would be refused, too
				case err != nil:
					keepFirst(&look.err, err)
				default:
					look.done = true
				}
				return nil
			},
		})
	}
	return looks, nil
}

// dropProduct drops the links to a product that is gone.
func (r *run) dropProduct(tx *db.Tx, id int64) error {
	if err := tx.Where("portal_id = ? AND product_id = ?", r.Portal.ID, id).Delete(&ProductLink{}).Error; err != nil {
		return fmt.Errorf("drop a product link: %w", err)
	}
	return r.Journal(
		tx, plan.Note{Entity: plan.Product, RemoteID: id}, plan.Inward,
		"Товар удалён в Битрикс24, связь с каталогом снята",
	)
}
