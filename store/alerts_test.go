package store_test

import (
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

const priority = 10

// alertItem returns an item for member 1 about a post of a thread. Its sequence number equals the post's ID.
func alertItem(member forum.MemberID, thread forum.ThreadID, post forum.PostID) digest.AlertItem {
	return digest.AlertItem{
		Member: member, Post: post, Thread: thread, Section: 5, Seq: int64(post),
		PostedAt: now.Add(time.Duration(post) * time.Second), Cause: digest.ThreadWatched,
	}
}

// newAlert plans items for one member in one thread, to be sent after a minute.
func newAlert(notices ...digest.AlertItem) store.Alert {
	n := notices[0]
	return store.Alert{
		Key: fmt.Sprintf("alert/%d/T%d/%d", n.Member, n.Thread, n.Seq), Items: notices,
		NotBefore: now.Add(time.Minute), DebounceUntil: now.Add(5 * time.Minute),
	}
}

// savePostsUpTo saves sightings of posts up to an ID, all in section 5, by member 7.
func savePostsUpTo(t testing.TB, s *store.Store, until forum.PostID) {
	t.Helper()
	var g store.ScanResult
	g.Now = now
	for p := forum.PostID(1); p <= until; p++ {
		g.Sighted = append(g.Sighted, forum.Arrival{Post: p, Thread: 9, Section: 5, Author: 7, PostedAt: now})
	}
	must(s.Sightings.Save(t.Context(), g))(t)
}

// planAlerts plans alerts for all sightings that are new.
func planAlerts(t testing.TB, s *store.Store, list ...store.Alert) int {
	t.Helper()
	from := must(s.Alerts.Progress(t.Context()))(t)
	to := store.AlertProgress{Done: from.Head, Until: from.Head}
	planned, ok, err := s.Alerts.Plan(t.Context(), now, from, to, priority, list)
	if err != nil || !ok {
		t.Fatalf("PlanAlerts = %t, %v", ok, err)
	}
	return planned
}

// postsOfAlerts lists the posts of each alert.
func postsOfAlerts(t testing.TB, s *store.Store, keys ...string) map[string][]forum.PostID {
	t.Helper()
	all := make(map[string][]forum.PostID)
	for key, list := range must(s.Alerts.Items(t.Context(), keys))(t) {
		for _, n := range list {
			all[key] = append(all[key], n.Post)
		}
	}
	return all
}

func TestAlerts_FurtherPostsJoinWaitingAlert(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		if n := planAlerts(t, s, newAlert(alertItem(1, 9, 1)), newAlert(alertItem(2, 9, 1))); n != 2 {
			t.Errorf("planned %d, want 2", n)
		}
		later := newAlert(alertItem(1, 9, 2), alertItem(1, 9, 3))
		later.NotBefore = now.Add(2 * time.Minute)
		if n := planAlerts(t, s, later, newAlert(alertItem(1, 8, 4))); n != 1 {
			t.Errorf("planned %d, want 1: the other joins", n)
		}
		got := postsOfAlerts(t, s, "alert/1/T9/1", "alert/2/T9/1", "alert/1/T8/4", "alert/1/T9/2")
		want := map[string][]forum.PostID{"alert/1/T9/1": {1, 2, 3}, "alert/2/T9/1": {1}, "alert/1/T8/4": {4}}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("alerts have %v, want %v", got, want)
		}
		if at := must(s.Alerts.Next(t.Context(), priority))(t); !at.Equal(now.Add(time.Minute)) {
			t.Errorf("the next alert may be sent at %v, want a minute from now", at)
		}
		if rows := claim(t, s, now.Add(time.Minute)); !slices.Equal(keysOf(rows), []string{"alert/1/T8/4", "alert/2/T9/1"}) {
			t.Errorf("claimed %v: the joined alert must wait a minute after its last post", keysOf(rows))
		}
		rows := claim(t, s, now.Add(2*time.Minute))
		if len(rows) != 1 || rows[0].Until != 3 || rows[0].From != 0 {
			t.Errorf("claimed %+v, want the first alert, up to sighting 3", rows)
		}
	})
}

func TestAlerts_DebounceHasLimit(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		planAlerts(t, s, newAlert(alertItem(1, 9, 1)))
		for post := forum.PostID(2); post < 9; post++ {
			more := newAlert(alertItem(1, 9, post))
			more.NotBefore, more.DebounceUntil = now.Add(time.Duration(post)*time.Minute), now.Add(time.Hour)
			planAlerts(t, s, more)
		}
		if rows := claim(t, s, now.Add(5*time.Minute)); len(rows) != 1 || rows[0].Until != 8 {
			t.Errorf("claimed %+v, want the alert with all its posts", rows)
		}
	})
}

