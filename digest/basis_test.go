package digest

import (
	"testing"

	"postrider/forum"
)

func TestAChoiceHoldsUntilTheForumSaysSomethingElse(t *testing.T) {
	berlin := forum.Member{Zone: "Europe/Berlin", Locale: "de"}
	b := PreferenceBaseline{Zone: "Asia/Tokyo", Locale: "en"}.Rebase(berlin)
	if b.Zone != "Asia/Tokyo" || b.Locale != "en" || *b.ForumZone != "Europe/Berlin" || *b.ForumLocale != "de" {
		t.Fatalf("at the first look it is %+v", b)
	}
	if again := b.Rebase(berlin); !again.Same(b) {
		t.Errorf("at the second look it is %+v, want %+v", again, b)
	}
	b = b.Rebase(forum.Member{Zone: "Europe/Paris", Locale: "de"})
	if b.Zone != "" || b.Locale != "en" {
		t.Errorf("after another zone on the forum it is %+v, want no zone of his own", b)
	}
	if b = b.Rebase(berlin); b.Zone != "" || b.ForumZone != nil {
		t.Errorf("once ended it comes back: %+v", b)
	}
}

func TestOptingOutOnTheForumHoldsUntilHeAsksHere(t *testing.T) {
	for _, tt := range []struct {
		name  string
		words []string // of the forum, one look after the other; the first is when he chose
		want  string   // why there is no mail at the last
	}{
		{"he may be mailed", []string{""}, ""},
		{"he opts out after he chose", []string{"", forum.OptedOut}, forum.OptedOut},
		{"he had opted out, and chose nevertheless", []string{forum.OptedOut, forum.OptedOut}, ""},
		{"he had, opts in, and out again", []string{forum.OptedOut, "", forum.OptedOut}, forum.OptedOut},
		{"he had, and is banned for a while", []string{forum.OptedOut, "banned", forum.OptedOut}, ""},
		{"he is banned", []string{forum.OptedOut, "banned"}, "banned"},
	} {
		var b PreferenceBaseline
		for _, word := range tt.words {
			b = b.Rebase(forum.Member{NoMail: word})
		}
		c := Preferences{OptedOut: b.OptedOut != nil && *b.OptedOut}
		last := tt.words[len(tt.words)-1]
		if got := c.NoEmailReason(last, true); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		if got := c.NoEmailReason(last, false); got != last {
			t.Errorf("%s, and asked for nothing: %q, want %q", tt.name, got, last)
		}
	}
}

func TestEveryChangeOfAWatchShows(t *testing.T) {
	words := make(map[string]bool)
	for _, w := range []forum.Watch{{}, {Level: forum.NewThreads}, {Level: forum.AllPosts}, {Level: forum.NewThreads, Mail: forum.NewThreads}, {Level: forum.AllPosts, Mail: forum.AllPosts}} {
		words[WatchFingerprint(w, w.Level != 0)] = true
	}
	if len(words) != 5 {
		t.Errorf("five ways of watching have %d words: %v", len(words), words)
	}
}
