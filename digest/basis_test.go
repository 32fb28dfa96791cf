package digest

import (
	"testing"

	"postrider/forum"
)

func TestBaseline_KeepsAChoiceUntilTheForumChanges(t *testing.T) {
	berlin := forum.Member{Zone: "Europe/Berlin", Locale: "de"}
	b := PreferenceBaseline{Zone: "Asia/Tokyo", Locale: "en"}.Rebase(berlin)
	if b.Zone != "Asia/Tokyo" || b.Locale != "en" || *b.ForumZone != "Europe/Berlin" || *b.ForumLocale != "de" {
		t.Fatalf("first Rebase = %+v", b)
	}
	if again := b.Rebase(berlin); !again.Same(b) {
		t.Errorf("second Rebase = %+v, want %+v", again, b)
	}
	b = b.Rebase(forum.Member{Zone: "Europe/Paris", Locale: "de"})
	if b.Zone != "" || b.Locale != "en" {
		t.Errorf("after a zone change on the forum Rebase = %+v, want no chosen zone", b)
	}
	if b = b.Rebase(berlin); b.Zone != "" || b.ForumZone != nil {
		t.Errorf("the replaced choice is back: %+v", b)
	}
}

func TestBaseline_KeepsTheForumOptOutUntilAChoiceHere(t *testing.T) {
	in, out, banned := forum.Member{}, forum.Member{OptOuts: forum.Announcements}, forum.Member{NoMail: "banned"}
	outOfAll := forum.Member{OptOuts: forum.AllKinds}
	on := true
	for _, tt := range []struct {
		name   string
		states []forum.Member // on the forum, at each sync; the first is when the member chose
		want   string         // why there is no announcement after the last
		others string         // why there are no digests and alerts then
	}{
		{"email allowed", []forum.Member{in}, "", ""},
		{"opt-out after the choice", []forum.Member{in, out}, forum.OptedOut, ""},
		{"opt-out before the choice", []forum.Member{out, out}, "", ""},
		{"opt-out before the choice, opt-in, opt-out again", []forum.Member{out, in, out}, forum.OptedOut, ""},
		{"opt-out before the choice, banned for a while", []forum.Member{out, banned, out}, "", ""},
		{"banned", []forum.Member{out, banned}, "banned", "banned"},
		{"opt-out of all after the choice", []forum.Member{in, outOfAll}, forum.OptedOut, forum.OptedOut},
		{"opt-out of all before the choice", []forum.Member{outOfAll, outOfAll}, "", ""},
		{"opt-out of announcements before the choice, of all after it", []forum.Member{out, outOfAll}, "", forum.OptedOut},
	} {
		var b PreferenceBaseline
		for _, m := range tt.states {
			b = b.Rebase(m)
		}
		last := tt.states[len(tt.states)-1]
		chosen := Preferences{Schedule: &Schedule{Cadence: Weekly}, Alerts: EveryReply, Announcements: &on, OptedOut: *b.OptOuts}
		for _, kind := range []forum.Kinds{forum.Announcements, forum.Alerts, forum.Digests} {
			want := tt.others
			if kind == forum.Announcements {
				want = tt.want
			}
			if got := chosen.NoEmailReason(last, kind); got != want {
				t.Errorf("%s: no %v because of %q, want %q", tt.name, kind.Names(), got, want)
			}
			without := last.NoMail
			if without == "" && last.OptOuts.Has(kind) {
				without = forum.OptedOut
			}
			if got := (Preferences{OptedOut: chosen.OptedOut}).NoEmailReason(last, kind); got != without {
				t.Errorf("%s, without a choice: no %v because of %q, want %q", tt.name, kind.Names(), got, without)
			}
		}
	}
}

func TestNormalize_OptOutEndsOnlyChoicesOfItsKind(t *testing.T) {
	on := true
	all := Preferences{Schedule: &Schedule{Cadence: Weekly}, Alerts: EveryReply, Announcements: &on}
	for _, tt := range []struct {
		optOuts, left forum.Kinds
	}{
		{0, forum.AllKinds},
		{forum.Announcements, forum.Alerts | forum.Digests},
		{forum.Alerts, forum.Announcements | forum.Digests},
		{forum.Digests, forum.Announcements | forum.Alerts},
		{forum.AllKinds, 0},
	} {
		if got := all.Normalize(tt.optOuts).chosen(); got != tt.left {
			t.Errorf("after opting out of %v the choices are about %v, want %v", tt.optOuts.Names(), got.Names(), tt.left.Names())
		}
		before := all
		before.OptedOut = forum.AllKinds
		if got := before.Normalize(tt.optOuts).chosen(); got != forum.AllKinds {
			t.Errorf("an opt-out of %v from before the choices leaves only %v", tt.optOuts.Names(), got.Names())
		}
	}
}

func TestWatchFingerprint_DiffersForEachWatch(t *testing.T) {
	fingerprints := make(map[string]bool)
	for _, w := range []forum.Watch{{}, {Level: forum.NewThreads}, {Level: forum.AllPosts}, {Level: forum.NewThreads, Mail: forum.NewThreads}, {Level: forum.AllPosts, Mail: forum.AllPosts}} {
		fingerprints[WatchFingerprint(w, w.Level != 0)] = true
	}
	if len(fingerprints) != 5 {
		t.Errorf("five watches have %d fingerprints: %v", len(fingerprints), fingerprints)
	}
}
