package store_test

import (
	"reflect"
	"testing"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

func TestBaselines_ReadAsSaved(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		check(t, s.Preferences.Save(t.Context(), now, 1, digest.Preferences{Zone: "Asia/Tokyo", Locale: "de"}))
		check(t, s.Preferences.Save(t.Context(), now, 2, digest.Preferences{Zone: "Asia/Tokyo"}))
		check(t, s.Preferences.SetOverride(t.Context(), now, 2, 5, 0, digest.Weekly))
		check(t, s.Preferences.SetOverride(t.Context(), now, 3, 0, 9, digest.Off))
		check(t, s.Preferences.SetOverride(t.Context(), now, 3, 0, 10, digest.Off))

		members, bases, overrides, err := s.Preferences.MembersWithPreferences(t.Context(), 0, 10)
		check(t, err)
		if want := []forum.MemberID{1, 2, 3}; !reflect.DeepEqual(members, want) || len(bases) != 2 || len(overrides) != 3 {
			t.Fatalf("members are %v with %d baselines and %d overrides, want %v with 2 and 3", members, len(bases), len(overrides), want)
		}
		for i := range bases {
			bases[i].PreferenceBaseline = bases[i].Rebase(forum.Member{Zone: "UTC", Locale: "en", OptOuts: forum.AllKinds})
		}
		bases[1].Zone = "" // the member changed it on the forum
		for i := range overrides {
			overrides[i].Fingerprint = "2 true"
		}
		check(t, s.Preferences.SaveBases(t.Context(), bases, overrides[:2], overrides[2:]))

		_, after, its, err := s.Preferences.MembersWithPreferences(t.Context(), 0, 10)
		check(t, err)
		for i, b := range after {
			if !b.Same(bases[i].PreferenceBaseline) {
				t.Errorf("basis %d is %+v, want %+v", i, b, bases[i])
			}
		}
		if !reflect.DeepEqual(its, overrides[:2]) {
			t.Errorf("override baselines = %+v, want %+v", its, overrides[:2])
		}
		choices := must(s.Preferences.OfMembers(t.Context(), []forum.MemberID{1, 2}))(t)
		if choices[1].Zone != "Asia/Tokyo" || choices[2].Zone != "" || choices[1].OptedOut != forum.AllKinds {
			t.Errorf("choices are %+v", choices)
		}
		if members, _, _, err := s.Preferences.MembersWithPreferences(t.Context(), 1, 1); err != nil || len(members) != 1 || members[0] != 2 {
			t.Errorf("after the first: %v (%v), want 2", members, err)
		}
	})
}

func TestBaselines_NewerChoiceIsKept(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		check(t, s.Preferences.Save(t.Context(), now, 1, digest.Preferences{Zone: "Asia/Tokyo"}))
		check(t, s.Preferences.SetOverride(t.Context(), now, 1, 5, 0, digest.Weekly))
		_, bases, overrides, err := s.Preferences.MembersWithPreferences(t.Context(), 0, 10)
		check(t, err)
		check(t, s.Preferences.Save(t.Context(), now.Add(time.Minute), 1, digest.Preferences{Zone: "Asia/Seoul"}))
		check(t, s.Preferences.SetOverride(t.Context(), now.Add(time.Minute), 1, 5, 0, digest.Monthly))
		bases[0].Zone = ""
		check(t, s.Preferences.SaveBases(t.Context(), bases, nil, overrides))
		if c := must(s.Preferences.OfMembers(t.Context(), []forum.MemberID{1}))(t)[1]; c.Zone != "Asia/Seoul" {
			t.Errorf("the zone is %q, want the newer choice", c.Zone)
		}
		if w := must(s.Preferences.Overrides(t.Context(), []forum.MemberID{1}))(t)[1]; w.Sections[5] != digest.Monthly {
			t.Errorf("the override is %q, want the newer one", w.Sections[5])
		}
	})
}

func TestBaselines_SameChoiceKeepsBaseline(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		look := func() digest.PreferenceBaseline {
			_, bases, _, err := s.Preferences.MembersWithPreferences(t.Context(), 0, 10)
			check(t, err)
			return bases[0].PreferenceBaseline
		}
		check(t, s.Preferences.Save(t.Context(), now, 1, digest.Preferences{Zone: "Asia/Tokyo", Locale: "de"}))
		_, bases, _, err := s.Preferences.MembersWithPreferences(t.Context(), 0, 10)
		check(t, err)
		bases[0].PreferenceBaseline = bases[0].Rebase(forum.Member{Zone: "UTC", Locale: "en"})
		check(t, s.Preferences.SaveBases(t.Context(), bases, nil, nil))
		check(t, s.Preferences.Save(t.Context(), now, 1, digest.Preferences{Zone: "Asia/Tokyo", Locale: "fr"}))
		if got := look(); got.ForumZone == nil || *got.ForumZone != "UTC" || got.ForumLocale != nil || got.OptOuts != nil {
			t.Errorf("after another language the baseline is %+v, want only the zone's", got)
		}
	})
}

