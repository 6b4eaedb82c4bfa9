// Command smoke tries the demo as a newcomer would: it starts the given binary with "demo", places an order as a site,
// sees the deal in the portal, drags it, sees the order's status, kills the program, starts it again on the same data,
// finds everything in its place, and asks it to stop.
//
//	go build -o /tmp/panel . && go run ./.ci/smoke /tmp/panel
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: smoke BINARY")
		os.Exit(2)
	}
	start := time.Now()
	if err := try(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "smoke:", err)
		os.Exit(1)
	}
	fmt.Printf("smoke: the demo works (%.1fs)\n", time.Since(start).Seconds())
}

func try(binary string) error {
	data, err := os.MkdirTemp("", "smoke-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(data)
	d := &demo{binary: binary, data: data}
	if d.panel, err = freeAddress(); err != nil {
		return err
	}
	if d.portal, err = freeAddress(); err != nil {
		return err
	}
	defer d.kill()

	if err := d.start(); err != nil {
		return err
	}
	number, err := d.order()
	if err != nil {
		return err
	}
	deal, err := d.deal(number)
	if err != nil {
		return err
	}
	fmt.Printf("smoke: order %d became deal %s\n", number, deal)
	if err := d.move(deal, "EXECUTING"); err != nil {
		return err
	}
	if err := d.status(number, "PrintingInProgress"); err != nil {
		return err
	}
	fmt.Println("smoke: the deal was moved, the order followed")

	saved := filepath.Join(data, "portal.json")
	err = eventually("the portal writes the moved deal down", func() error {
		body, err := os.ReadFile(saved)
		if err == nil && (!bytes.Contains(body, fmt.Appendf(nil, "order:%d", number)) ||
			!bytes.Contains(body, []byte("EXECUTING"))) {
			err = errors.New("not in " + saved)
		}
		return err
	})
	if err != nil {
		return err
	}
	d.kill()
	if err := d.start(); err != nil {
		return fmt.Errorf("after kill -9: %w", err)
	}
	if err := d.status(number, "PrintingInProgress"); err != nil {
		return fmt.Errorf("after kill -9: %w", err)
	}
	again, err := d.deal(number)
	if err != nil {
		return fmt.Errorf("after kill -9: %w", err)
	}
	if again != deal {
		return fmt.Errorf("after kill -9: order %d is deal %s, want %s", number, again, deal)
	}
	fmt.Println("smoke: killed and started again, everything is still there")
	return d.stop()
}

// demo is a running "panel demo".
type demo struct {
	binary, data, panel, portal string

	process *exec.Cmd
	output  bytes.Buffer
}

func (d *demo) start() error {
	d.output.Reset()
	d.process = exec.Command(d.binary, "demo", "-addr", d.panel, "-portal-addr", d.portal, "-data", d.data)
	d.process.Stdout, d.process.Stderr = &d.output, &d.output
	if err := d.process.Start(); err != nil {
		return err
	}
	return errors.Join(
		eventually("the panel is ready", func() error { return get("http://"+d.panel+"/readyz", nil) }),
		eventually("the portal answers", func() error { return get("http://"+d.portal+"/control/stats", nil) }),
	)
}

// kill ends the program as a power cut would.
func (d *demo) kill() {
	if d.process == nil {
		return
	}
	_ = d.process.Process.Kill()
	_ = d.process.Wait() // says that it was killed
	d.process = nil
}

// stop asks the program to end, and expects it to do so in order.
func (d *demo) stop() error {
	if err := d.process.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	ended := make(chan error, 1)
	process := d.process
	d.process = nil
	go func() { ended <- process.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("SIGTERM: %w\n%s", err, d.output.String())
		}
		fmt.Println("smoke: SIGTERM, exit 0")
		return nil
	case <-time.After(75 * time.Second):
		_ = process.Process.Kill()
		return errors.New("SIGTERM: still running after 75 s")
	}
}

// order places an order as a site does, and answers its number.
func (d *demo) order() (int64, error) {
	body := `{"Client": {"FirstName": "Пробный", "LastName": "Заказчик", "Email": "smoke@example.ru", "Phone": "+7 912 000-11-22"},
		"Items": [{"Name": "Визитки (90x50 мм)", "Quantity": 100, "ItemPrice": "3.90"}],
		"Shipping": {"Id": 1, "Title": "Самовывоз", "Type": "Point"}, "PaymentMethod": "Cash"}`
	request, err := http.NewRequest(http.MethodPost, "http://"+d.panel+"/api/orders", strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer demo-site-token")
	var placed struct {
		ID int64 `json:"Id"`
	}
	if err := send(request, &placed); err != nil {
		return 0, fmt.Errorf("place an order: %w", err)
	}
	return placed.ID, nil
}

// deal finds the one deal of an order in the portal.
func (d *demo) deal(number int64) (id string, err error) {
	err = eventually(fmt.Sprintf("order %d is a deal", number), func() error {
		var state struct {
			Deals []struct {
				ID       string `json:"ID"`
				OriginID string `json:"ORIGIN_ID"`
				Amount   string `json:"OPPORTUNITY"`
			} `json:"deals"`
		}
		if err := get("http://"+d.portal+"/control/state", &state); err != nil {
			return err
		}
		found := 0
		for _, deal := range state.Deals {
			if !strings.HasPrefix(deal.OriginID, fmt.Sprintf("order:%d:", number)) { // behind it: the order's token
				continue
			}
			found, id = found+1, deal.ID
			if deal.Amount != "390.00" {
				return fmt.Errorf("its amount is %s, want 390.00", deal.Amount)
			}
		}
		if found != 1 {
			return fmt.Errorf("%d deals, want 1", found)
		}
		return nil
	})
	return id, err
}

// move drags a deal to a stage.
func (d *demo) move(deal, stage string) error {
	body := fmt.Sprintf(`{"do": "move_deal", "id": %s, "stage": %q}`, deal, stage)
	request, err := http.NewRequest(http.MethodPost, "http://"+d.portal+"/control/do", strings.NewReader(body))
	if err != nil {
		return err
	}
	return send(request, nil)
}

// status waits until an order has a status.
func (d *demo) status(number int64, want string) error {
	return eventually(fmt.Sprintf("order %d is %s", number, want), func() error {
		request, err := http.NewRequest(http.MethodGet, fmt.Sprintf("http://%s/api/orders/%d", d.panel, number), nil)
		if err != nil {
			return err
		}
		request.Header.Set("Authorization", "Bearer demo-site-token")
		var order struct{ Status string }
		if err := send(request, &order); err != nil {
			return err
		}
		if order.Status != want {
			return errors.New("it is " + order.Status)
		}
		return nil
	})
}

// eventually repeats a look until it is content, for half a minute.
func eventually(what string, look func() error) error {
	deadline := time.Now().Add(30 * time.Second)
	for {
		err := look()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: %w", what, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func get(address string, into any) error {
	request, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	return send(request, into)
}

func send(request *http.Request, into any) error {
	client := http.Client{Timeout: 10 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s: %s %.300s", request.URL.Path, response.Status, body)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(body, into)
}

// freeAddress is one that nobody listens on now.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
