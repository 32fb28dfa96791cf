package daemon

import (
	"testing"
	"time"

	"postrider/digest"
	"postrider/forum"
)

func TestNewThreadsOnly_MentionsComeWithDigestsOfOverriddenSection(t *testing.T) {
	t.Parallel()
	for override, day := range map[digest.Cadence]int{digest.WithDigest: 5, digest.Weekly: 11} {
		w := newAlertWorld(t) // Monday, 4 May
		w.setOverride(101, tonight, override)
		yes := true
		w.updatePreferences(func(c *digest.Preferences) { c.NewThreadsOnly = &yes })
		known := w.thread(tonight)
		w.round()
		w.relay.forget()
		reply, mention := w.writePost(known), w.writeText(known, writer, "@anna, look")
		w.round()
		w.advanceClock(time.Minute)
		for d := 5; d < day; d++ {
			w.setClock(d, "08:00")
			w.round()
		}
		w.wantAlerts("anna")
		w.setClock(day, "08:00")
		w.round()
		if got := w.postsInMessages(); !got[mention] || got[reply] {
			t.Errorf("override %s: Anna got %v, want %d and not %d", override, got, mention, reply)
		}
		w.setClock(day+7, "08:00")
		w.round()
		w.wantAlerts("anna") // nothing twice
	}
}

func TestNewThreadsOnly_LeavesOutRepliesExceptOfWatchedThreads(t *testing.T) {
	t.Parallel()
	for _, alerts := range []bool{true, false} {
		w := newDailyWorld(t)
		if alerts {
			w = newAlertWorld(t)
			w.setAlertMode(digest.EveryReply)
		}
		yes := true
		w.updatePreferences(func(c *digest.Preferences) { c.NewThreadsOnly = &yes })
		known, watched := w.thread(tonight), w.thread(tonight)
		mail := 0
		if alerts {
			mail = 1
		}
		w.watchThread(101, watched, mail)
		w.round()
		w.relay.forget()
		reply, watchedReply, quote := w.writePost(known), w.writePost(watched), w.writeText(known, writer, "@anna, look")
		opened := w.thread(tonight)
		w.execSQL(`UPDATE post SET posted_at = ? WHERE thread_id = ?`, w.clock().Unix(), opened)
		opening := forum.PostID(w.queryInt(`SELECT first_post_id FROM thread WHERE id = ?`, opened))
		w.round()
		w.setClock(5, "08:00")
		w.round()
		got := w.postsInMessages()
		if !got[watchedReply] || !got[opening] || alerts && !got[quote] {
			t.Errorf("alerts %t: Anna got %v, want %d, %d and %d", alerts, got, watchedReply, opening, quote)
		}
		if got[reply] {
			t.Errorf("alerts %t: Anna got reply %d in a section watched for new threads only", alerts, reply)
		}
		no := false
		w.updatePreferences(func(c *digest.Preferences) { c.NewThreadsOnly = &no })
		next := w.writePost(known)
		w.setClock(6, "08:00")
		w.round()
		if got := w.postsInMessages(); !got[next] {
			t.Errorf("alerts %t: after turning it off, Anna got %v, want %d", alerts, got, next)
		}
	}
}
