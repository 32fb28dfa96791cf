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
	for _, tt := range []struct {
		name   string
		noMail []string // on the forum, at each sync; the first is when the member chose
		want   string   // why there is no email after the last
	}{
		{"email allowed", []string{""}, ""},
		{"opt-out after the choice", []string{"", forum.OptedOut}, forum.OptedOut},
		{"opt-out before the choice", []string{forum.OptedOut, forum.OptedOut}, ""},
		{"opt-out before the choice, opt-in, opt-out again", []string{forum.OptedOut, "", forum.OptedOut}, forum.OptedOut},
		{"opt-out before the choice, banned for a while", []string{forum.OptedOut, "banned", forum.OptedOut}, ""},
		{"banned", []string{forum.OptedOut, "banned"}, "banned"},
	} {
		var b PreferenceBaseline
		for _, reason := range tt.noMail {
			b = b.Rebase(forum.Member{NoMail: reason})
		}
		c := Preferences{OptedOut: b.OptedOut != nil && *b.OptedOut}
		last := tt.noMail[len(tt.noMail)-1]
		if got := c.NoEmailReason(last, true); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		if got := c.NoEmailReason(last, false); got != last {
			t.Errorf("%s, without a choice: %q, want %q", tt.name, got, last)
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
