package orders

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pixlpark/panel/app/money"
)

// Money is an exact amount in kopecks (hundredths of the order's currency).
type Money int64

var errMoney = errors.New("сумма должна быть числом, в котором не больше двух знаков после запятой")

// ParseMoney reads an amount as people write it, as money.Parse does.
func ParseMoney(typed string) (Money, error) {
	kopecks, ok := money.Parse(typed)
	if !ok {
		return 0, errMoney
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
func (m Money) Format() string { return money.Format(int64(m)) }

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
