package store_test

import (
	"reflect"
	"testing"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

func TestPreferences_ReadAsSaved(t *testing.T) {
	yes, no := true, false
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		want := digest.Preferences{
			Schedule: &digest.Schedule{Cadence: digest.Monthly, Hour: 7, Weekday: time.Saturday, Day: 31, Every: 6},
			Zone:     "Asia/Kolkata", Locale: "en-IN", Format: digest.Text, Excerpt: 120,
			IncludeOwnPosts: &yes, UnreadOnly: &no, Alerts: digest.FirstReply, Announcements: &no,
			Quiet: &digest.QuietHours{From: 22, Until: 0}, PausedUntil: now.Add(48 * time.Hour), ChosenAt: now,
		}
		check(t, s.Preferences.Save(t.Context(), now, 1, want))
		check(t, s.Preferences.Save(t.Context(), now, 2, digest.Preferences{Zone: "Europe/Paris"}))
		check(t, s.Preferences.Save(t.Context(), now.Add(time.Minute), 2, digest.Preferences{}))
		got := must(s.Preferences.OfMembers(t.Context(), []forum.MemberID{1, 2, 3}))(t)
		all := map[forum.MemberID]digest.Preferences{1: want, 2: {ChosenAt: now.Add(time.Minute)}}
		if !reflect.DeepEqual(got, all) {
			t.Errorf("preferences = %+v, want %+v", got, all)
		}
	})
}

func TestSubscribers_HaveOwnSchedule(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		own := &digest.Schedule{Cadence: digest.Weekly, Hour: 7, Weekday: time.Saturday, Day: 31, Every: 6}
		enroll(t, s, 1, 0)
		check(t, s.Preferences.Save(t.Context(), now, 1, digest.Preferences{Schedule: own}))
		check(t, s.Subscribers.Save(t.Context(), now, []store.Subscriber{{ID: 1, Due: now}}))
		if got := subscriber(t, s, 1); !reflect.DeepEqual(got.Schedule, own) {
			t.Errorf("the member's schedule = %v, want %v", got.Schedule, own)
		}
	})
}

func TestUnsubscribeKind_KeepsOtherKinds(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 2, 0)
		check(t, s.Preferences.Save(t.Context(), now, 1, digest.Preferences{Zone: "Europe/Paris", Alerts: digest.EveryReply}))
		for _, kind := range []string{"digest", "digest", "announcement"} {
			check(t, s.Preferences.UnsubscribeKind(t.Context(), now.Add(time.Hour), 1, kind))
		}
		check(t, s.Preferences.UnsubscribeKind(t.Context(), now, 9, "alert")) // a member without preferences
		no := false
		want := map[forum.MemberID]digest.Preferences{
			1: {
				Zone: "Europe/Paris", Alerts: digest.EveryReply, Announcements: &no,
				Schedule: &digest.Schedule{Cadence: digest.Off}, ChosenAt: now.Add(time.Hour),
			},
			9: {Alerts: digest.NoAlerts, ChosenAt: now},
		}
		if got := must(s.Preferences.OfMembers(t.Context(), []forum.MemberID{1, 2, 9}))(t); !reflect.DeepEqual(got, want) {
			t.Errorf("preferences = %+v, want %+v", got, want)
		}
		if due := must(s.Subscribers.Due(t.Context(), now, 9))(t); len(due) != 1 || due[0].ID != 2 {
			t.Errorf("due = %v, want member 2 alone", due)
		}
		if err := s.Preferences.UnsubscribeKind(t.Context(), now, 1, "letter"); err == nil {
			t.Error("a kind that does not exist was ended")
		}
	})
}

func TestOverrides_SetChangeAndRemove(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		check(t, s.Preferences.SetOverride(t.Context(), now, 1, 5, 0, digest.Weekly))
		check(t, s.Preferences.SetOverride(t.Context(), now, 1, 5, 0, digest.Off))
		check(t, s.Preferences.SetOverride(t.Context(), now, 1, 0, 7, digest.Instant))
		check(t, s.Preferences.SetOverride(t.Context(), now, 1, 0, 8, digest.Off))
		check(t, s.Preferences.SetOverride(t.Context(), now, 2, 5, 0, digest.Off))
		check(t, s.Preferences.SetOverride(t.Context(), now, 1, 0, 8, ""))
		want := map[forum.MemberID]digest.Overrides{
			1: {Sections: map[forum.SectionID]digest.Cadence{5: digest.Off}, Threads: map[forum.ThreadID]digest.Cadence{7: digest.Instant}},
		}
		if got := must(s.Preferences.Overrides(t.Context(), []forum.MemberID{1, 3}))(t); !reflect.DeepEqual(got, want) {
			t.Errorf("overrides = %v, want %v", got, want)
		}
	})
}
