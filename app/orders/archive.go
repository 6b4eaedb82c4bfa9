package orders

import (
	"archive/zip"
	"context"
	"crypto/subtle"
	"fmt"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/sirupsen/logrus"

	"github.com/pixlpark/panel/app/refusal"
)

// ArchiveURL is the address under which whoever knows it gets the archive of an order, without an account of the
// panel. It does not expire; a new ArchiveKey ends it.
func ArchiveURL(publicURL string, o *Order) string {
	return fmt.Sprintf("%s/orders/%d/archive/%s", strings.TrimRight(publicURL, "/"), o.ID, o.ArchiveKey)
}

// ServeArchive puts the public addresses of archives on a server. Each answers the archive or, whatever is wrong with
// number or key, that there is no such page.
func (s *Service) ServeArchive(
	e *echo.Echo, zone *time.Location, log *logrus.Entry, middleware ...echo.MiddlewareFunc,
) {
	e.GET("/orders/:number/archive/:key", func(c echo.Context) error {
		id, err := number(c, "number")
		if err != nil {
			return err
		}
		o, err := s.Find(c.Request().Context(), id)
		if err != nil {
			return err
		}
		if subtle.ConstantTimeCompare([]byte(o.ArchiveKey), []byte(c.Param("key"))) != 1 {
			return refusal.Unknown("Такого заказа нет.")
		}
		return s.sendArchive(c, o, zone, log)
	}, middleware...)
}

// sendArchive answers with the archive. Once it has begun an error can only cut the connection, which a browser shows
// as a failed download.
func (s *Service) sendArchive(c echo.Context, o *Order, zone *time.Location, log *logrus.Entry) error {
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, "application/zip")
	h.Set(echo.HeaderContentDisposition, fmt.Sprintf(`attachment; filename="order-%d.zip"`, o.ID))
	h.Set(echo.HeaderCacheControl, "no-store")
	h.Set("X-Robots-Tag", "noindex")
	h.Set(echo.HeaderReferrerPolicy, "no-referrer")
	if err := s.WriteArchive(c.Request().Context(), c.Response(), o, zone); err != nil {
		if !c.Response().Committed {
			h.Del(echo.HeaderContentDisposition)
			return err
		}
		if c.Request().Context().Err() == nil {
			log.WithError(err).WithField("order", o.ID).Error("archive cut short")
		}
		panic(http.ErrAbortHandler)
	}
	return nil
}

// WriteArchive writes the zip of an order: its sheet for people and as a table, and the files attached to its items.
// One file at a time is in memory, and no query is open while the receiver is waited for.
func (s *Service) WriteArchive(ctx context.Context, w io.Writer, o *Order, zone *time.Location) error {
	sheet, err := s.sheet(ctx, o, zone)
	if err != nil {
		return err
	}
	archive := zip.NewWriter(w)
	modified := o.ModifiedAt.In(zone)
	entry := func(name string, method uint16, write func(io.Writer) error) error {
		in, err := archive.CreateHeader(&zip.FileHeader{Name: name, Method: method, Modified: modified})
		if err != nil {
			return fmt.Errorf("write archive of order %d: %w", o.ID, err)
		}
		if err := write(in); err != nil {
			return fmt.Errorf("write %q into archive of order %d: %w", name, o.ID, err)
		}
		return nil
	}
	title := "Заказ " + strconv.FormatInt(o.ID, 10)
	if err := entry(title+".html", zip.Deflate, sheet.writeHTML); err != nil {
		return err
	}
	if err := entry(title+".csv", zip.Deflate, sheet.writeCSV); err != nil {
		return err
	}
	for _, f := range sheet.files() {
		_, content, err := s.ReadFile(ctx, o.ID, f.id)
		if _, gone := refusal.From(err); gone { // removed a moment ago
			continue
		}
		if err != nil {
			return err
		}
		// Layouts and photos are compressed by their own formats.
		if err := entry(f.path, zip.Store, func(w io.Writer) error { _, err := w.Write(content); return err }); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return fmt.Errorf("write archive of order %d: %w", o.ID, err)
	}
	return nil
}

// archived is a file with its place in the archive.
type archived struct {
	id   int64
	path string
}

// archivePaths gives every file a place of its own: a folder for each item, and within it no name twice, in any case.
func archivePaths(o *Order) map[int64]string {
	paths := map[int64]string{}
	for i, item := range o.Items {
		folder := fmt.Sprintf("Файлы/%02d %s", i+1, folderName(item.Name))
		taken := map[string]bool{}
		for _, f := range item.Files {
			name := fileName(f.Name)
			stem, ending := strings.TrimSuffix(name, path.Ext(name)), path.Ext(name)
			for n := 2; taken[strings.ToLower(name)]; n++ {
				name = fmt.Sprintf("%s (%d)%s", stem, n, ending)
			}
			taken[strings.ToLower(name)] = true
			paths[f.ID] = folder + "/" + name
		}
	}
	return paths
}

// folderName is an item's name, cut to what folders bear.
func folderName(name string) string {
	name = fileName(strings.NewReplacer("/", " ", `\`, " ").Replace(name))
	if runes := []rune(name); len(runes) > 40 {
		name = string(runes[:40])
	}
	return strings.TrimRight(name, " .")
}
