package rest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// ErrAddress says that a portal's address may not be called: the panel must not be made to call into its own network.
var ErrAddress = errors.New("address not allowed")

// CheckAddress refuses plain http, and host names or addresses of private networks, unless they are allowed. The error
// is ErrAddress. A public name that leads to a private address passes here: the client checks again when the name is
// resolved.
func CheckAddress(portal *url.URL, allowPrivate bool) error {
	if portal == nil || portal.Hostname() == "" || portal.User != nil {
		return fmt.Errorf("%w: no host", ErrAddress)
	}
	host := strings.ToLower(strings.TrimSuffix(portal.Hostname(), "."))
	switch {
	case portal.Scheme != "https" && portal.Scheme != "http":
		return fmt.Errorf("%w: scheme is neither https nor http", ErrAddress)
	case allowPrivate:
		return nil
	case portal.Scheme == "http":
		return fmt.Errorf("%w: https is required", ErrAddress)
	}
	if ip, ok := literalIP(host); ok {
		return checkIP(ip)
	}
	if !strings.Contains(host, ".") || hasAnySuffix(host, ".localhost", ".local", ".internal", ".lan", ".home.arpa") {
		return fmt.Errorf("%w: %s is no public host name", ErrAddress, host)
	}
	return nil
}

func hasAnySuffix(s string, suffixes ...string) bool {
	for _, suffix := range suffixes {
		if strings.HasSuffix(s, suffix) {
			return true
		}
	}
	return false
}

func literalIP(host string) (netip.Addr, bool) {
	ip, err := netip.ParseAddr(host)
	return ip, err == nil
}

// notPublic are the private ranges that netip.Addr has no predicate for: this network, shared (carrier) addresses,
// protocol assignments, documentation, benchmarks, reserved, and IPv6 forms that carry an IPv4 address within.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"),
	netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"),
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("fec0::/10"),
}

func checkIP(ip netip.Addr) error {
	ip = ip.Unmap().WithZone("")
	public := ip.IsGlobalUnicast() && !ip.IsPrivate()
	for _, prefix := range notPublic {
		public = public && !prefix.Contains(ip)
	}
	if !public {
		return fmt.Errorf("%w: %s is no public address", ErrAddress, ip)
	}
	return nil
}

// checkDial runs after the name is resolved and before the connection is made, so that no second answer of the name
// server can slip in between.
func checkDial(_ context.Context, _, address string, _ syscall.RawConn) error {
	target, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrAddress, err)
	}
	return checkIP(target.Addr())
}

// A Client is made anew for each job, so these two keep the connections.
var (
	publicTransport  = newTransport(checkDial)
	privateTransport = newTransport(nil)
)

type controlDial = func(ctx context.Context, network, address string, c syscall.RawConn) error

// newTransport has no proxy (the address check would see the proxy's address), and lets go of an idle connection
// early: a request that meets the portal's own closing has an unknown outcome.
func newTransport(control controlDial) *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second, ControlContext: control}
	return &http.Transport{
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    10 * time.Second,
		MaxIdleConnsPerHost:    4,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
}
