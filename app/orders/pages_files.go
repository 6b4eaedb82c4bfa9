package orders

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
)

// uploads is how much one form with files may hold.
const uploads = 2*MaxFileSize + 1<<20

// uploadFiles attaches what was chosen to an item. Those before one that is refused stay attached.
func (h *pages) uploadFiles(c echo.Context) error {
	id, err := number(c, "number")
	if err != nil {
		return err
	}
	item, err := number(c, "item")
	if err != nil {
		return err
	}
	posted, err := c.MultipartForm()
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); err != nil && !tooLong {
		return echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
	} else if err != nil {
		return refusal.Value("file", "За один раз можно загрузить не больше %d МБ.", uploads>>20)
	}
	defer func() { _ = posted.RemoveAll() }()
	if len(posted.File["file"]) == 0 {
		h.panel.Flash(c, panel.Warning, "Выберите файл")
	}
	for _, sent := range posted.File["file"] {
		content, err := sent.Open()
		if err != nil {
			return fmt.Errorf("read file: %w", err)
		}
		file, err := h.AttachFile(c.Request().Context(), id, item, sent.Filename, content)
		_ = content.Close()
		if err != nil {
			return h.refused(c, err, address(id)+"#items")
		}
		h.panel.Flash(c, panel.Good, "Файл приложен: "+file.Name)
	}
	return panel.SeeOther(c, address(id)+"#items")
}

// downloadFile sends a file to be saved, never to be shown: it came from a customer.
func (h *pages) downloadFile(c echo.Context) error {
	id, file, err := numberOfFile(c)
	if err != nil {
		return err
	}
	found, content, err := h.ReadFile(c.Request().Context(), id, file)
	if err != nil {
		return err
	}
	header := c.Response().Header()
	header.Set(echo.HeaderContentDisposition,
		mime.FormatMediaType("attachment", map[string]string{"filename": found.Name}))
	header.Set(echo.HeaderContentType, echo.MIMEOctetStream)
	header.Set(echo.HeaderCacheControl, "no-store")
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, bytes.NewReader(content))
	return nil
}

func (h *pages) deleteFile(c echo.Context) error {
	id, file, err := numberOfFile(c)
	if err != nil {
		return err
	}
	if err := h.RemoveFile(c.Request().Context(), id, file); err != nil {
		return err
	}
	h.panel.Flash(c, panel.Good, "Файл удалён")
	return panel.SeeOther(c, address(id)+"#items")
}

func numberOfFile(c echo.Context) (order, file int64, err error) {
	if order, err = number(c, "number"); err != nil {
		return 0, 0, err
	}
	if file, err = number(c, "file"); err != nil {
		return 0, 0, refusal.Unknown("Такого файла в заказе нет.")
	}
	return order, file, nil
}

// SizeText is the size for people: "12 КБ", "3,4 МБ".
func (f File) SizeText() string {
	if f.Size < 1<<20 {
		return fmt.Sprintf("%d КБ", max(f.Size>>10, 1))
	}
	return strings.Replace(fmt.Sprintf("%.1f МБ", float64(f.Size)/(1<<20)), ".", ",", 1)
}
