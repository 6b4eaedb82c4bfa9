package records

import (
	"bytes"
	"compress/flate"
	_ "embed"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/pixlpark/panel/app/db"
)

// What was sent and answered is nine tenths of a line, and nearly the same in each: it is kept deflated, both texts
// together, with words that such texts are made of. Lines of before have their texts in columns of their own.

// journalWords are requests and answers of every kind that is frequent. What was packed with them is unpacked with them,
// so they never change: other words would be another packing, with another first byte.
//
//go:embed journal_words.txt
var journalWords []byte

// packing is the first byte of everything that is packed with journalWords.
const packing = 1

// between stands between the two texts, neither of which has it.
const between = "\x00"

// WriteJournal stores a line of the journal.
func WriteJournal(tx *db.Tx, e JournalEntry) error {
	if e.Request != "" || e.Answer != "" {
		e.Packed = pack(e.Request, e.Answer)
		e.Request, e.Answer = "", ""
	}
	if err := tx.Create(&e).Error; err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	return nil
}

// Unpack fills in what was sent and answered, once the line has been read.
func (e *JournalEntry) Unpack() error {
	if len(e.Packed) == 0 {
		return nil
	}
	var err error
	if e.Request, e.Answer, err = unpack(e.Packed); err != nil {
		return fmt.Errorf("read line %d of the journal: %w", e.ID, err)
	}
	return nil
}

// packers are kept from one line to the next: a new one takes a megabyte.
var packers = sync.Pool{New: func() any {
	w, _ := flate.NewWriterDict(io.Discard, flate.DefaultCompression, journalWords) // never fails at this level
	return w
}}

func pack(request, answer string) []byte {
	var buf bytes.Buffer
	buf.WriteByte(packing)
	w := packers.Get().(*flate.Writer)
	defer packers.Put(w)
	w.Reset(&buf) // with the same words
	_, _ = io.WriteString(w, strings.ReplaceAll(request, between, "")+between+answer)
	_ = w.Close()
	return buf.Bytes()
}

func unpack(packed []byte) (request, answer string, err error) {
	if packed[0] != packing {
		return "", "", fmt.Errorf("it was packed in a way that this program does not know: %d", packed[0])
	}
	r := flate.NewReaderDict(bytes.NewReader(packed[1:]), journalWords)
	text, err := io.ReadAll(io.LimitReader(r, 16*journalSize))
	if err != nil {
		return "", "", err
	}
	request, answer, _ = strings.Cut(string(text), between)
	return request, answer, nil
}
