package orders

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Money is an exact amount in kopecks (hundredths of the order's currency).
type Money int64

// maxMoney keeps sums of any order far from overflow: a hundred billion roubles.
const maxMoney Money = 100_000_000_000_00

var errMoney = errors.New("сумма должна быть числом, в котором не больше двух знаков после запятой")

// ParseMoney reads "900", "900.5", "900,50" or "-12.00": at most two decimals, spaces between thousands allowed.
func ParseMoney(s string) (Money, error) {
	s = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "").Replace(strings.TrimSpace(s))
	s = strings.Replace(s, ",", ".", 1)
	negative := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	whole, fraction, pointed := strings.Cut(s, ".")
	if whole == "" || len(whole) > 12 || pointed && (fraction == "" || len(fraction) > 2) {
		return 0, errMoney
	}
	for _, r := range whole + fraction {
		if r < '0' || r > '9' {
			return 0, errMoney
		}
	}
	kopecks, err := strconv.ParseInt(whole+(fraction + "00")[:2], 10, 64)
	if err != nil || Money(kopecks) > maxMoney {
		return 0, errMoney
	}
	if negative {
		kopecks = -kopecks
	}
	return Money(kopecks), nil
}

// String writes the amount as the public API and the portal read it: "900.00".
func (m Money) String() string {
	sign := ""
	if m < 0 {
		sign, m = "-", -m
	}
	return fmt.Sprintf("%s%d.%02d", sign, m/100, m%100)
}

// Format writes the amount for people, without a currency: "1 234,50" with no-break spaces.
func (m Money) Format() string {
	sign := ""
	if m < 0 {
		sign, m = "-", -m
	}
	whole := strconv.FormatInt(int64(m/100), 10)
	var grouped []byte
	for i := range len(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			grouped = append(grouped, "\u00a0"...)
		}
		grouped = append(grouped, whole[i])
	}
	return fmt.Sprintf("%s%s,%02d", sign, grouped, m%100)
}

// In writes the amount with its currency as the panel shows it: "900,00 руб.".
func (m Money) In(currency string) string {
	if currency == "RUB" || currency == "" {
		return m.Format() + "\u00a0руб."
	}
	return m.Format() + "\u00a0" + currency
}

// MarshalJSON writes a number with two decimals.
func (m Money) MarshalJSON() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalJSON reads a number or a string with at most two decimals.
func (m *Money) UnmarshalJSON(data []byte) error {
	data = bytes.TrimSpace(data)
	if string(data) == "null" {
		return nil
	}
	text := string(data)
	if len(data) > 0 && data[0] == '"' {
		if err := json.Unmarshal(data, &text); err != nil {
			return fmt.Errorf("read an amount: %w", err)
		}
	}
	amount, err := ParseMoney(text)
	if err != nil {
		return err
	}
	*m = amount
	return nil
}
