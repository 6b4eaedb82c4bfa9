package emulator

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// A deed is a button that does something at once, by POST /do/<deed>.
type deed struct {
	Deed, Label string
	Danger      bool
	Fields      []pair
}

// A pair is a hidden input.
type pair struct{ Name, Value string }

// readForm decodes a posted form as PHP would.
func readForm(w http.ResponseWriter, r *http.Request) (*php.Array, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("read form: %w", err)
	}
	return php.ParseQuery(string(body), 5000), nil
}

// back is where a form wants to return to: a path of this portal, nothing else.
func back(args *php.Array) string {
	path := php.String(args.Get("back"))
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.HasPrefix(path, "/\\") {
		return "/"
	}
	return path
}

// postDeed does what a button says and goes back. A new record is shown.
func (p *Portal) postDeed(w http.ResponseWriter, r *http.Request) {
	args, err := readForm(w, r)
	if err != nil {
		p.say(w, http.StatusBadRequest, "Не получилось", err.Error(), "/")
		return
	}
	if fields, ok := args.Get("fields").(*php.Array); ok {
		tidyFields(fields)
	}
	p.mu.Lock()
	made, err := p.person(args).do(r.PathValue("deed"))
	p.mu.Unlock()
	if err != nil {
		message := err.Error()
		if e, ok := errors.AsType[*restError](err); ok {
			message = e.description
		}
		p.say(w, http.StatusUnprocessableEntity, "Не получилось", message, back(args))
		return
	}
	to := back(args)
	if kind, ok := strings.CutPrefix(r.PathValue("deed"), "create_"); ok {
		to = cardURL(kind, php.Int(made.Get("id")))
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// tidyFields turns "1, 2" of a text input into a list, and a decimal comma into a point.
func tidyFields(fields *php.Array) {
	for _, name := range []string{"OPPORTUNITY", "PRICE"} {
		if s, ok := fields.Get(name).(string); ok {
			fields.Set(name, strings.NewReplacer(",", ".", " ", "", "\u00a0", "").Replace(s))
		}
	}
	for _, name := range []string{"CONTACT_IDS", "COMPANY_IDS", "CONTACT_ID"} {
		s, ok := fields.Get(name).(string)
		if !ok {
			continue
		}
		list := &php.Array{}
		for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ',' || r == ' ' || r == ';' }) {
			list.Append(part)
		}
		fields.Set(name, list)
	}
}

// postMoveLead moves a lead to a stage; «Качественный лид» opens the dialog instead.
func (p *Portal) postMoveLead(w http.ResponseWriter, r *http.Request) {
	args, err := readForm(w, r)
	if err != nil {
		p.say(w, http.StatusBadRequest, "Не получилось", err.Error(), "/")
		return
	}
	id := php.Int(args.Get("id"))
	p.mu.Lock()
	x := p.person(php.Map("id", id, "fields", php.Map("STATUS_ID", args.Get("stage"))))
	success := php.String(args.Get("stage")) == p.successStage(leadStages)
	if !success {
		_, err = x.edit(p.leads)
	}
	p.mu.Unlock()
	switch {
	case success:
		http.Redirect(w, r, cardURL("lead", id)+"?convert=1", http.StatusSeeOther)
	case err != nil:
		p.say(w, http.StatusUnprocessableEntity, "Не получилось", err.Error(), back(args))
	default:
		http.Redirect(w, r, back(args), http.StatusSeeOther)
	}
}
