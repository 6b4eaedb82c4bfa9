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

// keepFile keeps the file of a record's field: {"fileData": [name, base64]} in the old family, [name, base64] in
// crm.item.*.
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

// storeFile keeps a file. Content that is no base64 is kept as it came.
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

// fileAddress is where the portal serves a file.
func (p *Portal) fileAddress(id int64) string {
	return "https://" + p.domain + "/disk/downloadFile/" + php.String(id) + "/"
}

// commentFiles keeps the files of a comment, [["name","base64"], ...]. The answer is keyed by the file's number, and
// {} when there is none.
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
		out.Set(php.String(f.id), php.Map(
			"id", f.id, "date", a.showTime(a.moment()), "type", kind, "name", f.name, "size", int64(len(f.content)),
			"authorId", a.user, "authorName", a.userName(a.user), "urlShow", address, "urlDownload", address,
		))
	}
	if out.Len() == 0 {
		return php.EmptyObject{}
	}
	return out
}
