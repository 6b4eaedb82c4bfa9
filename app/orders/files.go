package orders

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

// What may be attached.
const (
	MaxFileSize = 25 << 20 // bytes
	MaxFiles    = 20       // to one item
	maxFileName = 150      // characters
)

// fileContent is apart from File, so that nobody loads it by accident.
type fileContent struct {
	FileID  int64 `gorm:"primaryKey"`
	Content []byte
}

// TableName says whose contents they are.
func (fileContent) TableName() string { return "file_contents" }

// AttachFile reads a file to its end and attaches it to an item of an order. Of the name the last part is kept. The
// history names the file and the context's actor; it is no change of the order itself, so no hook runs.
func (s *Service) AttachFile(
	ctx context.Context, orderID, itemID int64, name string, content io.Reader,
) (*File, error) {
	data, err := io.ReadAll(io.LimitReader(content, MaxFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("read file: %w", err)
	}
	file := &File{OrderID: orderID, ItemID: itemID, Name: fileName(name), Size: int64(len(data))}
	switch {
	case len(data) == 0:
		return nil, refusal.Value("file", "Файл «%s» пустой.", file.Name)
	case len(data) > MaxFileSize:
		return nil, refusal.Value("file", "Файл «%s» больше %d МБ.", file.Name, MaxFileSize>>20)
	}
	err = s.changeFiles(ctx, orderID, func(tx *db.Tx, o *Order) (string, error) {
		if !o.HasItem(itemID) {
			return "", refusal.Unknown("Такой позиции в заказе нет.")
		}
		var already int64
		if err := tx.Model(&File{}).Where("item_id = ?", itemID).Count(&already).Error; err != nil {
			return "", fmt.Errorf("count files: %w", err)
		}
		if already >= MaxFiles {
			return "", refusal.Value("file", "К одной позиции можно приложить не больше %d файлов.", MaxFiles)
		}
		if err := tx.Create(file).Error; err != nil {
			return "", fmt.Errorf("save file: %w", err)
		}
		if err := tx.Create(&fileContent{FileID: file.ID, Content: data}).Error; err != nil {
			return "", fmt.Errorf("save content of file: %w", err)
		}
		return "Приложен файл: " + file.Name, nil
	})
	if err != nil {
		return nil, err
	}
	return file, nil
}

// RemoveFile removes a file from its order.
func (s *Service) RemoveFile(ctx context.Context, orderID, fileID int64) error {
	return s.changeFiles(ctx, orderID, func(tx *db.Tx, _ *Order) (string, error) {
		file, err := findFile(tx.DB, orderID, fileID)
		if err != nil {
			return "", err
		}
		if err := tx.Delete(file).Error; err != nil {
			return "", fmt.Errorf("delete file: %w", err)
		}
		return "Удалён файл: " + file.Name, nil
	})
}

// ReadFile returns a file of an order with its content.
func (s *Service) ReadFile(ctx context.Context, orderID, fileID int64) (*File, []byte, error) {
	file, err := findFile(s.db.From(ctx), orderID, fileID)
	if err != nil {
		return nil, nil, err
	}
	var stored fileContent
	if err := s.db.From(ctx).First(&stored, fileID).Error; err != nil {
		return nil, nil, fmt.Errorf("read content of file %d: %w", fileID, err)
	}
	return file, stored.Content, nil
}

// changeFiles runs change with the order locked, so that two uploads cannot pass the limit together, and writes the
// line of history it returns.
func (s *Service) changeFiles(
	ctx context.Context, orderID int64, change func(tx *db.Tx, o *Order) (string, error),
) error {
	return s.db.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		var o Order
		err := tx.Clauses(clause.Locking{Strength: "UPDATE"}).Preload("Items").First(&o, orderID).Error
		if _, err := found(&o, err); err != nil {
			return err
		}
		if o.Status == Deleted {
			return errDeleted(orderID)
		}
		line, err := change(tx, &o)
		if err != nil {
			return err
		}
		return s.write(tx, &o, staff.ActorFrom(ctx), line)
	})
}

func findFile(tx *gorm.DB, orderID, fileID int64) (*File, error) {
	var file File
	err := tx.Where("order_id = ?", orderID).First(&file, fileID).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, refusal.Unknown("Такого файла в заказе нет.")
	}
	if err != nil {
		return nil, fmt.Errorf("find file: %w", err)
	}
	return &file, nil
}

// reserved are the devices of Windows, whatever ending their names have.
var reserved = regexp.MustCompile(`(?i)^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)`)

// fileName makes of whatever a browser sent a name that is one on every system: without folders, without signs that
// mean something to a file system, and never longer than people can read. The ending survives a cut.
func fileName(typed string) string {
	typed = strings.ToValidUTF8(typed, "")
	if cut := strings.LastIndexAny(typed, `/\`); cut >= 0 {
		typed = typed[cut+1:]
	}
	name := strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`<>:"|?*`, r):
			return '_'
		case !unicode.IsPrint(r): // control signs, and those that turn the direction of a text
			return -1
		}
		return r
	}, typed)
	name = strings.TrimSpace(strings.Trim(name, " ."))
	if name == "" {
		return "файл"
	}
	if reserved.MatchString(name) {
		name = "_" + name
	}
	runes := []rune(name)
	if over := len(runes) - maxFileName; over > 0 {
		stem, ending := name, ""
		if dot := strings.LastIndexByte(name, '.'); dot > 0 && len(name)-dot <= 10 {
			stem, ending = name[:dot], name[dot:]
		}
		stemRunes := []rune(stem)
		name = string(stemRunes[:len(stemRunes)-over]) + ending
	}
	return name
}
