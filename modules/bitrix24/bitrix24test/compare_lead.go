package bitrix24test

import "github.com/pixlpark/panel/modules/bitrix24/emulator"

// Unheard does what people would do in the portal, and no event tells of it.
func (x *Pair) Unheard(deeds func()) {
	x.T.Helper()
	x.Fail(emulator.Fault{Fault: "drop_events"})
	deeds()
	x.Settle()
	x.Fail(emulator.Fault{Fault: "none"})
}
