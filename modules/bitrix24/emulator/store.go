package emulator

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

const (
	dataFile  = "portal.json"
	saveEvery = time.Second
)

func (p *Portal) tables() []*table {
	return []*table{
		p.userfields, p.leads.table, p.deals.table, p.contacts.table, p.companies.table, p.requisites, p.banks, p.addresses, p.presets, p.products,
		p.currencies, p.statuses, p.categories, p.users, p.comments,
	}
}

// keepSaved writes the records soon after they have changed, and the less often the more there is to write.
func (p *Portal) keepSaved() {
	wait := saveEvery
	for {
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
			started := time.Now()
			_ = p.writeData() // tried again at the next change, and at Close with the error told
			wait = max(saveEvery, 20*time.Since(started))
		case <-p.closed:
			timer.Stop()
			return
		}
	}
}

// writeData writes everything to DataDir, if anything has changed; a reader never sees half of it.
func (p *Portal) writeData() error {
	p.mu.Lock()
	if p.opts.DataDir == "" || !p.dirty {
		p.mu.Unlock()
		return nil
	}
	body := p.dump()
	p.dirty = false
	p.mu.Unlock()

	if err := os.MkdirAll(p.opts.DataDir, 0o700); err != nil {
		return fmt.Errorf("save portal: %w", err)
	}
	path := filepath.Join(p.opts.DataDir, dataFile)
	if err := os.WriteFile(path+".new", body, 0o600); err != nil {
		return fmt.Errorf("save portal: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("save portal: %w", err)
	}
	return nil
}

func (p *Portal) dump() []byte {
	tables := &php.Array{}
	for _, t := range p.tables() {
		tables.Set(t.name, dumpTable(t))
	}
	rows := &php.Array{}
	for _, e := range []*entity{p.deals, p.leads} {
		for _, id := range e.ids {
			for _, x := range p.rows.of(e.short, id) {
				rows.Append(itemProductRow(x))
			}
		}
	}
	linked := &php.Array{}
	for _, e := range p.entities() {
		if e.links != nil {
			linked.Set(e.method, dumpLinks(e.links))
		}
	}
	files := &php.Array{}
	for id, f := range p.files {
		files.Set(php.String(id), php.Map("name", f.name, "content", base64.StdEncoding.EncodeToString(f.content)))
	}
	return php.AppendJSON(nil, php.Map(
		"tables", tables, "rows", rows, "last_row", p.rows.last, "links", linked, "files", files, "mode", p.mode, "line", p.line,
		"last_multi", p.lastMulti, "last_file", p.lastFile, "last_enum", p.lastEnum, "member", p.member, "domain", p.domain,
		"inbound", p.dumpInbound(), "outbound", p.dumpOutbound(),
	))
}

func dumpTable(t *table) *php.Array {
	records := &php.Array{}
	for _, r := range t.all() {
		vals := &php.Array{}
		for i, f := range t.fields {
			if v := r.get(i); v != nil && f.name != "" && f.name != "ID" {
				vals.Set(f.name, dumpValue(v))
			}
		}
		x := php.Map("id", r.id, "vals", vals)
		if len(r.multi) > 0 {
			multi := &php.Array{}
			for _, m := range r.multi {
				multi.Append(php.List(m.id, m.kind, m.sort, m.text))
			}
			x.Set("multi", multi)
		}
		records.Append(x)
	}
	return php.Map("last", t.last, "records", records)
}

func dumpValue(v any) any {
	switch v := v.(type) {
	case time.Time:
		return v.Format(time.RFC3339)
	case *php.Array:
		out := &php.Array{}
		for k, el := range v.All() {
			out.Set(k, dumpValue(el))
		}
		return out
	}
	return v
}

func dumpLinks(l *links) *php.Array {
	out := &php.Array{}
	for owner, list := range l.owners {
		for _, x := range list {
			out.Append(php.List(owner, x.id, x.sort, x.role, x.primary))
		}
	}
	return out
}

func (p *Portal) dumpInbound() *php.Array {
	out := &php.Array{}
	for _, h := range p.inbound {
		scopes := &php.Array{}
		for _, s := range h.Scopes {
			scopes.Append(s)
		}
		out.Append(php.Map("id", h.ID, "title", h.Title, "user", h.UserID, "code", h.Code, "scopes", scopes))
	}
	return out
}

func (p *Portal) dumpOutbound() *php.Array {
	out := &php.Array{}
	for _, o := range p.outbound {
		events := &php.Array{}
		for _, code := range sortedKeys(o.Events) {
			events.Append(code)
		}
		out.Append(php.Map("id", o.ID, "title", o.Title, "url", o.URL, "token", o.Token, "events", events))
	}
	return out
}

// load reads what an earlier portal left in DataDir. The webhooks of the options stay in force beside the stored ones.
func (p *Portal) load() error {
	if p.opts.DataDir == "" {
		return nil
	}
	path := filepath.Join(p.opts.DataDir, dataFile)
	body, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	v, err := php.DecodeJSON(body)
	if err != nil {
		return fmt.Errorf("%s is damaged: %w", path, err)
	}
	all, ok := v.(*php.Array)
	if !ok {
		return fmt.Errorf("%s is no JSON object", path)
	}
	p.restore(all)
	return nil
}
