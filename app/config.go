package app

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"strings"
	"time"
	_ "time/tzdata" // the account's zone must be known on a machine without zone data

	"github.com/caarlos0/env/v11"
	"github.com/sirupsen/logrus"

	"github.com/pixlpark/panel/app/staff"
)

// Config is what the environment says. Every command reads it; flags of a command win over it.
type Config struct {
	Addr        string `env:"ADDR" envDefault:"127.0.0.1:8080"`
	PublicURL   string `env:"PUBLIC_URL"`                 // under which people and portals reach the panel; default http://ADDR
	DatabaseURL string `env:"DATABASE_URL"`               // Postgres; empty: SQLite in DataDir
	DataDir     string `env:"DATA_DIR" envDefault:"data"` // SQLite file, lock file, key file
	SecretKey   string `env:"SECRET_KEY"`                 // 32 bytes in base64; seals secrets
	// TrustedProxies are addresses and networks, by comma, whose X-Forwarded-For is believed; empty: this machine's.
	TrustedProxies string `env:"TRUSTED_PROXIES"`

	LogLevel  string `env:"LOG_LEVEL" envDefault:"info"` // logrus levels
	LogFormat string `env:"LOG_FORMAT" envDefault:"text"`
	TimeZone  string `env:"TIME_ZONE" envDefault:"Europe/Moscow"`
	Dev       bool   `env:"DEV"` // read templates and static files anew on each request

	// Times of the jobs of lanes that have none of their own.
	JobsRetryFirst time.Duration `env:"JOBS_RETRY_FIRST" envDefault:"1m"` // the wait after a job's first failure
	JobsPauseMax   time.Duration `env:"JOBS_PAUSE_MAX" envDefault:"5m"`   // the longest pause of a lane

	// JobsLease is how long the work of a process that froze or vanished waits for another process.
	JobsLease time.Duration `env:"JOBS_LEASE" envDefault:"20s"`

	PasswordCost staff.Cost // zero: staff.DefaultCost; only tests set it
}

// ReadConfig reads the environment.
func ReadConfig() (Config, error) {
	var cfg Config
	if err := ReadEnv(&cfg); err != nil {
		return Config{}, err
	}
	return cfg, nil
}

// ReadEnv reads the environment into a struct whose fields name their variables. An error names the variable, and a
// time is never negative.
func ReadEnv(into any) error {
	err := env.Parse(into)
	var bad env.ParseError
	if err != nil && !errors.As(err, &bad) {
		return fmt.Errorf("read the environment: %w", err)
	}
	value := reflect.ValueOf(into).Elem()
	for field, v := range value.Fields() {
		name := field.Tag.Get("env")
		if name == "" {
			continue
		}
		if err != nil && field.Name == bad.Name {
			return fmt.Errorf("%s=%q: %w", name, os.Getenv(name), bad.Err)
		}
		if d, ok := v.Interface().(time.Duration); err == nil && ok && d < 0 {
			return fmt.Errorf("%s=%q: a time cannot be negative", name, os.Getenv(name))
		}
	}
	return err
}

// Logger makes the program's log from LOG_LEVEL and LOG_FORMAT.
func (c Config) Logger() (*logrus.Logger, error) {
	log := logrus.New()
	level, err := logrus.ParseLevel(c.LogLevel)
	if err != nil {
		return nil, fmt.Errorf("LOG_LEVEL: %w", err)
	}
	log.SetLevel(level)
	switch c.LogFormat {
	case "json":
		log.SetFormatter(&logrus.JSONFormatter{TimestampFormat: time.RFC3339Nano})
	case "text":
		log.SetFormatter(&logrus.TextFormatter{FullTimestamp: true})
	default:
		return nil, errors.New("LOG_FORMAT is json or text")
	}
	return log, nil
}

// publicURL is PUBLIC_URL, or the address listened on.
func (c Config) publicURL() (*url.URL, error) {
	text := c.PublicURL
	if text == "" {
		text = "http://" + c.Addr
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" ||
		u.Path != "" && u.Path != "/" || u.RawQuery != "" {
		return nil, fmt.Errorf("PUBLIC_URL %q is no address like https://panel.example.ru", text)
	}
	u.Path = ""
	return u, nil
}

// proxies are those of TRUSTED_PROXIES.
func (c Config) proxies() ([]*net.IPNet, error) {
	var all []*net.IPNet
	for text := range strings.SplitSeq(cmp.Or(c.TrustedProxies, "127.0.0.0/8, ::1"), ",") {
		text = strings.TrimSpace(text)
		prefix, err := netip.ParsePrefix(text)
		if address, single := netip.ParseAddr(text); single == nil {
			prefix, err = address.Prefix(address.BitLen())
		}
		if err != nil {
			return nil, fmt.Errorf("TRUSTED_PROXIES: %q is no address and no network like 10.0.0.0/8", text)
		}
		prefix = prefix.Masked()
		all = append(all, &net.IPNet{
			IP: prefix.Addr().AsSlice(), Mask: net.CIDRMask(prefix.Bits(), prefix.Addr().BitLen()),
		})
	}
	return all, nil
}
