package store_test

import (
	"slices"
	"testing"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

// written is an arrival of another time and thread.
func written(post forum.PostID, thread forum.ThreadID, at time.Time) forum.Arrival {
	return forum.Arrival{Post: post, Thread: thread, Section: 1, Author: 3, PostedAt: at, Visible: true}
}

// A member who got an alert about a lost post gets one about the post that has its ID now, too.
func TestSave_IDsOfLostPostsAreUsedAgain(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		save := func(g store.ScanResult) int { t.Helper(); return must(s.Sightings.Save(t.Context(), g))(t) }
		before := []forum.Arrival{written(10, 7, now), written(11, 7, now), written(12, 7, now)}
		save(store.ScanResult{Now: now, Sighted: before})
		alert := store.Alert{Key: "alert/1/T7/2", Items: []digest.AlertItem{{Member: 1, Post: 11, Thread: 7, Section: 1, Seq: 2, PostedAt: now, Cause: digest.ThreadWatched}}, NotBefore: now, DebounceUntil: now}
		planAlert := func(a store.Alert) {
			t.Helper()
			p := must(s.Alerts.Progress(t.Context()))(t)
			if _, ok, err := s.Alerts.Plan(t.Context(), now, p, store.AlertProgress{Done: p.Head, Until: p.Head}, store.PriorityAlert, []store.Alert{a}); !ok || err != nil {
				t.Fatalf("plan = %t, %v", ok, err)
			}
		}
		planAlert(alert)

		later := now.Add(24 * time.Hour)
		after := []forum.Arrival{written(11, 8, later), written(12, 8, later)}
		if added := save(store.ScanResult{Now: later, Sighted: after[:1]}); added != 1 {
			t.Errorf("added %d, want the post with a used ID, although the scan did not know the lost one", added)
		}
		if added := save(store.ScanResult{Now: later, Sighted: after, Reused: after}); added != 1 {
			t.Errorf("added %d, want the other post with a used ID", added)
		}
		if added := save(store.ScanResult{Now: later, Sighted: after, Reused: after}); added != 0 {
			t.Errorf("another daemon added %d, want none", added)
		}
		alert.Key, alert.Items[0].Seq, alert.Items[0].Thread = "alert/1/T8/4", 4, 8
		planAlert(alert)
		if items := must(s.Alerts.ItemsOfMember(t.Context(), 1, []forum.PostID{11}))(t); items[11].Key != "alert/1/T8/4" {
			t.Errorf("the alert of post 11 is %q, want the second one", items[11].Key)
		}
		wantPosts(t, s, 10, -2, -3, 11, 12)

		// The forum is restored again, with the posts that were lost.
		if added := save(store.ScanResult{Now: later, Sighted: before[1:], Reused: before[1:]}); added != 0 {
			t.Errorf("added %d, want none: they were sighted before", added)
		}
		wantPosts(t, s, 10, 11, 12, -4, -5)
		if items := must(s.Alerts.ItemsOfMember(t.Context(), 1, []forum.PostID{11}))(t); items[11].Key != "alert/1/T7/2" {
			t.Errorf("the alert of post 11 is %q, want the first one", items[11].Key)
		}
		if places := must(s.Sightings.CurrentPlaces(t.Context(), now))(t); len(places) != 3 {
			t.Errorf("places = %v, want those of 3 posts", places)
		}
	})
}

// wantPosts checks the IDs of all sightings.
func wantPosts(t *testing.T, s *store.Store, want ...forum.PostID) {
	t.Helper()
	var got []forum.PostID
	for _, x := range must(s.Sightings.Between(t.Context(), 0, 1000))(t) {
		got = append(got, x.Post)
	}
	if !slices.Equal(got, want) {
		t.Errorf("posts = %v, want %v", got, want)
	}
}

func TestRewind_OnlyFromWhereItWasRead(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		must(s.Sightings.Save(t.Context(), store.ScanResult{Now: now, Cursor: 50}))(t)
		for _, step := range []struct{ from, to, want forum.PostID }{{40, 20, 50}, {50, 30, 30}, {50, 10, 30}} {
			check(t, s.Sightings.Rewind(t.Context(), step.from, step.to))
			if got, _, err := s.Sightings.Cursor(t.Context()); got != step.want || err != nil {
				t.Errorf("cursor after rewinding from %d to %d = %d, %v, want %d", step.from, step.to, got, err, step.want)
			}
		}
	})
}
