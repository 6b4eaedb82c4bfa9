// Package sites holds the shops of the account. A client is common to all of them, an order belongs to one.
package sites

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/refusal"
)

// Site is a shop. Its bearer token for the public API is stored only as a hash.
type Site struct {
	ID        int64 `gorm:"primaryKey"`
	Name      string
	URL       string
	TokenHash string `json:"-"`
	CreatedAt time.Time
}

// Service reads and changes the account's sites.
type Service struct{ db *db.DB }

// New returns the service on a database.
func New(d *db.DB) *Service { return &Service{db: d} }

// Find returns a site by number.
func (s *Service) Find(ctx context.Context, id int64) (*Site, error) {
	var site Site
	return found(&site, s.db.From(ctx).First(&site, id).Error)
}

// ByToken returns the site that a bearer token of the public API belongs to.
func (s *Service) ByToken(ctx context.Context, token string) (*Site, error) {
	var site Site
	return found(&site, s.db.From(ctx).Where("token_hash = ?", hash(token)).First(&site).Error)
}

func found(site *Site, err error) (*Site, error) {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, refusal.Unknown("Такого сайта нет.")
	}
	if err != nil {
		return nil, fmt.Errorf("find site: %w", err)
	}
	return site, nil
}

// All lists the sites of the account, oldest first. An account has a handful of them.
func (s *Service) All(ctx context.Context) ([]*Site, error) {
	var list []*Site
	if err := s.db.From(ctx).Order("id").Limit(1000).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("list sites: %w", err)
	}
	return list, nil
}

// Add opens a site and returns it with its token, which is shown this once. An empty token means: make one.
func (s *Service) Add(ctx context.Context, name, address, token string) (*Site, string, error) {
	site := &Site{CreatedAt: db.Now()}
	if err := site.set(name, address); err != nil {
		return nil, "", err
	}
	if token == "" {
		token = rand.Text()
	}
	site.TokenHash = hash(token)
	if err := s.db.From(ctx).Create(site).Error; err != nil {
		return nil, "", fmt.Errorf("save site: %w", err)
	}
	return site, token, nil
}

// Change renames a site or moves it to another address.
func (s *Service) Change(ctx context.Context, id int64, name, address string) (*Site, error) {
	site, err := s.Find(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := site.set(name, address); err != nil {
		return nil, err
	}
	if err := s.db.From(ctx).Save(site).Error; err != nil {
		return nil, fmt.Errorf("save site %d: %w", id, err)
	}
	return site, nil
}

// NewToken replaces a site's token and returns the new one, which is shown this once. The old one stops working.
func (s *Service) NewToken(ctx context.Context, id int64) (string, error) {
	site, err := s.Find(ctx, id)
	if err != nil {
		return "", err
	}
	token := rand.Text()
	site.TokenHash = hash(token)
	if err := s.db.From(ctx).Save(site).Error; err != nil {
		return "", fmt.Errorf("save site %d: %w", id, err)
	}
	return token, nil
}

func (s *Site) set(name, address string) error {
	s.Name, s.URL = strings.TrimSpace(name), strings.TrimSpace(address)
	if s.Name == "" || len([]rune(s.Name)) > 200 {
		return refusal.Value("Name", "Укажите название сайта, не длиннее 200 знаков.")
	}
	u, err := url.Parse(s.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || len(s.URL) > 500 {
		return refusal.Value("URL", "Укажите адрес сайта целиком, например https://shop.ru.")
	}
	return nil
}

func hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