func TestAlerts_NothingJoinsUncertainAlert(t *testing.T) {
	states := map[string]func(t *testing.T, s *store.Store, row store.Row){
		"leased": func(*testing.T, *store.Store, store.Row) {},
		"accepted": func(t *testing.T, s *store.Store, row store.Row) {
			check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{accepted(row, now)}))
		},
		"uncertain": func(t *testing.T, s *store.Store, row store.Row) {
			check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{retryLater(row, "uncertain", now.Add(time.Hour))}))
		},
	}
	for name, become := range states {
		t.Run(name, func(t *testing.T) {
			onBothEngines(t, func(t *testing.T, dsn string) {
				s := open(t, dsn)
				planAlerts(t, s, newAlert(alertItem(1, 9, 1)))
				become(t, s, claim(t, s, now.Add(time.Hour))[0])
				if n := planAlerts(t, s, newAlert(alertItem(1, 9, 2))); n != 1 {
					t.Errorf("planned %d, want a separate alert", n)
				}
				if got := postsOfAlerts(t, s, "alert/1/T9/1", "alert/1/T9/2"); len(got["alert/1/T9/1"]) != 1 || len(got["alert/1/T9/2"]) != 1 {
					t.Errorf("alerts have %v, want one each", got)
				}
			})
		})
	}
}

func TestAlerts_OneItemPerMemberAndPost(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		planAlerts(t, s, newAlert(alertItem(1, 9, 1)))
		claim(t, s, now.Add(time.Hour))
		planAlerts(t, s, newAlert(alertItem(1, 9, 2)), newAlert(alertItem(1, 8, 1)))
		got := postsOfAlerts(t, s, "alert/1/T9/1", "alert/1/T9/2", "alert/1/T8/1")
		if len(got["alert/1/T9/1"]) != 1 || len(got["alert/1/T8/1"]) != 0 {
			t.Errorf("alerts have %v, want the post only in the first", got)
		}
	})
}

func TestAlerts_OnlyOneDaemonPlansSamePosts(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		savePostsUpTo(t, s, 50)
		const daemons = 4
		planned := make([]int, daemons)
		errs := make([]error, daemons)
		from := must(s.Alerts.Progress(t.Context()))(t)
		to := store.AlertProgress{Done: 50, Until: 50}
		var wg sync.WaitGroup
		for i := range daemons {
			wg.Go(func() {
				list := []store.Alert{newAlert(alertItem(forum.MemberID(i+1), 9, 1))}
				planned[i], _, errs[i] = s.Alerts.Plan(t.Context(), now, from, to, priority, list)
			})
		}
		wg.Wait()
		sum := 0
		for i := range daemons {
			check(t, errs[i])
			sum += planned[i]
		}
		if sum != 1 {
			t.Errorf("planned %v, want one by one daemon", planned)
		}
		if p := must(s.Alerts.Progress(t.Context()))(t); p != (store.AlertProgress{Done: 50, Until: 50, Head: 50}) {
			t.Errorf("progress is %+v, want all done", p)
		}
	})
}

func TestAlerts_BatchContinuesWhereItStopped(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		savePostsUpTo(t, s, 3)
		from := must(s.Alerts.Progress(t.Context()))(t)
		half := store.AlertProgress{Until: 3, Member: 1}
		if _, ok, err := s.Alerts.Plan(t.Context(), now, from, half, priority, []store.Alert{newAlert(alertItem(1, 9, 1))}); !ok || err != nil {
			t.Fatalf("PlanAlerts = %t, %v", ok, err)
		}
		if p := must(open(t, dsn).Alerts.Progress(t.Context()))(t); p != (store.AlertProgress{Until: 3, Member: 1, Head: 3}) {
			t.Errorf("progress is %+v, want it halfway", p)
		}
		if _, ok, err := s.Alerts.Plan(t.Context(), now, from, half, priority, nil); ok || err != nil {
			t.Errorf("PlanAlerts = %t, %v from completed progress, want false", ok, err)
		}
	})
}

