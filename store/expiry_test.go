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

func expiredKeys(t testing.TB, s *store.Store, at time.Time) []string {
	t.Helper()
	var keys []string
	for _, m := range must(s.Outbox.Expire(t.Context(), at))(t) {
		keys = append(keys, m.Key)
	}
	slices.Sort(keys)
	return keys
}

func TestExpire_AlertAfterOneDay(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 10)
		plan(t, s, now, alertPlan("alert/1/T1"), edition(1, "a", 20))
		for _, row := range claim(t, s, now) {
			check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{retryLater(row, "try again", now.Add(48*time.Hour))}))
		}
		equal(t, "expired before its time", expiredKeys(t, s, now.Add(24*time.Hour-time.Second)), nil)
		late := now.Add(24 * time.Hour)
		want := []store.Expired{{Key: "alert/1/T1", Kind: "alert", Member: 1}}
		equal(t, "expired", must(s.Outbox.Expire(t.Context(), late))(t), want)
		equal(t, "expired the second time", expiredKeys(t, s, late), nil)
		equal(t, "the outbox", countsByState(t, s), map[string]int{"alert expired": 1, "digest queued": 1})
		m, history := readMessage(t, s, "alert/1/T1")
		if m.State != "expired" || !m.Settled.Equal(late) || len(history) != 2 || history[0].Code != 451 || history[1].Reason != "no relay accepted it in time" {
			t.Errorf("the message is %+v, its history %+v; want its attempt and its expiry", m, history)
		}
		equal(t, "the mark", subscriber(t, s, 1).CoveredSeq, int64(10))
	})
}

func TestExpire_NotInDeliveryOrUncertain(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 10)
		plan(t, s, now, alertPlan("alert/1/T1"), alertPlan("alert/1/T2"))
		rows := claim(t, s, now)
		check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{retryLater(rows[0], "uncertain", now.Add(time.Hour))}))
		equal(t, "expired", expiredKeys(t, s, now.Add(48*time.Hour)), nil)
		equal(t, "the outbox", countsByState(t, s), map[string]int{"alert queued": 1, "alert leased": 1})
	})
}

func TestExpire_NotAfterManualRetry(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 10)
		plan(t, s, now, alertPlan("alert/1/T1"))
		refused := retryLater(claim(t, s, now)[0], "refused", now)
		refused.State = "refused"
		check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{refused}))
		late := now.Add(48 * time.Hour)
		if got := resultOf(t)(s.Queue.Retry(t.Context(), late, []string{"alert/1/T1"})); got != "" {
			t.Errorf("it stays: %s", got)
		}
		equal(t, "expired", expiredKeys(t, s, late.Add(time.Hour)), nil)
	})
}

func TestExpire_AnnouncementFromRelease(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		const lasts = 72 * time.Hour
		s := open(t, dsn)
		quick := startAnnouncement(t, s, newAnnouncement(), 2).ID
		enqueueMembers(t, s, quick, 1, 2, true)
		m, _ := readMessage(t, s, store.AnnouncementKey(quick, 1))
		equal(t, "its time is over", m.Expires, now.Add(lasts))
		check(t, s.Announcements.Pause(t.Context(), now, "admin", quick, ""))
		later := now.Add(lasts + time.Hour)
		equal(t, "expired while it was paused", expiredKeys(t, s, later), nil)
		check(t, s.Announcements.Resume(t.Context(), later, "admin", quick))
		check(t, s.Announcements.ReleaseAll(t.Context(), quick))
		equal(t, "expired as soon as it was resumed", expiredKeys(t, s, later), nil)
		m, _ = readMessage(t, s, store.AnnouncementKey(quick, 1))
		equal(t, "its time is over after the pause", m.Expires, later.Add(lasts))
	})
}

func TestExpire_AlertFromNotBefore(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		const key = "alert/1/T9/1"
		expires := func() time.Duration {
			t.Helper()
			m, _ := readMessage(t, s, key)
			return m.Expires.Sub(now)
		}
		planAlerts(t, s, newAlert(alertItem(1, 9, 1))) // in a minute
		equal(t, "its time is over after", expires(), 24*time.Hour+time.Minute)
		later := newAlert(alertItem(1, 9, 2))
		later.NotBefore = now.Add(3 * time.Minute)
		planAlerts(t, s, later)
		equal(t, "once it was put off", expires(), 24*time.Hour+3*time.Minute)
		morning := now.Add(8 * time.Hour)
		claim(t, s, now.Add(3*time.Minute))
		settleOne(t, s, store.Settlement{Key: key, State: "queued", NotBefore: morning, Result: "held", At: now, Held: true})
		equal(t, "once it was held for quiet hours", expires(), 32*time.Hour)
	})
}
