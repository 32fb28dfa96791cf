package store_test

import (
	"reflect"
	"testing"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

// editionsOfPosts returns the edition that brings each deferred post of a member.
func editionsOfPosts(t testing.TB, s *store.Store, member forum.MemberID) map[forum.PostID]string {
	t.Helper()
	all := make(map[forum.PostID]string)
	for _, o := range must(s.Deferred.OfMembers(t.Context(), []forum.MemberID{member}))(t) {
		all[o.Post] = o.Edition
	}
	return all
}

// planAndClaimDigest makes a member's next edition and claims it.
func planAndClaimDigest(t testing.TB, s *store.Store, day string, at time.Time) store.Row {
	t.Helper()
	p := edition(1, day, 50)
	p.NextDue = at
	plan(t, s, at, p)
	for _, row := range claim(t, s, at) {
		if row.Key == p.Key {
			return row
		}
	}
	t.Fatalf("%s was not planned", p.Key)
	return store.Row{}
}

func settleOne(t testing.TB, s *store.Store, x store.Settlement) {
	t.Helper()
	check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{x}))
}

func TestDeferred_FailedAlertComesWithNextEdition(t *testing.T) {
	for _, state := range []string{"refused", "uncertain", "skipped", "expired"} {
		t.Run(state, func(t *testing.T) {
			onBothEngines(t, func(t *testing.T, dsn string) {
				s := open(t, dsn)
				enroll(t, s, 1, 10)
				quote := alertItem(1, 8, 3)
				quote.Cause = digest.Quoted
				planAlerts(t, s, newAlert(alertItem(1, 9, 1), alertItem(1, 9, 2)), newAlert(quote))
				before := planAndClaimDigest(t, s, "a", now)
				for _, row := range claim(t, s, now.Add(time.Hour)) {
					x := accepted(row, now)
					x.State = state
					settleOne(t, s, x)
				}
				if got := editionsOfPosts(t, s, 1); len(got) != 0 {
					t.Errorf("deferred = %v while an edition is in delivery, want nothing yet", got)
				}
				settleOne(t, s, accepted(before, now))
				next := planAndClaimDigest(t, s, "b", now)
				if got := editionsOfPosts(t, s, 1); !reflect.DeepEqual(got, map[forum.PostID]string{1: next.Key, 2: next.Key, 3: next.Key}) {
					t.Errorf("deferred = %v, want all by %s", got, next.Key)
				}
				owed := must(s.Deferred.OfMembers(t.Context(), []forum.MemberID{1}))(t)
				causes := make(map[forum.PostID]digest.AlertCause)
				for _, o := range owed {
					causes[o.Post] = o.Cause
					if o.Seq != int64(o.Post) || o.Reason != digest.Reason("alert "+state) {
						t.Errorf("deferred = %+v, want its sighting and a reason", o)
					}
				}
				if causes[1] != "" || causes[3] != digest.Quoted {
					t.Errorf("causes are %v, want that of the quote alone", causes)
				}

				settleOne(t, s, store.Settlement{Key: next.Key, State: "refused", Result: "refused", At: now})
				last := planAndClaimDigest(t, s, "c", now)
				if got := editionsOfPosts(t, s, 1); got[1] != last.Key {
					t.Errorf("deferred = %v, want all by %s: the other was rejected", got, last.Key)
				}
				settleOne(t, s, accepted(last, now))
				planAndClaimDigest(t, s, "d", now)
				if got := editionsOfPosts(t, s, 1); len(got) != 0 {
					t.Errorf("deferred = %v after the edition was sent, want nothing", got)
				}
			})
		})
	}
}

