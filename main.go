// Command panel is a print shop's admin panel with its modules. Run it without arguments to serve, with "demo" to see
// everything at once.
package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/modules/bitrix24"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

const usage = `usage: panel            serve the panel (settings: see README)
       panel demo       the panel with demo data and a demo portal, already connected
       panel portal     the demo portal alone
       panel migrate    bring the database up to date and exit
`

// modules are what this panel consists of besides the host. Add yours here.
func modules(b *bitrix24.Module) []app.Module { return []app.Module{b} }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		logrus.WithError(err).Error("panel stopped")
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	command := ""
	if len(args) > 0 {
		command, args = args[0], args[1:]
	}
	switch command {
	case "":
		return serve(ctx)
	case "demo":
		return demo(ctx, args)
	case "portal":
		return portal(ctx, args)
	case "migrate":
		if err := parse(flag.NewFlagSet("migrate", flag.ContinueOnError), args); err != nil {
			return err
		}
		return migrate(ctx)
	case "help", "-h", "-help", "--help":
		fmt.Print(usage)
		return nil
	default:
		fmt.Fprint(os.Stderr, usage)
		return fmt.Errorf("unknown command %q", command)
	}
}

// open reads the configuration and puts the panel together, which migrates it.
func open(ctx context.Context, change func(*app.Config, *bitrix24.Options)) (*app.App, *bitrix24.Module, error) {
	cfg, err := app.ReadConfig()
	if err != nil {
		return nil, nil, err
	}
	var options bitrix24.Options
	if err := app.ReadEnv(&options); err != nil {
		return nil, nil, err
	}
	if change != nil {
		change(&cfg, &options)
	}
	log, err := cfg.Logger()
	if err != nil {
		return nil, nil, err
	}
	b := bitrix24.New(options)
	a, err := app.New(ctx, cfg, log, modules(b)...)
	return a, b, err
}

func serve(ctx context.Context) error {
	a, _, err := open(ctx, nil)
	if err != nil {
		return err
	}
	return errors.Join(a.Run(ctx), a.Close())
}

func migrate(ctx context.Context) error {
	a, _, err := open(ctx, nil)
	if err != nil {
		return err
	}
	return a.Close()
}

// The demo's own secrets: everybody may know them, and the demo is for nobody's data.
const (
	demoKey   = "ZGVtbyBrZXksIGZvciBub2JvZHkncyByZWFsIGRhdGE="
	demoToken = "demo-portal-token"
	demoCode  = "secret"
)

