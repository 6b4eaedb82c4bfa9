package emulator

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Behaviour are the switches for what the vendor's documents leave open (marked [A] and [K] in REST.md, and OPEN.md)
// and for the limits. The zero value is of no use; begin with DefaultBehaviour. /control/behaviour reads and changes
// it by the names below.
type Behaviour struct {
	// FailedReference is what $result[x] becomes when command x failed or never ran: "text" leaves the words as they
	// are, "container" puts the last array found on the way, whose intval is 1, as older kernels do (OPEN.md B1).
	FailedReference string `json:"failed_reference"`
	// WrongCodeStatus and WrongCodeError answer a wrong webhook code: 401 INVALID_CREDENTIALS (OPEN.md A1).
	WrongCodeStatus int    `json:"wrong_code_status"`
	WrongCodeError  string `json:"wrong_code_error"`
	// MethodBeforeCredentials answers an unknown method with 404 even to a wrong code (OPEN.md A2).
	MethodBeforeCredentials bool `json:"method_before_credentials"`
	// RequireHTTPS refuses plain http, as the cloud does. It is off because tests and the demo speak http.
	RequireHTTPS bool `json:"require_https"`
	// MaxInputVars is PHP's limit on decoded parameters of a form or query. Those beyond it are dropped.
	MaxInputVars int `json:"max_input_vars"`

	// RateLimit and OperatingLimit switch the two limits on. Options.Limits sets both.
	RateLimit bool `json:"rate_limit"`
	// BucketSize and BucketRate are X and Y of the leaky bucket: 50 and 2, on Enterprise 250 and 5.
	BucketSize float64 `json:"bucket_size"`
	BucketRate float64 `json:"bucket_rate"`
	// BucketFirst makes the bucket refuse before any other check; without it, after the credentials.
	BucketFirst    bool `json:"bucket_first"`
	OperatingLimit bool `json:"operating_limit"`
	// OperatingSeconds is the operating time that one method may use within ten minutes.
	OperatingSeconds float64 `json:"operating_seconds"`
	// BatchSize is the number of commands of one batch. RequestSeconds is the time of one request, waiting for a slow
	// portal included; 0 = any.
	BatchSize      int     `json:"batch_size"`
	RequestSeconds float64 `json:"request_seconds"`
	// Cost are the seconds of operating time of single methods, in place of those of the method cost.
	Cost map[string]float64 `json:"cost"`

	// OldUpdateAlwaysSaves makes crm.deal.update and its likes save, and send the event, when nothing changed
	// (OPEN.md C7).
	OldUpdateAlwaysSaves bool `json:"old_update_always_saves"`
	// RowsAlwaysSave makes setting equal product rows save the owner and send its event (OPEN.md C8).
	RowsAlwaysSave bool `json:"rows_always_save"`
	// LinkSavesOwner makes a change of linked contacts or companies one of the owner, with its event (OPEN.md C9).
	LinkSavesOwner bool `json:"link_saves_owner"`
	// CloseDateOnClose sets CLOSEDATE to today when a deal is closed (OPEN.md C13).
	CloseDateOnClose bool `json:"close_date_on_close"`
	// UnknownValues says what happens to a source, type or user that does not exist: "store" or "error" (OPEN.md C5).
	UnknownValues string `json:"unknown_values"`
	// UnknownStage says what happens to a stage that the funnel does not have in crm.item.*: "error", or "keep", where a
	// new deal gets the first stage of the same meaning, and one that is there stays where it is (REST.md 8.2).
	UnknownStage string `json:"unknown_stage"`
	// OldRequiresCustom makes the old family, too, refuse a record without a mandatory custom field (OPEN.md D8).
	OldRequiresCustom bool `json:"old_requires_custom"`
	// SimpleLeadReadable lets a converted lead be read in the CRM mode without leads (OPEN.md C14).
	SimpleLeadReadable bool `json:"simple_lead_readable"`
	// ConversionCopiesCustom and ConversionCopiesOrigin copy custom fields of equal name from the lead to the deal, and
	// the external key to the deal, the contact and the company (OPEN.md C15).
	ConversionCopiesCustom bool `json:"conversion_copies_custom"`
	ConversionCopiesOrigin bool `json:"conversion_copies_origin"`
	// ConversionDelayMS is how much later than the lead's change the deal appears.
	ConversionDelayMS int `json:"conversion_delay_ms"`
	// RestoreKeepsID gives a record out of the recycle bin its old id instead of a new one (OPEN.md E9). RestoreNewRows
	// gives its rows new ids instead of their old ones (OPEN.md D12).
	RestoreKeepsID bool `json:"restore_keeps_id"`
	RestoreNewRows bool `json:"restore_new_rows"`
	// CopyKeepsOrigin lets the robot «Копировать сделку» copy the external key, as older portals do (REST.md 13.4).
	CopyKeepsOrigin bool `json:"copy_keeps_origin"`
	// EightIsSeven makes 8 and +7 the same in the search for duplicates (OPEN.md D2).
	EightIsSeven bool `json:"eight_is_seven"`
	// DuplicateLagMS is how long a new record is unknown to that search (OPEN.md D3).
	DuplicateLagMS int `json:"duplicate_lag_ms"`

	// EventHandlerID and EventEndpoints put into events the parts that one sample of the documents lacks (OPEN.md E4).
	EventHandlerID bool `json:"event_handler_id"`
	EventEndpoints bool `json:"event_endpoints"`
	// CommentEventFields puts data[FIELDS][ID] into the events of timeline comments instead of data[ID] (OPEN.md E7).
	CommentEventFields bool `json:"comment_event_fields"`
	// HandlerTimeoutMS is how long the portal waits for the handler of an event (OPEN.md E1).
	HandlerTimeoutMS int `json:"handler_timeout_ms"`
	// CRMRights lets the webhook's owner read and write the CRM. Without it the methods answer "Access denied.".
	CRMRights bool `json:"crm_rights"`
	// TelephonyRights lets the webhook's owner manage numbers and call.
	TelephonyRights bool `json:"telephony_rights"`
}

