package emulator

import (
	"encoding/base64"
	"path"
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// A file that came with a record or a comment.
type file struct {
	id      int64
	name    string
	content []byte
}

// keepFile stores the file of a record's field: {"fileData": [name, base64]} or [name, base64].
func (p *Portal) keepFile(v *php.Array) any {
	pair := v
	if inner, ok := v.Get("fileData").(*php.Array); ok {
		pair = inner
	} else if v.Get("fileData") != nil {
		return nil
	}
	f := p.storeFile(php.String(pair.Get("0")), php.String(pair.Get("1")))
	return php.Map("id", f.id, "showUrl", p.fileAddress(f.id), "downloadUrl", p.fileAddress(f.id))
}

func (p *Portal) storeFile(name, content string) file {
	b, err := base64.StdEncoding.DecodeString(content)
	if err != nil {
		b = []byte(content)
	}
	p.lastFile++
	f := file{p.lastFile, name, b}
	p.files[f.id] = f
	return f
}

func (p *Portal) fileAddress(id int64) string {
	return "https://" + p.domain + "/disk/downloadFile/" + php.String(id) + "/"
}

// commentFiles keeps [["name","base64"], ...]; the answer is keyed by the file's number, {} when there is none.
func (a actor) commentFiles(v any) any {
	list, _ := v.(*php.Array)
	out := &php.Array{}
	for _, el := range list.All() {
		pair, ok := el.(*php.Array)
		if !ok || pair.Len() < 2 {
			continue
		}
		f := a.storeFile(php.String(pair.Get("0")), php.String(pair.Get("1")))
		kind := "file"
		switch strings.ToLower(path.Ext(f.name)) {
		case ".gif", ".png", ".jpg", ".jpeg":
			kind = "image"
		}
		address := a.fileAddress(f.id)
		out.Set(php.String(f.id), php.Map("id", f.id, "date", a.showTime(a.moment()), "type", kind, "name", f.name, "size", int64(len(f.content)),
			"authorId", a.user, "authorName", a.userName(a.user), "urlShow", address, "urlDownload", address))
	}
	if out.Len() == 0 {
		return php.EmptyObject{}
	}
	return out
}
