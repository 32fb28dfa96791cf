package digest

import (
	"testing"
	"time"

	"postrider/forum"
)

// choiceHistory is a member who chooses digests here and on the forum, in turn. A sync follows each choice.
type choiceHistory struct {
	t        *testing.T
	text     string
	member   forum.Member
	own      *Schedule
	baseline PreferenceBaseline

	here       Cadence // the latest choice here that still counts, by the rules in docs/preferences.md
	forumThen  forum.DigestChoice
	forumLater bool // a later choice on the forum replaced it
	onSince    bool // digests were not off on the forum, at one time since
}

func (h *choiceHistory) chooseHere(c Cadence) {
	h.text += " here:" + string(c)
	h.own = &Schedule{Cadence: c}
	now := h.member.Digests
	h.baseline.Cadence, h.baseline.ForumDigests, h.baseline.OptOuts = c, &now, nil
	h.here, h.forumThen, h.forumLater, h.onSince = c, now, false, now != forum.NoDigests
	h.sync()
}

func (h *choiceHistory) chooseOnForum(c forum.DigestChoice) {
	h.text += " forum:" + string(c)
	h.member.Digests, h.member.OptOuts = c, 0
	if c == forum.NoDigests {
		h.member.OptOuts = forum.Digests
	}
	again := c == forum.NoDigests && h.onSince
	if c != "" && (c != h.forumThen || again) && h.here != Off {
		h.forumLater = true
	}
	h.onSince = h.onSince || c != forum.NoDigests
	h.sync()
}

func (h *choiceHistory) sync() {
	h.baseline = h.baseline.Rebase(h.member)
	if h.baseline.Cadence == "" {
		h.own = nil
	}
	chosen := Preferences{Schedule: h.own, OptedOut: *h.baseline.OptOuts, ForumDigests: h.baseline.ForumDigests}
	s, origin := ScheduleOf(h.own, h.member.Digests, Schedule{Cadence: EveryNHours, Every: 6}, time.UTC, time.Time{})
	got := s.Cadence
	if chosen.NoEmailReason(h.member, forum.Digests) != "" {
		got = Off
	}
	want, from := EveryNHours, FromSite
	switch {
	case h.here != "" && !h.forumLater:
		want, from = h.here, FromMember
	case h.member.Digests != "":
		want, from = Cadence(h.member.Digests.Frequency()), FromForum
	}
	if got != want || origin != from {
		h.t.Fatalf("after%s: digests are %s (%s), want %s (%s)", h.text, got, origin, want, from)
	}
}

func TestDigests_FollowTheNewestChoice(t *testing.T) {
	const steps = 5
	onForum := []forum.DigestChoice{"", forum.NoDigests, "daily", "weekly 7"}
	here := []Cadence{Off, Weekly, Monthly}
	var try func(h choiceHistory, left int)
	try = func(h choiceHistory, left int) {
		if left == 0 {
			return
		}
		for _, c := range onForum {
			next := h
			next.chooseOnForum(c)
			try(next, left-1)
		}
		for _, c := range here {
			next := h
			next.chooseHere(c)
			try(next, left-1)
		}
	}
	try(choiceHistory{t: t}, steps)
}

func TestScheduleOf_KeepsSiteValuesThatForumLacks(t *testing.T) {
	zone := zone(t, "Europe/Berlin")
	site := Schedule{Cadence: Daily, Hour: 8, Weekday: time.Friday, Day: 3, Every: 6}
	winter, summer := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC), time.Date(2026, 7, 5, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		choice forum.DigestChoice
		at     time.Time
		want   Schedule
	}{
		{"", winter, site},
		{"weekly", winter, Schedule{Cadence: Weekly, Hour: 8, Weekday: time.Friday}},
		{"monthly 23", winter, Schedule{Cadence: Monthly, Hour: 0, Day: 3}},
		{"daily 7", winter, Schedule{Cadence: Daily, Hour: 8}},
		{"daily 7", summer, Schedule{Cadence: Daily, Hour: 9}},
		{"hourly", winter, Schedule{Cadence: EveryNHours, Hour: 8, Every: 1}},
		{"off", winter, Schedule{Cadence: Off}},
	} {
		got, _ := ScheduleOf(nil, tt.choice, site, zone, tt.at)
		if got.Canonical() != tt.want.Canonical() || got.Validate() != nil {
			t.Errorf("%q at %v: %+v (%v), want %+v", tt.choice, tt.at, got, got.Validate(), tt.want)
		}
	}
}

func TestNormalize_KeepsOffWhenForumOptsOutToo(t *testing.T) {
	no := false
	off := Preferences{Schedule: &Schedule{Cadence: Off}, Alerts: NoAlerts, Announcements: &no}
	if got := off.Normalize(forum.AllKinds); got.chosen() != forum.AllKinds {
		t.Errorf("of the choices to get no email, an opt-out on the forum leaves only those about %v", got.chosen().Names())
	}
}