// DefaultBehaviour returns what OPEN.md assumes, with the limits switched off.
func DefaultBehaviour() Behaviour {
	return Behaviour{
		FailedReference: "text", WrongCodeStatus: 401, WrongCodeError: "INVALID_CREDENTIALS", MethodBeforeCredentials: true,
		MaxInputVars: 10_000, BucketSize: 50, BucketRate: 2, BucketFirst: true, OperatingSeconds: 480, BatchSize: 50,
		RequestSeconds:       60,
		OldUpdateAlwaysSaves: true, RowsAlwaysSave: true, LinkSavesOwner: true, CloseDateOnClose: true,
		CopyKeepsOrigin: true,
		UnknownValues:   "store", UnknownStage: "error",
		SimpleLeadReadable: true, EventHandlerID: true, EventEndpoints: true, HandlerTimeoutMS: 5000, CRMRights: true,
		TelephonyRights: true,
	}
}

// Behaviour returns a copy of the switches.
func (p *Portal) Behaviour() Behaviour {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.behaviour
}

// SetBehaviour changes switches: p.SetBehaviour(func(b *emulator.Behaviour) { b.FailedReference = "container" }). The
// function runs under the portal's lock and must not call the portal.
func (p *Portal) SetBehaviour(change func(*Behaviour)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.behaviour)
}

// mergeBehaviour sets the switches that a JSON object names. With an unknown name or value nothing is changed.
func (p *Portal) mergeBehaviour(body []byte) error {
	next := p.behaviour
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&next); err != nil {
		return fmt.Errorf("behaviour: %w", err)
	}
	if next.FailedReference != "text" && next.FailedReference != "container" {
		return fmt.Errorf("behaviour: failed_reference is text or container, not %q", next.FailedReference)
	}
	if next.UnknownValues != "store" && next.UnknownValues != "error" {
		return fmt.Errorf("behaviour: unknown_values is store or error, not %q", next.UnknownValues)
	}
	if next.UnknownStage != "error" && next.UnknownStage != "keep" {
		return fmt.Errorf("behaviour: unknown_stage is error or keep, not %q", next.UnknownStage)
	}
	p.behaviour = next
	return nil
}
