package daemon

import (
	"testing"
	"time"

	"postrider/digest"
	"postrider/forum"
)

// newBundleWorld is newAlertWorld with alerts about all replies, which Anna gets in bundles of an hour.
func newBundleWorld(t *testing.T) *world {
	t.Helper()
	w := newAlertWorld(t)
	w.setAlertMode(digest.EveryReply)
	w.updatePreferences(func(c *digest.Preferences) { c.Bundle = digest.Hourly })
	return w
}

func TestBundle_AlertsOfAnHourAreOneEmail(t *testing.T) {
	t.Parallel()
	w := newBundleWorld(t)
	known, other := w.thread(tonight), w.thread(tonight)
	all := []forum.PostID{w.writePost(known)}
	w.round()
	for range 5 {
		w.advanceClock(11 * time.Minute)
		all = append(all, w.writePost(known), w.writeText(other, writer, "@anna, look"))
		w.round()
		w.wantAlerts("anna")
	}
	w.advanceClock(5 * time.Minute) // an hour after the first
	got := w.postsInMessages()
	for _, id := range all {
		if !got[id] {
			t.Errorf("the bundle lacks post %d of %v", id, all)
		}
	}
	next := w.writePost(known) // begins another bundle
	w.advanceClock(59 * time.Minute)
	w.wantAlerts("anna")
	w.advanceClock(time.Minute)
	w.wantAlerts("anna", posts(next))
}

func TestBundle_SiteSettingAppliesToMembersWithoutAChoice(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.set.Alerts.Bundle = digest.QuarterHour
	w.setAlertMode(digest.EveryReply)
	thread := w.thread(tonight)
	p := w.writePost(thread)
	w.round()
	w.advanceClock(10 * time.Minute)
	w.wantAlerts("anna")
	q := w.writePost(thread)
	w.round()
	w.advanceClock(5 * time.Minute)
	w.wantAlerts("anna", posts(p, q))

	w.updatePreferences(func(c *digest.Preferences) { c.Bundle = digest.AtOnce })
	r := w.writePost(thread)
	w.round()
	w.advanceClock(time.Minute)
	w.wantAlerts("anna", posts(r))
}

func TestBundle_ChecksEachPostAgainBeforeItIsSent(t *testing.T) {
	t.Parallel()
	w := newBundleWorld(t)
	thread, moved := w.thread(tonight), w.thread(tonight)
	p, deleted, hidden := w.writePost(thread), w.writePost(thread), w.writePost(moved)
	w.round()
	w.execSQL(`UPDATE post SET state = 'deleted' WHERE id = ?`, deleted)
	w.execSQL(`UPDATE thread SET section_id = ? WHERE id = ?`, guardsvan, moved)
	w.advanceClock(time.Hour)
	w.wantAlerts("anna", posts(p))
	if got := w.postsInMessages(); got[hidden] {
		t.Error("a post that Anna may no longer read was sent")
	}
}

func TestBundle_AnotherChoiceReleasesWhatWaits(t *testing.T) {
	t.Parallel()
	for _, to := range []digest.Bundle{digest.AtOnce, digest.QuarterHour} {
		w := newBundleWorld(t)
		thread := w.thread(tonight)
		p := w.writePost(thread)
		w.round()
		w.advanceClock(20 * time.Minute)
		w.updatePreferences(func(c *digest.Preferences) { c.Bundle = to })
		q := w.writePost(thread)
		w.advanceClock(time.Second)
		w.advanceClock(16 * time.Minute)
		all := w.postsInMessages()
		if !all[p] || !all[q] {
			t.Errorf("after a change to %s, Anna got %v, want %d and %d", to, all, p, q)
		}
		w.advanceClock(2 * time.Hour)
		w.setClock(5, "08:00")
		w.round()
		w.wantAlerts("anna") // nothing twice
	}
}

func TestBundle_SurvivesARestart(t *testing.T) {
	t.Parallel()
	w := newBundleWorld(t)
	thread := w.thread(tonight)
	p := w.writePost(thread)
	w.round()
	w.restart()
	q := w.writePost(thread)
	w.round()
	w.wantAlerts("anna")
	w.advanceClock(time.Hour)
	w.wantAlerts("anna", posts(p, q))
}

func TestBundle_WaitsForTheEndOfQuietHours(t *testing.T) {
	t.Parallel()
	w := newBundleWorld(t)
	w.updatePreferences(func(c *digest.Preferences) { c.Quiet = &digest.QuietHours{From: 11, Until: 13} })
	thread := w.thread(tonight)
	w.setClock(4, "10:30")
	p := w.writePost(thread)
	w.round()
	w.setClock(4, "11:30")
	w.round()
	q := w.writePost(thread)
	w.round()
	w.wantAlerts("anna")
	w.setClock(4, "13:00")
	w.round()
	w.wantAlerts("anna", posts(p, q))
}
