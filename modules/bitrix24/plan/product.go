package plan

import (
	"fmt"
	"time"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
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

// ProductFacts are what decides about a catalogue product of a site and one of the portal.
type ProductFacts struct {
	Frame
	SiteID     int64
	MaterialID int64
	Name       string
	Price      orders.Money
	Currency   string

	Linked int64   // the product on the portal; 0: not linked
	Open   *Intent // to create it; its outcome is unknown
	Found  []int64 // products of the portal that carry the key
	Err    error   // why the portal did not let us look for it
}

// ProductKey is a product's external key on the portal (XML_ID). It holds our name, since products have no other place
// for it.
func ProductKey(origin mapping.Origin, siteID, materialID int64) string {
	return fmt.Sprintf("%s:material:%d:%d", origin, siteID, materialID)
}

// ForProduct links the product that was found, or creates the one that is missing. A product that the portal refuses
// holds up no order: the row is sent without a product.
func ForProduct(f ProductFacts, explain func(error) string) Plan {
	key := ProductKey(f.Origin, f.SiteID, f.MaterialID)
	if f.Err != nil {
		text := fmt.Sprintf("Позиция «%s» передаётся без товара каталога. %s", f.Name, explain(f.Err))
		return Plan{Now: Changes{Lines: []Line{{
			About: Note{Entity: Product}, Direction: Outward, Text: text, Failed: true,
		}}}}
	}
	if f.Linked != 0 {
		return Plan{}
	}
	if id, found := oldest(f.Found); found {
		return Plan{Now: Changes{Settled: []Open{{Product, key}}, Products: []ProductLink{f.link(id)}}}
	}
	if wait := f.unsettled(f.Open); wait != nil {
		return Plan{Failure: wait}
	}
	return Plan{Commands: []*Command{{
		Name:   fmt.Sprintf("product%d_%d", f.SiteID, f.MaterialID),
		Method: "crm.product.add", Intent: &Sending{Entity: Product, Key: key}, About: Note{Entity: Product},
		Params: rest.Params{"fields": rest.Params{
			"NAME": mapping.Cut(f.Name, 255), "XML_ID": key, "PRICE": f.Price.String(), "CURRENCY_ID": f.Currency,
		}},
		Then: func(a Answer) (int64, Changes, error) {
			var created rest.ID
			if err := numbered(a, "crm.product.add", &created, &created); err != nil {
				return 0, Changes{}, err
			}
			return created.Int64(), Changes{Products: []ProductLink{f.link(created.Int64())}}, nil
		},
	}}}
}

func (f ProductFacts) link(id int64) ProductLink {
	return ProductLink{
		PortalID: f.PortalID, SiteID: f.SiteID, MaterialID: f.MaterialID, ProductID: id, CreatedAt: f.Now,
	}
}

// ForProductLook decides what follows from a look at a linked product (crm.product.get): its links are dropped if it is
// gone. A webhook that may not read the catalogue would be refused another look, too, so that is no failure.
func ForProductLook(id int64, answer error) Plan {
	switch refused, ok := rest.AsRefusal(answer); {
	case ok && refused.NotFound():
		return Plan{Now: Changes{
			ProductGone: id,
			Lines:       []Line{inward(Note{Entity: Product, RemoteID: id}, "Товар удалён в Битрикс24, связь с каталогом снята")},
		}}
	case ok && !refused.Temporary():
		return Plan{}
	}
	return Plan{Failure: answer}
}