func TestBaselines_ScheduleEndsWithNewerChoiceOnTheForum(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		weekly := forum.DigestChoice("weekly 7")
		check(t, s.Preferences.Save(t.Context(), now, 1, digest.Preferences{Schedule: &digest.Schedule{Cadence: digest.Daily, Hour: 8}, Format: digest.Text, ForumDigests: &weekly}))
		check(t, s.Preferences.Save(t.Context(), now, 2, digest.Preferences{Schedule: &digest.Schedule{Cadence: digest.Daily, Hour: 8}, ForumDigests: &weekly}))
		_, bases, _, err := s.Preferences.MembersWithPreferences(t.Context(), 0, 10)
		check(t, err)
		for i, m := range []forum.Member{{Digests: "monthly", OptOuts: forum.Alerts}, {Digests: weekly}} {
			bases[i].PreferenceBaseline = bases[i].Rebase(m)
		}
		check(t, s.Preferences.SaveBases(t.Context(), bases, nil, nil))
		choices := must(s.Preferences.OfMembers(t.Context(), []forum.MemberID{1, 2}))(t)
		if c := choices[1]; c.Schedule != nil || c.ForumDigests != nil || c.Format != digest.Text || c.OptedOut != forum.Alerts {
			t.Errorf("after another choice on the forum the preferences are %+v", c)
		}
		if c := choices[2]; c.Schedule == nil || *c.Schedule != (digest.Schedule{Cadence: digest.Daily, Hour: 8}) || *c.ForumDigests != weekly {
			t.Errorf("without another choice the preferences are %+v", c)
		}
		check(t, s.Preferences.UnsubscribeKind(t.Context(), now, 2, store.KindDigest))
		if c := must(s.Preferences.OfMembers(t.Context(), []forum.MemberID{2}))(t)[2]; c.ForumDigests == nil || *c.ForumDigests != weekly {
			t.Errorf("after unsubscribing, an undo would not know what the forum said: %+v", c)
		}
	})
}

func TestSubscribers_HaveOwnZoneAndPause(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 2, 0)
		until := now.Add(48 * time.Hour)
		check(t, s.Preferences.Save(t.Context(), now, 1, digest.Preferences{Zone: "Asia/Tokyo", PausedUntil: until}))
		if got := subscriber(t, s, 1); got.OwnZone != "Asia/Tokyo" || !got.PausedUntil.Equal(until) || got.Zone != "Europe/Berlin" {
			t.Errorf("subscriber is %+v", got)
		}
		if got := subscriber(t, s, 2); got.OwnZone != "" || !got.PausedUntil.IsZero() {
			t.Errorf("a member without choices is %+v", got)
		}
	})
}

func TestPlanNow_ReplacesWaitingDigest(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 0)
		plan := func(key string) store.Plan {
			return store.Plan{Key: key, Kind: "digest", Member: 1, Until: 5, NextDue: now.Add(24 * time.Hour), Priority: 30}
		}
		must(s.Outbox.Plan(t.Context(), now, []store.Plan{plan("digest/1/a")}))(t)
		if !must(s.Outbox.PlanNow(t.Context(), now, plan("digest/1/now")))(t) {
			t.Error("it was not planned")
		}
		if must(s.Outbox.PlanNow(t.Context(), now, plan("digest/1/now")))(t) {
			t.Error("it was planned twice")
		}
		rows := must(s.Outbox.Claim(t.Context(), now, "me", time.Minute, store.AllPriorities, 10))(t)
		if len(rows) != 1 || rows[0].Key != "digest/1/now" || rows[0].From != 0 || rows[0].Until != 5 {
			t.Fatalf("the outbox contains %+v", rows)
		}
		if must(s.Outbox.PlanNow(t.Context(), now, plan("digest/1/later")))(t) {
			t.Error("another one was planned while one is on its way")
		}
		if got := subscriber(t, s, 1).Due; !got.Equal(now.Add(24 * time.Hour)) {
			t.Errorf("the next is due %v", got)
		}
	})
}
