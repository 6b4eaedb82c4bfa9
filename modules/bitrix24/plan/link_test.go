package plan_test

import (
	"testing"
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

func TestIsNews_onlyWhatWasModifiedSinceTheLinkWasSeen(t *testing.T) {
	l := &plan.Link{UpdatedAt: noon.Add(300 * time.Millisecond)}
	const ahead, timeout = 5 * time.Second, 10 * time.Second
	for modified, want := range map[time.Duration]bool{
		-6 * time.Second: false, // before the request that may have read it
		-5 * time.Second: true,  // within it
		time.Minute:      true,
	} {
		if got := l.IsNews(noon.Add(modified), ahead, timeout); got != want {
			t.Errorf("modified %s after: news %t, want %t", modified, got, want)
		}
	}
}