// demo runs the panel with demo data and a portal to go with it, connected in both directions.
func demo(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	addr := flags.String("addr", fromEnv("ADDR", "127.0.0.1:8080"), "address of the panel (ADDR)")
	portalAddr := flags.String("portal-addr", fromEnv("PORTAL_ADDR", "127.0.0.1:8081"),
		"address of the demo portal (PORTAL_ADDR)")
	data := flags.String("data", fromEnv("DATA_DIR", ""), "folder to keep everything in; else a temporary one (DATA_DIR)")
	elsewhere := flags.String("portal", fromEnv("PORTAL", ""), "address of a demo portal that runs already (PORTAL)")
	if err := parse(flags, args); err != nil {
		return err
	}
	listener, err := listen(*addr) // before anything is made or said: a port may be taken
	if err != nil {
		return err
	}
	defer listener.Close()
	portalURL := *elsewhere
	var portalListener net.Listener
	if portalURL == "" {
		portalURL = "http://" + *portalAddr
		if portalListener, err = listen(*portalAddr); err != nil {
			return err
		}
		defer portalListener.Close()
	}
	if *data == "" {
		folder, err := os.MkdirTemp("", "panel-demo-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(folder)
		*data = folder
	}
	a, module, err := open(ctx, func(cfg *app.Config, options *bitrix24.Options) {
		cfg.Addr, cfg.DataDir = *addr, *data
		cfg.SecretKey = cmp.Or(cfg.SecretKey, demoKey)
		options.AllowPrivate = true
	})
	if err != nil {
		return err
	}
	defer a.Close()
	if portalListener != nil {
		p, err := emulator.Open(emulator.Options{ //nolint:contextcheck // servePortal closes it, which ends its queue
			UserID: 1, Code: demoCode, Scopes: []string{"crm", "telephony"}, Limits: true, Control: true, DataDir: *data,
			EventsURL: a.Host().PublicURL.JoinPath("api", "bitrix", "events").String(), Token: demoToken,
		})
		if err != nil {
			return err
		}
		defer servePortal(p, portalListener)()
	}
	if err := fill(ctx, a, module, portalURL); err != nil {
		return err
	}
	fmt.Printf(`
  Panel        %s/admin   (sign in below)
  Shop         %s/site
  Demo portal  %s

  Sign-ins     admin@demo, supervisor@demo, operator@demo, accountant@demo; password: %s
  Site token   %s   (Authorization: Bearer, for POST /api/orders)

`, a.Host().PublicURL, a.Host().PublicURL, portalURL, app.DemoPassword, app.DemoToken)
	return a.Serve(ctx, listener)
}

// fill puts the demo's data into an empty panel and connects it to the portal.
func fill(ctx context.Context, a *app.App, module *bitrix24.Module, portalURL string) error {
	seeded, err := a.SeedStaff(ctx, a.Host().PublicURL.JoinPath("site").String())
	if err != nil {
		return err
	}
	address, err := rest.ParsePortal(portalURL)
	if err != nil {
		return fmt.Errorf("-portal: %w", err)
	}
	if err := module.Connect(ctx, rest.Webhook{Portal: address, UserID: 1, Code: demoCode}, demoToken); err != nil {
		return err
	}
	if !seeded {
		return nil
	}
	return a.SeedOrders(ctx)
}

// portal runs the emulator alone.
func portal(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("portal", flag.ContinueOnError)
	addr := flags.String("addr", fromEnv("PORTAL_ADDR", "127.0.0.1:8081"), "address to listen on (PORTAL_ADDR)")
	user := flags.String("user", fromEnv("PORTAL_USER", "1"), "employee who owns the inbound webhook (PORTAL_USER)")
	code := flags.String("code", fromEnv("PORTAL_CODE", demoCode), "code of the inbound webhook (PORTAL_CODE)")
	limits := flags.String("limits", fromEnv("PORTAL_LIMITS", "real"), "real or off (PORTAL_LIMITS)")
	events := flags.String("events", fromEnv("PORTAL_EVENTS", ""), "handler of the outbound webhook (PORTAL_EVENTS)")
	token := flags.String("token", fromEnv("PORTAL_TOKEN", demoToken), "token of the outbound webhook (PORTAL_TOKEN)")
	data := flags.String("data", fromEnv("PORTAL_DATA", ""),
		"folder to keep the records in; else memory only (PORTAL_DATA)")
	scopes := flags.String("scopes", fromEnv("PORTAL_SCOPES", "crm"),
		"scopes of the inbound webhook, by comma (PORTAL_SCOPES)")
	secure := flags.Bool("tls", fromEnv("PORTAL_TLS", "") != "", "serve https with a certificate of its own (PORTAL_TLS)")
	if err := parse(flags, args); err != nil {
		return err
	}
	userID, err := strconv.ParseInt(*user, 10, 64)
	if err != nil || userID < 1 {
		return errors.New("-user is an employee's number")
	}
	if *limits != "real" && *limits != "off" {
		return errors.New("-limits is real or off")
	}
	listener, err := listen(*addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	scheme := "http"
	if *secure {
		scheme = "https"
		config, err := emulator.TLS(*addr)
		if err != nil {
			return err
		}
		listener = tls.NewListener(listener, config)
	}
	p, err := emulator.Open(emulator.Options{ //nolint:contextcheck // stop closes it, which ends its queue
		UserID: userID, Code: *code, Scopes: strings.Split(*scopes, ","),
		Limits: *limits == "real", Control: true, DataDir: *data,
		EventsURL: *events, Token: *token,
	})
	if err != nil {
		return err
	}
	stop := servePortal(p, listener)
	fmt.Printf("Portal on %s://%s, inbound webhook %s://%s/rest/%d/%s/\n", scheme, *addr, scheme, *addr, userID, *code)
	<-ctx.Done()
	return stop()
}

// servePortal serves a portal until stop is called; stop keeps its records.
func servePortal(p *emulator.Portal, listener net.Listener) (stop func() error) {
	server := &http.Server{Handler: p, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			logrus.WithError(err).Error("portal stopped")
		}
	}()
	return func() error { return errors.Join(server.Close(), p.Close()) }
}

func listen(addr string) (net.Listener, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return listener, nil
}

// parse reads a command's flags; it takes nothing else.
func parse(flags *flag.FlagSet, args []string) error {
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%s takes flags only, not %q", flags.Name(), flags.Args())
	}
	return nil
}

// fromEnv is the default of a flag that also reads an environment variable.
func fromEnv(name, otherwise string) string {
	if value, ok := os.LookupEnv(name); ok {
		return value
	}
	return otherwise
}
