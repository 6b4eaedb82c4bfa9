package app_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/pixlpark/panel/app"
)

func TestNew_inDevelopmentShowsWhatWasJustEdited(t *testing.T) {
	sources := t.TempDir()
	for _, folder := range []string{"templates", "static"} {
		if err := os.CopyFS(sources+"/"+folder, os.DirFS("../"+folder)); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(sources)
	cfg := app.Config{
		DataDir: t.TempDir(), Addr: "127.0.0.1:0", TimeZone: "UTC", LogLevel: "panic",
		LogFormat: "text", Dev: true,
	}
	log, err := cfg.Logger()
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), cfg, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	page := func() string {
		answer := httptest.NewRecorder()
		a.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/login", nil))
		return answer.Body.String()
	}
	if !strings.Contains(page(), "Пароль") {
		t.Fatal("no page to sign in")
	}
	text, err := os.ReadFile("templates/panel/login.html")
	if err == nil {
		err = os.WriteFile("templates/panel/login.html", []byte(strings.ReplaceAll(string(text), "Пароль", "Тайное слово")),
			0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page(), "Тайное слово") {
		t.Error("an edited template is not shown")
	}
}
