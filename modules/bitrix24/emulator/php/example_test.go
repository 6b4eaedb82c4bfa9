package php_test

import (
	"fmt"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

func Example() {
	query := php.ParseQuery("fields[TITLE]=Order+101&fields[PHONE][]=%2B79990000000&fields[PHONE][]=12abc", 1000)
	fields := php.ArrayOf(query.Get("fields"))
	phones := php.ArrayOf(fields.Get("PHONE"))
	fmt.Println(string(php.AppendJSON(nil, fields)))
	fmt.Println(php.Int(phones.Get("1")), php.Bool("0"), php.Bool("N"))
	// Output:
	// {"TITLE":"Order 101","PHONE":["+79990000000","12abc"]}
	// 12 false true
}
