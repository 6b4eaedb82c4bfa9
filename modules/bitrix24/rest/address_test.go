package rest

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestCheckAddress(t *testing.T) {
	t.Parallel()
	tests := []struct {
		address         string
		public, private bool // whether it may be called in public, and with private addresses allowed
	}{
		{"https://x.bitrix24.ru", true, true},
		{"https://печать.рф", true, true},
		{"https://8.8.8.8", true, true},
		{"https://[2a00:1450:4010:c05::8a]", true, true},
		{"http://x.bitrix24.ru", false, true},
		{"http://127.0.0.1:8081", false, true},
		{"https://localhost", false, true},
		{"https://LOCALHOST.", false, true},
		{"https://portal", false, true},
		{"https://2130706433", false, true}, // 127.0.0.1 to some resolvers
		{"https://portal.internal", false, true},
		{"https://portal.local.", false, true},
		{"https://127.0.0.1", false, true},
		{"https://10.1.2.3", false, true},
		{"https://172.16.0.1", false, true},
		{"https://192.168.0.1", false, true},
		{"https://169.254.169.254", false, true}, // metadata of clouds
		{"https://100.64.0.1", false, true},
		{"https://0.0.0.0", false, true},
		{"https://255.255.255.255", false, true},
		{"https://224.0.0.1", false, true},
		{"https://[::1]", false, true},
		{"https://[fe80::1]", false, true},
		{"https://[fd00::1]", false, true},
		{"https://[::ffff:10.0.0.1]", false, true},
		{"https://[64:ff9b::a00:1]", false, true},
		{"https://[2002:a00:1::]", false, true},
		{"https://user@x.bitrix24.ru", false, false},
		{"ftp://x.bitrix24.ru", false, false},
		{"https:", false, false},
	}
	for _, tt := range tests {
		u := hookOf(t, tt.address).Portal
		if err := CheckAddress(u, false); (err == nil) != tt.public || err != nil && !errors.Is(err, ErrAddress) {
			t.Errorf("CheckAddress(%s, false) = %v, want allowed: %v", tt.address, err, tt.public)
		}
		if err := CheckAddress(u, true); (err == nil) != tt.private {
			t.Errorf("CheckAddress(%s, true) = %v, want allowed: %v", tt.address, err, tt.private)
		}
	}
	if err := CheckAddress(nil, true); !errors.Is(err, ErrAddress) {
		t.Errorf("CheckAddress(nil) = %v, want ErrAddress", err)
	}
}

// A public name that leads to a private address passes the look at the URL and is caught when it is dialled.
func TestDo_privateAddressBehindPublicName(t *testing.T) {
	t.Parallel()
	asked := false
	c := setup(t, Options{}, func(http.ResponseWriter, *http.Request) { asked = true })
	c.transport = publicTransport // what a client without AllowPrivate has
	_, err := c.Do(t.Context(), oneDeal())
	if !errors.Is(err, ErrAddress) || Unknown(err) || Temporary(err) {
		t.Errorf("error = %v (unknown %v, temporary %v), want ErrAddress for good", err, Unknown(err), Temporary(err))
	}
	if asked {
		t.Error("the private address was called")
	}
}

func TestDo_privateAddressRefusedBeforeDialling(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	_, err := New(hookOf(t, server.URL), Options{}).Do(t.Context(), oneDeal())
	if !errors.Is(err, ErrAddress) || Unknown(err) {
		t.Errorf("error = %v, want ErrAddress, nothing sent", err)
	}
}

func TestCheckDial(t *testing.T) {
	t.Parallel()
	for address, allowed := range map[string]bool{
		"8.8.8.8:443": true, "[2a00:1450:4010:c05::8a]:443": true,
		"127.0.0.1:443": false, "[::1]:443": false, "[fe80::1%lo]:443": false, "[::ffff:127.0.0.1]:443": false,
		"nonsense": false,
	} {
		if err := checkDial(context.Background(), "tcp", address, nil); (err == nil) != allowed {
			t.Errorf("checkDial(%s) = %v, want allowed: %v", address, err, allowed)
		}
	}
}
