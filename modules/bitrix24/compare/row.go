package compare

import (
	"time"

	"gorm.io/gorm"

	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// row is a row of bitrix24_comparison_rows: an order that is not the same on both sides.
type row struct {
	ComparisonID int64       `gorm:"primaryKey"`
	OrderID      int64       `gorm:"primaryKey"`
	Entity       plan.Entity // a deal or a lead
	RemoteID     int64
	Result       result
	Fields       []plan.Difference `gorm:"serializer:json"`
	MendedAt     *time.Time
}

// TableName is where GORM keeps what differs.
func (row) TableName() string { return "bitrix24_comparison_rows" }

type result string

const (
	resultDifferent result = "different"
	resultMissing   result = "missing"
	resultGone      result = "gone"
	resultRejected  result = "rejected" // different, and nothing can be sent: its lead was rejected there
)

// Label is the result in words.
func (r result) Label() string {
	return map[result]string{
		resultDifferent: "отличается", resultMissing: "нет в Битрикс24", resultGone: "удалена там",
		resultRejected: "лид отклонён: заказ не передаётся, пока лид не вернут в работу",
	}[r]
}

// Remote is what the order is compared with, as people call it.
func (r row) Remote() string {
	return map[plan.Entity]string{plan.Deal: "сделка", plan.Lead: "лид"}[r.Entity]
}

// Rejected reports that nothing can be sent, since the order's lead was rejected.
func (r row) Rejected() bool { return r.Result == resultRejected }

// mendable are the rows of a comparison that a push can mend and that nobody has had sent.
func mendable(q *gorm.DB, comparisonID int64) *gorm.DB {
	return q.Where("comparison_id = ? AND mended_at IS NULL AND result <> ?", comparisonID, resultRejected)
}
