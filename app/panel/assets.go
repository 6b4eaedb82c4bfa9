package panel

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"mime"
	"net/http"
	"path"
	"time"

	"github.com/labstack/echo/v4"
)

// assets are all static files in memory: the host's and the modules', with the hash of each.
type assets struct {
	files map[string]asset // "<owner>/<path>"
	css   []string         // addresses of the style sheets that every page has
}

type asset struct {
	body []byte
	hash string
	mime string
}

// readAssets reads every owner's files. A module's <name>.css is part of every page, like the panel's own.
func readAssets(owners []owner) (*assets, error) {
	a := &assets{files: map[string]asset{}}
	for _, o := range owners {
		err := o.static.each("", func(file string, body []byte) {
			if path.Ext(file) == ".go" {
				return
			}
			sum := sha256.Sum256(body)
			kind := mime.TypeByExtension(path.Ext(file))
			if kind == "" {
				kind = "application/octet-stream"
			}
			a.files[o.name+"/"+file] = asset{body: body, hash: hex.EncodeToString(sum[:6]), mime: kind}
		})
		if err != nil {
			return nil, fmt.Errorf("static files of %s: %w", o.name, err)
		}
		if css, err := a.address(o.name + "/" + o.name + ".css"); err == nil {
			a.css = append(a.css, css)
		}
	}
	return a, nil
}

// address is where a file is served, with its hash: a changed file is another address.
func (a *assets) address(name string) (string, error) {
	file, ok := a.files[name]
	if !ok {
		return "", fmt.Errorf("no static file %s", name)
	}
	return "/static/" + name + "?v=" + file.hash, nil
}

// serveAsset serves a static file: for ever under its present hash, to be asked for again otherwise.
func (p *Panel) serveAsset(c echo.Context) error {
	return p.sendAsset(c, c.Param("owner")+"/"+c.Param("*"))
}

func (p *Panel) serveFavicon(c echo.Context) error {
	return p.sendAsset(c, hostOwner+"/favicon.svg")
}

func (p *Panel) sendAsset(c echo.Context, name string) error {
	now, err := p.current()
	if err != nil {
		return err
	}
	file, ok := now.assets.files[name]
	if !ok {
		return echo.ErrNotFound
	}
	h := c.Response().Header()
	h.Set("Content-Type", file.mime)
	h.Set("Etag", `W/"`+file.hash+`"`) // weak: the same compressed and not
	h.Set("Cache-Control", "no-cache")
	if c.QueryParam("v") == file.hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(c.Response(), c.Request(), name, time.Time{}, bytes.NewReader(file.body))
	return nil
}
