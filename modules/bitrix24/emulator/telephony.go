package emulator

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// A phoneCall is a call that somebody ordered through the telephony methods; nobody is rung.
type phoneCall struct {
	ID     string    `json:"CALL_ID"`
	Method string    `json:"METHOD"`
	Line   string    `json:"FROM_LINE"`
	Number string    `json:"TO_NUMBER"`
	Text   string    `json:"TEXT_TO_PRONOUNCE"`
	User   int64     `json:"USER_ID"`
	At     time.Time `json:"AT"`
}

// phoneLines are the lines of the portal: id and name.
var phoneLines = [][2]string{{"reg150907", "SIP-линия офиса"}, {"sip7", "Офисная АТС"}, {"reg151083", "Облачная АТС"}}

// telephonyMethods are voximplant.* and telephony.* (REST.md 19).
func (m methods) telephonyMethods() {
	m.add("telephony", map[string]func(*call) (any, error){
		"voximplant.line.get":                      withRights(lineGet),
		"voximplant.line.outgoing.get":             withRights(func(c *call) (any, error) { return c.line, nil }),
		"voximplant.line.outgoing.set":             withRights(lineSet),
		"voximplant.callback.start":                withRights(callbackStart),
		"voximplant.statistic.get":                 withRights(callStatistic),
		"telephony.externalCall.show":              externalCall,
		"telephony.externalCall.hide":              externalCall,
		"telephony.externalCall.searchCrmEntities": searchCRM,
	})
	m.add("telephony+call", map[string]func(*call) (any, error){
		"voximplant.infocall.startwithtext":  withRights(infocall("TEXT_TO_PRONOUNCE")),
		"voximplant.infocall.startwithsound": withRights(infocall("URL")),
	})
}

// withRights refuses a method when Behaviour.TelephonyRights is off.
func withRights(run func(*call) (any, error)) func(*call) (any, error) {
	return func(c *call) (any, error) {
		if !c.behaviour.TelephonyRights {
			return nil, refuse(http.StatusForbidden, "ACCESS_DENIED", "Access denied!")
		}
		return run(c)
	}
}

// lineGet is voximplant.line.get.
func lineGet(*call) (any, error) {
	out := &php.Array{}
	for _, l := range phoneLines {
		out.Set(l[0], l[1])
	}
	return out, nil
}

// lineSet is voximplant.line.outgoing.set. It takes any id and answers 1, as documented.
func lineSet(c *call) (any, error) {
	c.line = php.String(c.params.Get("LINE_ID"))
	c.save()
	return int64(1), nil
}

// knownLine reports whether the portal has that line.
func knownLine(id string) bool {
	for _, l := range phoneLines {
		if l[0] == id {
			return true
		}
	}
	return false
}

// ring notes a call and sends the event of its end at once; nobody is rung. spoken is the text or the address of the
// sound.
func (c *call) ring(prefix, method, spoken string) (any, error) {
	line, number := php.String(c.params.Get("FROM_LINE")), php.String(c.params.Get("TO_NUMBER"))
	switch digits := phoneDigits(number); {
	case !knownLine(line):
		return nil, failed("ERROR_CORE", "Could not find line "+line)
	case len(digits) < 7 || len(digits) > 15:
		return nil, failed("ERROR_CORE", "Phone number is not correct")
	case spoken == "":
		return nil, failed("ERROR_CORE", "Required parameters are not set")
	}
	x := phoneCall{
		ID: prefix + "." + randomCode(32) + "." + strconv.FormatInt(c.now().Unix(), 10), Method: method, Line: line,
		Number: number, Text: spoken,
		User: c.hook.UserID, At: c.moment(),
	}
	c.calls = append(c.calls, x)
	kind := map[string]string{"callback": "4", "infocall": "5"}[prefix]
	c.emit("ONVOXIMPLANTCALLEND", 0,
		"data[CALL_ID]", x.ID, "data[CALL_TYPE]", kind, "data[PHONE_NUMBER]", number,
		"data[PORTAL_USER_ID]", php.String(x.User), "data[CALL_DURATION]", "42",
		"data[CALL_START_DATE]", c.showTime(x.At), "data[CALL_FAILED_CODE]", "200",
		"data[CALL_FAILED_REASON]", "Success call",
	)
	return php.Map("RESULT", true, "CALL_ID", x.ID), nil
}

// callbackStart is voximplant.callback.start.
func callbackStart(c *call) (any, error) {
	return c.ring("callback", "voximplant.callback.start", php.String(c.params.Get("TEXT_TO_PRONOUNCE")))
}

// infocall is voximplant.infocall.startwithtext or startwithsound, by the parameter that says what is played.
func infocall(param string) func(*call) (any, error) {
	return func(c *call) (any, error) {
		return c.ring("infocall", "voximplant.infocall", php.String(c.params.Get(param)))
	}
}

// callStatistic is voximplant.statistic.get: the calls that the other methods ordered.
func callStatistic(c *call) (any, error) {
	out := &php.Array{}
	for i, x := range c.calls {
		out.Append(php.Map(
			"ID", php.String(int64(i+1)), "CALL_ID", x.ID, "PORTAL_USER_ID", php.String(x.User),
			"PORTAL_NUMBER", x.Line, "PHONE_NUMBER", x.Number,
			"CALL_TYPE", map[bool]string{true: "4", false: "5"}[strings.HasPrefix(x.ID, "callback")],
			"CALL_DURATION", "42", "CALL_START_DATE", c.showTime(x.At), "CALL_FAILED_CODE", "200",
			"CALL_FAILED_REASON", "Success call",
		))
	}
	c.counted, c.total = true, out.Len()
	return out, nil
}

// externalCall is telephony.externalCall.show and telephony.externalCall.hide. Registering a call needs an
// application, so only the shape of the id is checked.
func externalCall(c *call) (any, error) {
	id, ok := c.params.Get("CALL_ID").(string)
	switch {
	case !ok:
		return nil, failed("INVALID_ARGUMENT", "CALL_ID must be a string")
	case !strings.HasPrefix(id, "externalCall."):
		return nil, failed("ERROR_NOT_FOUND", "Call is not found")
	}
	return true, nil
}

// searchCRM is telephony.externalCall.searchCrmEntities: whose number is it?
func searchCRM(c *call) (any, error) {
	out := &php.Array{}
	for _, e := range []*entity{c.contacts, c.companies, c.leads} {
		for _, id := range c.commOf(e.typeID, "PHONE", php.String(c.params.Get("PHONE_NUMBER"))) {
			r := e.rows[id]
			out.Append(php.Map(
				"CRM_ENTITY_TYPE", e.code, "CRM_ENTITY_ID", id, "ASSIGNED_BY_ID", e.integer(r, "ASSIGNED_BY_ID"),
				"NAME", c.nameOf(e, r),
			))
		}
	}
	return out, nil
}
