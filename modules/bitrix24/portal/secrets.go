package portal

import (
	"context"
	"errors"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/settings"
)

// ErrSecrets means that the webhooks' code or token cannot be opened with the keys of this process. Its text is for
// people.
var ErrSecrets = errors.New("код и токены вебхуков не читаются: они запечатаны ключом, которого нет в SECRET_KEY. " +
	"Добавьте прежний ключ в SECRET_KEY через запятую после нового и перезапустите панель, " +
	"либо впишите код и токен заново и сохраните настройки")

// sealed are the secrets of the settings with their places.
func (s *Settings) sealed() map[*settings.Sealed]string {
	return map[*settings.Sealed]string{&s.Code: CodePlace, &s.Token: TokenPlace, &s.OldToken: TokenPlace}
}

// SealAnew seals the secrets with the first key that an older one had sealed, so that the older key may be taken out of
// SECRET_KEY after a start. What no key opens stays as it is: the key may come back.
func (p *Portals) SealAnew(ctx context.Context) error {
	return p.DB.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
		return settings.Change(tx, p.Settings, Document, func(s *Settings) (changed bool) {
			for secret, place := range s.sealed() {
				anew, err := p.Settings.Keys.SealAnew(place, *secret)
				if err != nil {
					p.Log.WithError(err).Error("a secret stays sealed as it is")
					continue
				}
				if anew != *secret {
					*secret, changed = anew, true
				}
			}
			return changed
		})
	})
}

// CheckSecrets returns ErrSecrets if the code or the token of the webhooks cannot be opened.
func (p *Portals) CheckSecrets(s Settings) error {
	_, codeErr := p.Settings.Keys.Open(CodePlace, s.Code)
	_, tokenErr := p.Settings.Keys.Open(TokenPlace, s.Token)
	if codeErr != nil || tokenErr != nil {
		return ErrSecrets
	}
	return nil
}