func TestDeferred_DeliveredPostsAreArchived(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 10)
		first := planAndClaimDigest(t, s, "a", now)
		x := accepted(first, now)
		x.Deferred = []digest.DeferredPost{{Post: 3, Seq: 3, NotBefore: now, Cause: digest.Quoted, Reason: digest.HeldForWeek}}
		settleOne(t, s, x)
		second := planAndClaimDigest(t, s, "b", now)
		settleOne(t, s, accepted(second, now))
		third := planAndClaimDigest(t, s, "c", now)
		if got := editionsOfPosts(t, s, 1); len(got) != 0 {
			t.Errorf("deferred = %v after an edition brought it", got)
		}
		want := []store.DeferredPost{{Member: 1, DeferredPost: digest.DeferredPost{Post: 3, Seq: 3, Cause: digest.Quoted}, Edition: second.Key}}
		for key, want := range map[string][]store.DeferredPost{first.Key: nil, second.Key: want, third.Key: nil} {
			if got := must(s.Deferred.Delivered(t.Context(), 1, key))(t); !reflect.DeepEqual(got, want) {
				t.Errorf("%s has brought %+v, want %+v", key, got, want)
			}
		}
		settleOne(t, s, accepted(third, now))
		check(t, s.Prune(t.Context(), now.AddDate(0, 0, 91)))
		if got := must(s.Deferred.Delivered(t.Context(), 1, second.Key))(t); got != nil {
			t.Errorf("after 91 days it has brought %+v, want nothing remembered", got)
		}
	})
}

func TestDeferred_AlertOmissionsAreDeferredUnlessFinal(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 10)
		planAlerts(t, s, newAlert(alertItem(1, 9, 1), alertItem(1, 9, 2), alertItem(1, 9, 3)))
		x := accepted(claim(t, s, now.Add(time.Hour))[0], now)
		x.Omitted = []digest.Omitted{{Post: 2, Reason: digest.AlreadyRead}}
		x.Deferred = []digest.DeferredPost{{Post: 3, Seq: 3, NotBefore: now, Reason: digest.PostDeleted}}
		settleOne(t, s, x)
		next := planAndClaimDigest(t, s, "a", now)
		if got := editionsOfPosts(t, s, 1); !reflect.DeepEqual(got, map[forum.PostID]string{3: next.Key}) {
			t.Errorf("deferred = %v, want post 3 by %s", got, next.Key)
		}
		want := []store.AlertItemStatus{
			{Member: 1, Post: 1, State: "accepted"},
			{Member: 1, Post: 2, State: "accepted", LeftOut: string(digest.AlreadyRead)},
			{Member: 1, Post: 3, State: "accepted", LeftOut: string(digest.PostDeleted)},
		}
		if got := must(s.Alerts.ItemStatuses(t.Context(), []forum.MemberID{1, 2}, 1, 3))(t); !reflect.DeepEqual(got, want) {
			t.Errorf("notified = %+v\nwant %+v", got, want)
		}
		if got := must(s.Alerts.ItemStatuses(t.Context(), []forum.MemberID{1}, 3, 9))(t); len(got) != 1 {
			t.Errorf("notified = %+v, want of post 3 alone", got)
		}
	})
}

func TestDeferred_WaitsUntilNotBefore(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 10)
		monday := now.Add(72 * time.Hour)
		owes := []digest.DeferredPost{{Post: 11, Seq: 11, NotBefore: monday, Reason: digest.HeldForWeek}}
		x := accepted(planAndClaimDigest(t, s, "a", now), now)
		x.Deferred = owes
		settleOne(t, s, x)
		row := planAndClaimDigest(t, s, "b", now.Add(24*time.Hour))
		if got := editionsOfPosts(t, s, 1); got[11] != "" {
			t.Errorf("deferred = %v, want it by none before its day", got)
		}
		settleOne(t, s, accepted(row, now))
		row = planAndClaimDigest(t, s, "c", monday)
		if got := editionsOfPosts(t, s, 1); got[11] != row.Key {
			t.Errorf("deferred = %v, want it by %s", got, row.Key)
		}
		// The member changes to monthly digests.
		x = accepted(row, now)
		owes[0].NotBefore = monday.Add(500 * time.Hour)
		x.Deferred = owes
		settleOne(t, s, x)
		planAndClaimDigest(t, s, "d", monday.Add(24*time.Hour))
		if got := editionsOfPosts(t, s, 1); !reflect.DeepEqual(got, map[forum.PostID]string{11: ""}) {
			t.Errorf("deferred = %v, want it by none for now", got)
		}
	})
}

