package bitrix24_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"time"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/panel/paneltest"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
)

// What an administrator saves in the settings.

// chooseFunnel has new deals made in another funnel. Those that are there stay where they are.
func chooseFunnel(c *chaos, random *rand.Rand) {
	value := ""
	if funnel := c.funnel(random); funnel != 0 {
		value = fmt.Sprint(funnel)
	}
	c.saveSettings("category_id", value)
}

// chooseResponsible has new deals given to another employee.
func chooseResponsible(c *chaos, random *rand.Rand) {
	c.saveSettings("responsible_id", []string{"", "1"}[random.IntN(2)])
}

// renamePortal has the other address of the portal saved. All links are kept.
func renamePortal(c *chaos, random *rand.Rand) {
	c.saveSettings("portal_url", c.addresses[random.IntN(len(c.addresses))])
}

// saveSettings changes one field of the form. Whoever is told that it cannot be done now tries again, some times.
func (c *chaos) saveSettings(name, value string) {
	why := ""
	for range 20 {
		if c.ctx.Err() != nil {
			return
		}
		if why = c.submit(name, value); why == "" {
			return
		}
		pause(c.ctx, 200*time.Millisecond)
	}
	c.t.Logf("%s = %q could not be saved: %.500s", name, value, why)
	c.note("settings not saved")
}

// submit signs in, opens the form, and saves it. It says why that failed.
func (c *chaos) submit(name, value string) (why string) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err.Error()
	}
	browser := &http.Client{
		Jar: jar, Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	login := url.Values{"email": {"admin@demo"}, "password": {app.DemoPassword}}
	answer, err := paneltest.Read(browser.PostForm(c.fleet.url()+"/login", login))
	if err != nil || answer.Status != http.StatusSeeOther {
		return fmt.Sprint("sign in: ", answer.Status, err)
	}
	answer, err = paneltest.Read(browser.Get(c.fleet.url() + bitrix24test.SettingsPage))
	if err != nil || answer.Status != http.StatusOK {
		return fmt.Sprint("open: ", answer.Status, err)
	}
	values := apptest.Fields(answer.Text, "bitrix24.")
	values.Del("bitrix24." + name)
	if value != "" || name == "category_id" || name == "responsible_id" {
		values.Set("bitrix24."+name, value)
	}
	answer, err = paneltest.Read(browser.PostForm(c.fleet.url()+bitrix24test.SettingsPage+"/bitrix24", values))
	if err != nil || answer.Status != http.StatusSeeOther {
		return fmt.Sprint("save: ", answer.Status, err, answer.Text)
	}
	return ""
}