func TestAlerts_PostEventsAreFirstSightings(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		at := func(p forum.PostID, section forum.SectionID) forum.Arrival {
			return forum.Arrival{Post: p, Thread: 9, Section: section, Author: 7, PostedAt: now}
		}
		must(s.Sightings.Save(t.Context(), store.ScanResult{Now: now, Sighted: []forum.Arrival{at(1, 5), at(2, 5)}}))(t)
		must(s.Sightings.Save(t.Context(), store.ScanResult{
			Now: now, Moved: []store.Move{{Arrival: at(1, 6), From: 5}}, Sighted: []forum.Arrival{at(2, 6), at(3, 6)},
		}))(t)
		want := []store.PostEvent{{Seq: 1, Post: 1, Thread: 9, Author: 7, PostedAt: now}, {Seq: 2, Post: 2, Thread: 9, Author: 7, PostedAt: now}, {Seq: 4, Post: 3, Thread: 9, Author: 7, PostedAt: now}}
		if got := must(s.Alerts.PostEvents(t.Context(), 0, 99))(t); !reflect.DeepEqual(got, want) {
			t.Errorf("events are %+v\nwant %+v", got, want)
		}
		if got := must(s.Alerts.PostEvents(t.Context(), 2, 3))(t); len(got) != 0 {
			t.Errorf("events are %+v, want none: posts that were moved", got)
		}
	})
}

func TestAlerts_UnansweredUntilMemberPosts(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		savePostsUpTo(t, s, 2)
		planAlerts(t, s, newAlert(alertItem(1, 9, 1), alertItem(1, 9, 2)), newAlert(alertItem(7, 9, 1)))
		ask := []digest.AlertItem{alertItem(1, 9, 3), alertItem(1, 9, 4), alertItem(1, 8, 3), alertItem(7, 9, 3)}
		if got := must(s.Alerts.Unanswered(t.Context(), ask))(t); len(got) != 0 {
			t.Errorf("unanswered = %v while alerts wait, want none", got)
		}
		for _, row := range claim(t, s, now.Add(time.Hour)) {
			check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{accepted(row, now)}))
		}
		// Member 7 wrote the second post, after the post of the alert.
		want := []digest.LastAlert{{Member: 1, Thread: 9, Until: now.Add(2 * time.Second), SentAt: now}}
		if got := must(s.Alerts.Unanswered(t.Context(), ask))(t); !reflect.DeepEqual(got, want) {
			t.Errorf("unanswered = %v, want %v", got, want)
		}
	})
}

func TestAlerts_EarlierAlertKeysOfThread(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		for post := forum.PostID(1); post <= 5; post++ {
			planAlerts(t, s, newAlert(alertItem(1, 9, post)), newAlert(alertItem(1, 8, post+100)), newAlert(alertItem(2, 9, post)))
			for _, row := range claim(t, s, now.Add(time.Hour)) {
				x := accepted(row, now)
				if post == 2 {
					x.State = "refused"
				}
				check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{x}))
			}
		}
		planAlerts(t, s, newAlert(alertItem(1, 9, 6)))
		got := must(s.Alerts.EarlierAlertKeys(t.Context(), []string{"alert/1/T9/6", "alert/1/T9/1", "alert/2/T9/5"}, 2))(t)
		want := map[string][]string{"alert/1/T9/6": {"alert/1/T9/4", "alert/1/T9/5"}, "alert/2/T9/5": {"alert/2/T9/3", "alert/2/T9/4"}}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("replied to %v, want %v", got, want)
		}
	})
}

func TestSightings_BeforeFindsEarlierPosts(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		savePostsUpTo(t, s, 9)
		got := must(s.Sightings.Before(t.Context(), map[forum.ThreadID]int64{9: 8, 5: 8}, 2))(t)
		want := map[forum.ThreadID][]store.EarlierPost{9: {{Post: 6, Seq: 6, PostedAt: now}, {Post: 7, Seq: 7, PostedAt: now}}}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("earlier posts are %v, want %v", got, want)
		}
	})
}

func TestPreferences_InstantOverrides(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		for member, cadence := range map[forum.MemberID]digest.Cadence{1: digest.Instant, 2: digest.Weekly, 3: digest.Instant} {
			check(t, s.Preferences.SetOverride(t.Context(), now, member, 5, 0, cadence))
		}
		check(t, s.Preferences.SetOverride(t.Context(), now, 4, 0, 9, digest.Instant))
		check(t, s.Preferences.SetOverride(t.Context(), now, 5, 0, 8, digest.Instant))
		ask := func(after, until forum.MemberID) []forum.MemberID {
			t.Helper()
			return must(s.Preferences.InstantOverrides(t.Context(), []forum.ThreadID{9}, []forum.SectionID{5}, after, until))(t)
		}
		if got := ask(0, 99); !slices.Equal(got, []forum.MemberID{1, 3, 4}) {
			t.Errorf("members with overrides = %v, want 1, 3 and 4", got)
		}
		if got := ask(1, 3); !slices.Equal(got, []forum.MemberID{3}) {
			t.Errorf("members with overrides = %v, want only 3", got)
		}
	})
}

