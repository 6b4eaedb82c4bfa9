package organizations

import (
	"context"
	"fmt"
	"strings"

	"github.com/pixlpark/panel/app/email"
	"github.com/pixlpark/panel/app/pasted"
	"github.com/pixlpark/panel/app/phone"
	"github.com/pixlpark/panel/app/refusal"
)

// check refuses what cannot be saved and brings phone, e-mail and search text into their stored form.
func (s *Service) check(ctx context.Context, o *Organization) error {
	if err := trim("Name", &o.Name, 250); err != nil {
		return err
	}
	if o.Name == "" {
		return refusal.Value("Name", "Укажите название организации.")
	}
	if err := trim("Address", &o.Address, 500); err != nil {
		return err
	}
	if err := trim("ExternalNumber", &o.ExternalNumber, 100); err != nil {
		return err
	}
	if o.Status.Label() == "" {
		return refusal.Value("Status", "Нет такого статуса.")
	}
	if o.Type.Label() == "" {
		return refusal.Value("Type", "Нет такого типа компании.")
	}
	var err error
	if o.Email, err = email.Parse(o.Email); err != nil {
		return err
	}
	if o.Phone, err = phone.Parse(o.Phone); err != nil {
		return err
	}
	search := []string{o.Name, o.Email, o.Phone, o.Address, o.ExternalNumber}
	for i := range o.LegalEntities {
		if err := o.LegalEntities[i].check(); err != nil {
			return refusal.In(fmt.Sprintf("LegalEntities[%d]", i), err)
		}
		search = append(search, o.LegalEntities[i].Name, o.LegalEntities[i].INN)
	}
	o.Search = strings.ToLower(strings.Join(search, " "))
	return s.checkEmployees(ctx, o)
}

func (s *Service) checkEmployees(ctx context.Context, o *Organization) error {
	ids := make([]int64, len(o.Employees))
	for i, e := range o.Employees {
		ids[i] = e.ClientID
	}
	people, err := s.clients.FindMany(ctx, ids)
	if err != nil {
		return err
	}
	seen := map[int64]bool{}
	for i, e := range o.Employees {
		place := fmt.Sprintf("Employees[%d]", i)
		switch {
		case people[e.ClientID] == nil:
			return refusal.Value(place+".ClientId", "Клиента №\u00a0%d нет.", e.ClientID)
		case seen[e.ClientID]:
			return refusal.Value(place+".ClientId", "Клиент №\u00a0%d указан дважды.", e.ClientID)
		case e.Role.Label() == "":
			return refusal.Value(place+".Role", "Нет такой роли.")
		}
		seen[e.ClientID] = true
	}
	return nil
}

func (l *LegalEntity) check() error {
	for _, f := range []struct {
		field  string
		value  *string
		max    int
		digits []int // permitted numbers of digits; nil for free text
	}{
		{"Name", &l.Name, 250, nil},
		{"Inn", &l.INN, 12, []int{10, 12}},
		{"Kpp", &l.KPP, 9, []int{9}},
		{"Ogrn", &l.OGRN, 15, []int{13, 15}},
		{"Address", &l.Address, 500, nil},
		{"Bank", &l.Bank, 250, nil},
		{"Bik", &l.BIK, 9, []int{9}},
		{"Account", &l.Account, 20, []int{20}},
		{"CorrAccount", &l.CorrAccount, 20, []int{20}},
	} {
		if f.digits != nil {
			*f.value = pasted.Code(*f.value)
		}
		if err := trim(f.field, f.value, f.max); err != nil {
			return err
		}
		if f.digits != nil && *f.value != "" && !digits(*f.value, f.digits) {
			return refusal.Value(f.field, "Должно быть цифр: %s.",
				strings.Trim(strings.ReplaceAll(fmt.Sprint(f.digits), " ", " или "), "[]"))
		}
	}
	if l.Name == "" {
		return refusal.Value("Name", "Укажите название юридического лица.")
	}
	return nil
}

func digits(s string, lengths []int) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	for _, n := range lengths {
		if len(s) == n {
			return true
		}
	}
	return false
}

func trim(field string, text *string, limit int) error {
	*text = pasted.Line(*text)
	if len([]rune(*text)) > limit {
		return refusal.Value(field, "Слишком длинно: не больше %d знаков.", limit)
	}
	if strings.ContainsRune(*text, 0) {
		return refusal.Value(field, "В тексте недопустимый знак.")
	}
	return nil
}
