package daemon

import (
	"testing"
	"time"

	"postrider/digest"
	"postrider/forum"
)

func TestDigest_EveryTwoWeeksBringsAllOfThem(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	w.updatePreferences(func(c *digest.Preferences) {
		c.Schedule.Cadence, c.Schedule.Weekday = digest.EveryTwoWeeks, time.Monday
	})
	var sent int
	var since []forum.PostID
	for day := 5; day < 5+28; day++ {
		w.setClock(day, "07:00")
		since = append(since, w.writePost(thread))
		w.setClock(day, "08:00")
		w.round()
		switch got := w.relay.takeMessages(w, address("anna")); {
		case len(got) == 0:
		case len(got) != 1 || len(got[0]) != len(since):
			t.Errorf("on day %d Anna got messages with posts %v, want one with %v", day, got, since)
		default:
			sent, since = sent+1, nil
		}
	}
	if sent != 2 {
		t.Errorf("%d digests in four weeks, want 2", sent)
	}
}
