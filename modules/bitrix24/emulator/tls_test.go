package emulator

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestTLS_servesItsOwnHost(t *testing.T) {
	t.Parallel()
	config, err := TLS("portal.test:8081")
	if err != nil {
		t.Fatal(err)
	}
	p := New(Options{})
	t.Cleanup(func() { _ = p.Close() })
	server := httptest.NewUnstartedServer(p)
	server.TLS = config
	server.StartTLS()
	t.Cleanup(server.Close)
	cert, err := x509.ParseCertificate(config.Certificates[0].Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	for _, name := range []string{"127.0.0.1", "localhost", "portal.test"} {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: name}}}
		resp, err := client.Get(server.URL + "/rest/1/secret/profile")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_ = resp.Body.Close()
		same(t, name, resp.StatusCode, http.StatusOK)
	}
}
