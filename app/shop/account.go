package shop

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

// accountPage is signing in and registering.
type accountPage struct {
	page
	Organization bool // registering an organization, not just a person
}

func (s *shop) loginPage(c echo.Context) error {
	if visitorOf(c).Client != nil {
		return panel.SeeOther(c, root+"/orders")
	}
	return s.render(c, http.StatusOK, "login", accountPage{page: s.page(c, "Вход")})
}

func (s *shop) login(c echo.Context) error {
	typed, err := panel.Values(c)
	if err != nil {
		return err
	}
	view := accountPage{page: s.page(c, "Вход")}
	client, err := s.authenticate(c, typed.Get("Email"), typed.Get("password"))
	status, err := retryLater(c, err)
	if view.refused(err, typed) {
		return s.render(c, status, "login", view)
	}
	if err != nil {
		return err
	}
	return s.enter(c, client)
}

// retryLater turns too many attempts into words, and returns the status of a refused form.
func retryLater(c echo.Context, err error) (int, error) {
	many, ok := errors.AsType[*staff.TooManyAttempts](err)
	if !ok {
		return http.StatusUnprocessableEntity, err
	}
	c.Response().Header().Set("Retry-After", fmt.Sprint(int(math.Ceil(many.Wait.Seconds()))))
	return http.StatusTooManyRequests,
		refusal.Value("", "Слишком много попыток. Подождите минут: %d.", int(math.Ceil(many.Wait.Minutes())))
}

// enter signs in and leads to where the visitor was going.
func (s *shop) enter(c echo.Context, client *clients.Client) error {
	if err := s.signIn(c, client); err != nil {
		return err
	}
	account := accountOf(client.EmailText())
	s.Panel.RememberBrowser(c, account, s.Panel.Caller(c, account))
	if len(visitorOf(c).Cart) > 0 {
		return panel.SeeOther(c, root+"/checkout")
	}
	return panel.SeeOther(c, root+"/orders")
}

var errWrongPassword = refusal.Value("password", "Неверная почта или пароль.")

// accountOf names the client's account beside those of employees.
func accountOf(email string) string { return "shop " + staff.NormalEmail(email) }

// authenticate returns the client of an e-mail and password. Attempts are limited as those of employees are.
func (s *shop) authenticate(c echo.Context, email, password string) (*clients.Client, error) {
	ctx := c.Request().Context()
	account := accountOf(email)
	if len(account) > 300 {
		return nil, errWrongPassword
	}
	caller := s.Panel.Caller(c, account)
	if err := s.Panel.Staff.CountAttempt(ctx, account, caller); err != nil {
		return nil, err
	}
	client, err := s.Clients.ByEmail(ctx, email)
	if _, unknown := refusal.From(err); err != nil && !unknown {
		return nil, err
	}
	hash := s.Panel.Staff.Decoy()
	if client != nil && client.PasswordHash != "" {
		hash = staff.Hash(client.PasswordHash)
	}
	matches, err := s.Panel.Staff.Matches(ctx, staff.Visiting, hash, password)
	if err != nil {
		return nil, err
	}
	if !matches {
		return nil, errWrongPassword
	}
	return client, s.Panel.Staff.ForgiveAttempts(ctx, account, caller)
}

func (s *shop) logout(c echo.Context) error {
	ctx, sessions := c.Request().Context(), s.Panel.Sessions()
	if err := sessions.RenewToken(ctx); err != nil {
		return fmt.Errorf("renew session: %w", err)
	}
	sessions.Remove(ctx, clientKey)
	return panel.SeeOther(c, root)
}

func (s *shop) registerPage(c echo.Context) error {
	return s.render(c, http.StatusOK, "register",
		accountPage{s.page(c, "Регистрация"), c.QueryParam("as") == "organization"})
}

func (s *shop) register(c echo.Context) error {
	typed, err := panel.Values(c)
	if err != nil {
		return err
	}
	view := accountPage{s.page(c, "Регистрация"), typed.Get("as") == "organization"}
	var client *clients.Client
	err = s.Panel.Staff.CountRegistration(c.Request().Context(), staff.Caller{Address: c.RealIP()})
	if err == nil {
		client, err = s.newAccount(c.Request().Context(), typed, view.Organization)
	}
	status, err := retryLater(c, err)
	if view.refused(err, typed) {
		return s.render(c, status, "register", view)
	}
	if err != nil {
		return err
	}
	s.notice(c, "Вы зарегистрированы. Добро пожаловать!")
	return s.enter(c, client)
}

// errTaken leaves open whose the e-mail or the phone is, and which of the two.
var errTaken = refusal.Value("", "С этими почтой и телефоном зарегистрироваться не получилось. "+
	"Если вы уже заказывали у нас, войдите или позвоните нам.")

// newAccount registers the client and, when it is one, his organization with its legal entity, both or none.
func (s *shop) newAccount(ctx context.Context, typed url.Values, organization bool) (*clients.Client, error) {
	client := clients.Client{
		FirstName: typed.Get("FirstName"), LastName: typed.Get("LastName"), SecondName: typed.Get("SecondName"),
	}
	if strings.TrimSpace(client.FirstName) == "" {
		return nil, refusal.Value("FirstName", "Представьтесь, пожалуйста.")
	}
	if strings.TrimSpace(typed.Get("Email")) == "" {
		return nil, refusal.Value("Email", "Укажите почту: по ней вы будете входить.")
	}
	if err := client.SetEmail(typed.Get("Email")); err != nil {
		return nil, err
	}
	if err := client.SetPhone(typed.Get("Phone")); err != nil {
		return nil, err
	}
	password := typed.Get("password")
	if staff.CheckPassword(password) != nil || len(password) > 200 {
		return nil, refusal.Value("password", "Пароль — не короче восьми знаков.")
	}
	hash, err := s.Panel.Staff.NewHash(ctx, staff.Visiting, password)
	if err != nil {
		return nil, err
	}
	client.PasswordHash = string(hash)
	var registered *clients.Client
	err = s.Panel.DB.Transaction(ctx, func(ctx context.Context, _ *db.Tx) error {
		var err error
		registered, err = s.Clients.Register(ctx, staff.Site(), client)
		if no, ok := refusal.From(err); ok && no.Kind == refusal.Conflict {
			return errTaken
		}
		if err != nil || !organization {
			return err
		}
		_, err = s.Organizations.Register(ctx, staff.Site(), newOrganization(typed, registered))
		return refusal.In("organization", err)
	})
	if err != nil {
		return nil, err
	}
	return registered, nil
}

// newOrganization is the organization of a form, with whoever registers it as its administrator.
func newOrganization(typed url.Values, client *clients.Client) organizations.Organization {
	get := func(name string) string { return typed.Get("organization." + name) }
	entity := func(name string) string { return get("LegalEntities[0]." + name) }
	name := entity("Name")
	if strings.TrimSpace(name) == "" {
		name = get("Name")
	}
	return organizations.Organization{
		Name: get("Name"), Address: get("Address"), Email: client.EmailText(), Phone: client.PhoneText(),
		Type: organizations.Customer,
		LegalEntities: []organizations.LegalEntity{{
			Name: name, INN: entity("Inn"), KPP: entity("Kpp"), OGRN: entity("Ogrn"), Address: entity("Address"),
			Bank: entity("Bank"), BIK: entity("Bik"), Account: entity("Account"), CorrAccount: entity("CorrAccount"),
		}},
		Employees: []organizations.Employee{{ClientID: client.ID, Role: organizations.Administrator}},
	}
}
