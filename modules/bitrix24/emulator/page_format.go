package emulator

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// cardURL is the address of a record's page; number 0 is a new one.
func cardURL(kind string, id int64) string {
	return "/crm/" + kind + "/details/" + strconv.FormatInt(id, 10) + "/"
}

// money writes an amount as people read it: 2 219 ₽, 18,50 ₽.
func money(amount float64, currency string) string {
	whole := strconv.FormatFloat(amount, 'f', 2, 64)
	number, cents, _ := strings.Cut(whole, ".")
	sign := ""
	if strings.HasPrefix(number, "-") {
		sign, number = "-", number[1:]
	}
	var out strings.Builder
	for i, c := range number {
		if i > 0 && (len(number)-i)%3 == 0 {
			out.WriteRune('\u00a0')
		}
		out.WriteRune(c)
	}
	if cents != "00" {
		out.WriteString("," + cents)
	}
	if currency == "RUB" || currency == "" {
		currency = "₽"
	}
	return sign + out.String() + "\u00a0" + currency
}

// months as Russian dates shorten them.
var months = [...]string{"янв", "фев", "мар", "апр", "мая", "июн", "июл", "авг", "сен", "окт", "ноя", "дек"}

// when writes an instant as people read it: 27 окт, 16:58.
func (p *Portal) when(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	at = at.In(p.zone)
	return fmt.Sprintf("%d %s, %s", at.Day(), months[at.Month()-1], at.Format("15:04"))
}
