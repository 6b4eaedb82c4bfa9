package orders_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/pixlpark/panel/app/orders"
)

func TestParseMoney(t *testing.T) {
	t.Parallel()
	good := map[string]orders.Money{
		"0": 0, "900": 900_00, "900.5": 900_50, "900,50": 900_50, "0.01": 1, "-12.00": -12_00, "1 234,50": 1234_50,
		"1\u00a0234\u202f567,89": 1234567_89, " 7 ": 7_00, "007": 7_00, "100000000000.00": 100_000_000_000_00,
	}
	for text, want := range good {
		if got, err := orders.ParseMoney(text); got != want || err != nil {
			t.Errorf("ParseMoney(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "-", ".", ",", ".5", "5.", "1.005", "1.000", "1.2.3", "1,2,3", "--1", "+1", "1e3", "0x10", "NaN", "Infinity",
		"١٢",
		"100000000000.01", "9999999999999", "руб", "1р", "1\n2", "5-",
	} {
		if got, err := orders.ParseMoney(text); err == nil {
			t.Errorf("ParseMoney(%q) = %d, want an error", text, got)
		}
	}
}

// Whatever way an amount is written, reading it gives the same kopecks.
func TestMoney_roundTrip(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 20_000 {
		m := orders.Money(random.Int64N(1 << (n%43 + 1)))
		if n%2 == 1 {
			m = -m
		}
		for _, text := range []string{m.String(), m.Format()} {
			if got, err := orders.ParseMoney(text); got != m || err != nil {
				t.Fatalf("%d is written %q and read %d, %v", m, text, got, err)
			}
		}
		data, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var number, quoted orders.Money
		if err := json.Unmarshal(data, &number); err != nil || number != m {
			t.Fatalf("%d is %s in JSON and read %d, %v", m, data, number, err)
		}
		if err := json.Unmarshal([]byte(`"`+string(data)+`"`), &quoted); err != nil || quoted != m {
			t.Fatalf("%d is read as text %d, %v", m, quoted, err)
		}
	}
}

func TestMoney_inWords(t *testing.T) {
	t.Parallel()
	for m, want := range map[orders.Money]string{
		0: "0,00\u00a0руб.", 5: "0,05\u00a0руб.", 900_00: "900,00\u00a0руб.", 1234567_89: "1\u00a0234\u00a0567,89\u00a0руб.",
		-1000_00: "-1\u00a0000,00\u00a0руб.",
	} {
		if got := m.In("RUB"); got != want {
			t.Errorf("%d = %q, want %q", m, got, want)
		}
	}
	if got := orders.Money(1_50).In("EUR"); got != "1,50\u00a0EUR" {
		t.Errorf("in euro = %q", got)
	}
}

// The total of any cart is what its lines, discount and delivery say, and is never off by a kopeck.
func TestOrder_sumsOfRandomCarts(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for range 2_000 {
		var o orders.Order
		var want int64
		for range 1 + random.IntN(6) {
			item := orders.Item{Name: "x", Quantity: 1 + random.Int64N(999), Price: orders.Money(random.Int64N(1_000_00))}
			want += item.Quantity * int64(item.Price)
			for range random.IntN(3) {
				option := orders.Option{Title: "y", Quantity: 1 + random.Int64N(9), Price: orders.Money(random.Int64N(500_00))}
				item.Options = append(item.Options, option)
				want += option.Quantity * int64(option.Price)
			}
			o.Items = append(o.Items, item)
		}
		o.Discount, o.DeliveryPrice = orders.Money(random.Int64N(100_00)), orders.Money(random.Int64N(900_00))
		o.Recount()
		if got := int64(o.Total); got != want-int64(o.Discount)+int64(o.DeliveryPrice) {
			t.Fatalf("total = %d, want %d", got, want-int64(o.Discount)+int64(o.DeliveryPrice))
		}
		for i := range o.Items {
			if o.Items[i].Position != i {
				t.Fatalf("item %d stands at %d", i, o.Items[i].Position)
			}
		}
	}
}

func TestOrder_paymentStatus(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		total, paid orders.Money
		want        orders.PaymentStatus
		due         orders.Money
	}{
		{900_00, 0, orders.NotPaid, 900_00},
		{900_00, 1, orders.PartiallyPaid, 899_99},
		{900_00, 900_00, orders.Paid, 0},
		{0, 0, orders.Paid, 0},
	} {
		o := orders.Order{Total: tt.total, Paid: tt.paid}
		if got := o.PaymentStatus(); got != tt.want || o.Due() != tt.due {
			t.Errorf("%s of %s is %s with %s due, want %s with %s", tt.paid, tt.total, got, o.Due(), tt.want, tt.due)
		}
	}
}

func FuzzParseMoney(f *testing.F) {
	for _, seed := range []string{"1", "1,5", "-0.01", "1 000", "1.005", "١"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := orders.ParseMoney(text)
		if err != nil {
			return
		}
		if again, err := orders.ParseMoney(fmt.Sprint(m)); err != nil || again != m {
			t.Errorf("%q is %d, written %s and read %d, %v", text, m, m, again, err)
		}
	})
}
