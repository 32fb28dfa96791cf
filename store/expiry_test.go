package store_test

import (
	"slices"
	"testing"
	"time"

	"postrider/store"
)

func alertPlan(key string) store.Plan {
	return store.Plan{Key: key, Kind: "alert", Member: 1, Priority: 10}
}

func expire(t testing.TB, s *store.Store, at time.Time) []string {
	t.Helper()
	var keys []string
	for _, m := range must(s.Outbox.Expire(t.Context(), at))(t) {
		keys = append(keys, m.Key)
	}
	slices.Sort(keys)
	return keys
}

func TestAnAlertThatNoRelayTakesInADayExpires(t *testing.T) {
	onBoth(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 10)
		plan(t, s, now, alertPlan("alert/1/T1"), edition(1, "a", 20))
		for _, row := range claim(t, s, now) {
			check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{again(row, "try again", now.Add(48*time.Hour))}))
		}
		equal(t, "expired before its time", expire(t, s, now.Add(24*time.Hour-time.Second)), nil)
		late := now.Add(24 * time.Hour)
		want := []store.Expired{{Key: "alert/1/T1", Kind: "alert", Member: 1}}
		equal(t, "expired", must(s.Outbox.Expire(t.Context(), late))(t), want)
		equal(t, "expired the second time", expire(t, s, late), nil)
		equal(t, "the outbox", counts(t, s), map[string]int{"alert expired": 1, "digest queued": 1})
		m, history := mailOf(t, s, "alert/1/T1")
		if m.State != "expired" || !m.Settled.Equal(late) || len(history) != 2 || history[0].Code != 451 || history[1].Reason != "no relay accepted it in time" {
			t.Errorf("the mail is %+v, its history %+v; want what came of its attempt, and that its time is over", m, history)
		}
		equal(t, "the mark", subscriber(t, s, 1).CoveredSeq, int64(10))
	})
}

func TestWhatIsOnItsWayOrInDoubtDoesNotExpire(t *testing.T) {
	onBoth(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 10)
		plan(t, s, now, alertPlan("alert/1/T1"), alertPlan("alert/1/T2"))
		rows := claim(t, s, now)
		check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{again(rows[0], "uncertain", now.Add(time.Hour))}))
		equal(t, "expired", expire(t, s, now.Add(48*time.Hour)), nil)
		equal(t, "the outbox", counts(t, s), map[string]int{"alert queued": 1, "alert leased": 1})
	})
}

func TestWhatIsRetriedByHandDoesNotExpireAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 10)
		plan(t, s, now, alertPlan("alert/1/T1"))
		refused := again(claim(t, s, now)[0], "refused", now)
		refused.State = "refused"
		check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{refused}))
		late := now.Add(48 * time.Hour)
		if got := verdict(t)(s.Queue.Retry(t.Context(), late, []string{"alert/1/T1"})); got != "" {
			t.Errorf("it stays: %s", got)
		}
		equal(t, "expired", expire(t, s, late.Add(time.Hour)), nil)
	})
}

func TestTheTimeOfAnAnnouncementCountsFromWhenItsMailsMayGo(t *testing.T) {
	onBoth(t, func(t *testing.T, dsn string) {
		const lasts = 72 * time.Hour
		s := open(t, dsn)
		quick := started(t, s, notice(), 2).ID
		fan(t, s, quick, 1, 2, true)
		m, _ := mailOf(t, s, store.AnnouncementKey(quick, 1))
		equal(t, "its time is over", m.Expires, now.Add(lasts))
		check(t, s.Announcements.Pause(t.Context(), now, "admin", quick, ""))
		later := now.Add(lasts + time.Hour)
		equal(t, "expired while it was paused", expire(t, s, later), nil)
		check(t, s.Announcements.Resume(t.Context(), later, "admin", quick))
		check(t, s.Announcements.ReleaseAll(t.Context(), quick))
		equal(t, "expired as soon as it was resumed", expire(t, s, later), nil)
		m, _ = mailOf(t, s, store.AnnouncementKey(quick, 1))
		equal(t, "its time is over after the pause", m.Expires, later.Add(lasts))
	})
}

func TestTheTimeOfAnAlertCountsFromWhenItMayGo(t *testing.T) {
	onBoth(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		const key = "alert/1/T9/1"
		expires := func() time.Duration {
			t.Helper()
			m, _ := mailOf(t, s, key)
			return m.Expires.Sub(now)
		}
		tell(t, s, alert(telling(1, 9, 1))) // in a minute
		equal(t, "its time is over after", expires(), 24*time.Hour+time.Minute)
		later := alert(telling(1, 9, 2))
		later.NotBefore = now.Add(3 * time.Minute)
		tell(t, s, later)
		equal(t, "once it was put off", expires(), 24*time.Hour+3*time.Minute)
		morning := now.Add(8 * time.Hour)
		claim(t, s, now.Add(3*time.Minute))
		settle(t, s, store.Settlement{Key: key, State: "queued", NotBefore: morning, Result: "held", At: now, Held: true})
		equal(t, "once it was held for quiet hours", expires(), 32*time.Hour)
	})
}