func TestDeferred_SecondPlanAssignsNothing(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 10)
		row := planAndClaimDigest(t, s, "a", now)
		x := accepted(row, now)
		x.Deferred = []digest.DeferredPost{{Post: 5, Seq: 5, NotBefore: now}}
		settleOne(t, s, x)
		plan(t, s, now, edition(1, "a", 60))
		if got := editionsOfPosts(t, s, 1); got[5] != "" {
			t.Errorf("deferred = %v, want it by none: no edition is new", got)
		}
	})
}

func TestDeferred_FormerOwnerDefersNothing(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 10)
		x := accepted(planAndClaimDigest(t, s, "a", now), now)
		x.Deferred = []digest.DeferredPost{{Post: 5, Seq: 5, NotBefore: now}}
		check(t, s.Outbox.Settle(t.Context(), "another daemon", []store.Settlement{x}))
		if got := editionsOfPosts(t, s, 1); len(got) != 0 {
			t.Errorf("deferred = %v, want nothing", got)
		}
	})
}

func TestPrune_DeletesOldDeferredPosts(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 10)
		x := accepted(planAndClaimDigest(t, s, "a", now), now)
		x.Deferred = []digest.DeferredPost{{Post: 5, Seq: 5, NotBefore: now.Add(9999 * time.Hour)}}
		settleOne(t, s, x)
		check(t, s.Prune(t.Context(), now.Add(90*24*time.Hour)))
		if got := editionsOfPosts(t, s, 1); len(got) != 1 {
			t.Errorf("deferred = %v after 90 days, want it still", got)
		}
		check(t, s.Prune(t.Context(), now.Add(90*24*time.Hour+time.Second)))
		if got := editionsOfPosts(t, s, 1); len(got) != 0 {
			t.Errorf("deferred = %v after 90 days and a second, want nothing", got)
		}
	})
}

func TestDeferred_DiscardKeepsWhatAnEditionBrings(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 2, 10)
		x := accepted(planAndClaimDigest(t, s, "a", now), now)
		x.Deferred = []digest.DeferredPost{{Post: 3, Seq: 3, NotBefore: now, Reason: digest.HeldForWeek}, {Post: 4, Seq: 4, NotBefore: now.Add(48 * time.Hour), Reason: digest.HeldForWeek}}
		settleOne(t, s, x)
		planAlerts(t, s, newAlert(alertItem(1, 9, 1)), newAlert(alertItem(2, 9, 1)))
		for _, row := range claim(t, s, now.Add(time.Hour)) {
			settleOne(t, s, store.Settlement{Key: row.Key, State: "refused", Result: "refused", At: now})
		}
		waits := planAndClaimDigest(t, s, "b", now)
		check(t, s.Deferred.Discard(t.Context(), 1))
		if got := editionsOfPosts(t, s, 1); !reflect.DeepEqual(got, map[forum.PostID]string{1: waits.Key, 3: waits.Key}) {
			t.Errorf("deferred = %v, want those of %s alone", got, waits.Key)
		}
		settleOne(t, s, accepted(waits, now))
		check(t, s.Deferred.Discard(t.Context(), 1))
		planAndClaimDigest(t, s, "c", now)
		if got := must(s.Deferred.Delivered(t.Context(), 1, waits.Key))(t); len(got) != 2 {
			t.Errorf("%s has brought %+v, want both posts remembered", waits.Key, got)
		}
		all := must(s.Deferred.Upcoming(t.Context(), []forum.MemberID{2}, func(forum.MemberID) int64 { return 0 }))(t)
		if len(all) != 1 {
			t.Errorf("upcoming of another member: %+v, want their failed alert", all)
		}
	})
}
