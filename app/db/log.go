package db

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"
	"gorm.io/gorm/logger"
)

// queryLog is GORM's logger. Errors are returned to the caller and logged where they stop, so it says nothing about
// them; parameters are never logged, since any of them may be a person's data.
type queryLog struct {
	log   *logrus.Entry
	slow  time.Duration
	count *atomic.Int64 // DB.Statements
}

func (l queryLog) LogMode(logger.LogLevel) logger.Interface { return l }

func (l queryLog) Info(_ context.Context, format string, args ...any) {
	l.log.Debug(fmt.Sprintf(format, args...))
}

func (l queryLog) Warn(_ context.Context, format string, args ...any) {
	l.log.Warn(fmt.Sprintf(format, args...))
}

func (l queryLog) Error(_ context.Context, format string, args ...any) {
	l.log.Error(fmt.Sprintf(format, args...))
}

func (l queryLog) Trace(_ context.Context, begin time.Time, fc func() (string, int64), _ error) {
	l.count.Add(1)
	took := time.Since(begin)
	if took < l.slow {
		return
	}
	statement, rows := fc()
	l.log.WithFields(logrus.Fields{"took": took.Round(time.Millisecond), "rows": rows, "sql": statement}).
		Warn("slow query")
}

// ParamsFilter makes GORM hand Trace the statement with its placeholders.
func (l queryLog) ParamsFilter(_ context.Context, statement string, _ ...any) (string, []any) {
	return statement, nil
}