func TestAlerts_HeldAlertsAreMerged(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		morning := now.Add(8 * time.Hour)
		hold := func(rows []store.Row) {
			t.Helper()
			var list []store.Settlement
			for _, row := range rows {
				list = append(list, store.Settlement{Key: row.Key, State: "queued", NotBefore: morning, Result: "held", At: now, Held: true})
			}
			check(t, s.Outbox.Settle(t.Context(), owner, list))
		}
		planAlerts(t, s, newAlert(alertItem(1, 9, 1)), newAlert(alertItem(1, 8, 2)), newAlert(alertItem(2, 9, 1)))
		hold(claim(t, s, now.Add(time.Minute)))
		planAlerts(t, s, newAlert(alertItem(1, 7, 3)), newAlert(alertItem(1, 9, 4)))
		if rows := claim(t, s, morning.Add(-time.Second)); len(rows) != 0 {
			t.Fatalf("claimed %v in quiet hours", keysOf(rows))
		}
		planAlerts(t, s, newAlert(alertItem(2, 8, 5)))
		rows := claim(t, s, morning)
		if got := keysOf(rows); !slices.Equal(got, []string{"alert/1/T9/1", "alert/2/T9/1"}) {
			t.Fatalf("claimed %v, want one for each member", got)
		}
		got := postsOfAlerts(t, s, keysOf(rows)...)
		if want := map[string][]forum.PostID{"alert/1/T9/1": {1, 2, 3, 4}, "alert/2/T9/1": {1, 5}}; !reflect.DeepEqual(got, want) {
			t.Errorf("alerts have %v, want %v", got, want)
		}
		if c := countsByState(t, s); c["alert merged"] != 1 {
			t.Errorf("the outbox is %v, want one that was merged", c)
		}
		// A merged alert has no thread, so no later alert replies to it.
		for _, row := range rows {
			check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{accepted(row, morning)}))
		}
		planAlerts(t, s, newAlert(alertItem(1, 9, 6)))
		if got := must(s.Alerts.EarlierAlertKeys(t.Context(), []string{"alert/1/T9/6"}, 9))(t); len(got) != 0 {
			t.Errorf("it replies to %v, want nothing", got)
		}
		members := must(s.Alerts.Unanswered(t.Context(), []digest.AlertItem{alertItem(1, 7, 9)}))(t)
		if len(members) != 1 {
			t.Errorf("unanswered = %v, want the member of thread 7", members)
		}
	})
}

// TestPlanAlerts_LeftToDigestDefers leaves late posts to the digest that is due soon, once: they get no message of their own.
func TestPlanAlerts_LeftToDigestDefers(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 2, 0)
		savePostsUpTo(t, s, 4)
		mention := alertItem(1, 9, 2)
		mention.Cause = digest.Mentioned
		late := newAlert(alertItem(1, 9, 1), mention)
		late.LeftToDigest = true
		if n := planAlerts(t, s, late, newAlert(alertItem(2, 9, 1))); n != 1 {
			t.Errorf("%d alerts were planned, want only that of member 2", n)
		}
		again := newAlert(alertItem(1, 9, 1), alertItem(1, 9, 3))
		again.LeftToDigest = true
		if n := planAlerts(t, s, again); n != 0 {
			t.Errorf("%d alerts were planned for late posts, want none", n)
		}
		list := must(s.Deferred.Upcoming(t.Context(), []forum.MemberID{1, 2}, func(forum.MemberID) int64 { return 0 }))(t)
		var got []string
		for _, o := range list {
			got = append(got, fmt.Sprintf("%d/%d seq %d at %s cause %q: %s", o.Member, o.Post, o.Seq, o.NotBefore.Format(time.TimeOnly), o.Cause, o.Reason))
		}
		slices.Sort(got)
		at := now.UTC().Format(time.TimeOnly)
		equal(t, "deferred posts", got, []string{
			"1/1 seq 1 at " + at + ` cause "": ` + string(digest.ReasonLate), "1/2 seq 2 at " + at + ` cause "mention": ` + string(digest.ReasonLate), "1/3 seq 3 at " + at + ` cause "": ` + string(digest.ReasonLate),
		})
	})
}
