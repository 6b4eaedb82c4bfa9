package staff

import "net/netip"

// Caller is who asks to be let in to an account.
type Caller struct {
	Address string // the request came from
	// Browser is one that somebody has signed in to this very account with before, or "". Its attempts are counted apart
	// from those of strangers, so that nobody locks the owner of an account out by guessing at it.
	Browser string
}

// network is what a caller is counted by: his address or, since one subscriber has 2^64 of them, the network of his
// IPv6 address.
func (c Caller) network() string {
	address, err := netip.ParseAddr(c.Address)
	if err != nil {
		return c.Address
	}
	address = address.Unmap().WithZone("")
	if address.Is4() {
		return address.String()
	}
	network, err := address.Prefix(64)
	if err != nil {
		return c.Address
	}
	return network.String()
}
