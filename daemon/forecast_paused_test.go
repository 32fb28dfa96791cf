package daemon

import (
	"testing"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/mail"
)

// A pause that ends within the period delays the edition until then.
func TestForecast_PausedMember(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	w.setPreferences(101, digest.Preferences{PausedUntil: w.clock().Add(2 * time.Hour)})
	w.round()
	p := w.writePost(w.thread(tonight))
	w.round()
	_, list := w.forecast(w.set, w.clock().Add(24*time.Hour))
	if f := list[0]; f.Member != 101 || !f.WouldSend() || f.Posts != 1 || f.Due.Format("2 15:04") != "5 08:00" {
		t.Errorf("forecast %+v", f)
	}
	w.setClock(5, "08:00")
	w.round()
	w.wantMessages("anna", posts(p))
}

// Digests leave out posts for which the next round would plan an alert, and bring those of alerts that failed.
func TestForecast_PostsOfAlerts(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	p := w.writePost(w.thread(tonight))
	w.round()
	w.relay.answerWith(mail.Refused, 554)
	w.advanceClock(2 * time.Minute)
	w.relay.acceptAll()
	q := w.writePost(w.thread(tonight)) // not sighted yet
	r, list := w.forecast(w.set, w.clock().Add(24*time.Hour))
	if f := list[0]; f.Member != 101 || f.Posts != 1 || r.Posts != 1 {
		t.Errorf("forecast %+v, in all %d posts", f, r.Posts)
	}
	w.round()
	w.advanceClock(2 * time.Minute)
	w.wantMessages("anna", posts(q))
	w.setClock(5, "08:00")
	w.round()
	w.wantMessages("anna", []forum.PostID{p})
}

// An edition that still waits brings its posts, and the next one begins after it.
func TestForecast_BeginsAfterAWaitingEdition(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	p := w.writePost(thread)
	w.relay.answerWith(mail.TempFail, 450)
	w.setClock(5, "08:00")
	w.round()
	w.relay.acceptAll()
	q := w.writePost(thread)
	_, list := w.forecast(w.set, w.clock().Add(25*time.Hour))
	if f := list[0]; f.Member != 101 || f.Posts != 1 {
		t.Errorf("forecast %+v", f)
	}
	w.setClock(5, "09:00")
	w.round()
	w.wantMessages("anna", posts(p))
	w.setClock(6, "08:00")
	w.round()
	w.wantMessages("anna", posts(q))
}
