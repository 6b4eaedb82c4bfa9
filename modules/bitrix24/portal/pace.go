package portal

import (
	"fmt"
	"strings"
	"time"
)

// PaceBegins is how the words of PaceSetBy begin, which tells them from a failure.
const PaceBegins = "Темп задаёт предел портала: "

// PaceSetBy says which limit of the portal an export waits for, and how long. methods do the same, and have all used
// their time up.
func PaceSetBy(methods []string, until time.Time) string {
	named := "метод " + methods[0] + " может"
	if len(methods) > 1 {
		named = "методы " + strings.Join(methods, " и ") + " могут"
	}
	return fmt.Sprintf("%s%s работать не дольше 480 секунд за десять минут. Выгрузка продолжится в %s",
		PaceBegins, named, until.Format("15:04"))
}
