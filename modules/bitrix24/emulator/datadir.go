package emulator

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// dataFile is the name of the file in DataDir.
const (
	dataFile  = "portal.json"
	saveEvery = time.Second
)

// keepSaved writes the records soon after they have changed. The longer the writing takes, the longer it waits before
// the next.
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

// writeData writes everything to DataDir, if anything has changed. The file is replaced as a whole, so nobody reads
// half of one.
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
