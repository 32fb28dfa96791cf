package daemon

import (
	"strings"
	"testing"

	"postrider/daemon/settings"
	"postrider/digest"
)

// digestText returns the text of the only digest to Anna, as one line.
func (w *world) digestText() string {
	w.Helper()
	sent := w.relay.withdraw(address("anna"))
	if len(sent) != 1 {
		w.Fatalf("Anna got %d messages, want a digest", len(sent))
	}
	_, text, _ := parseMessage(w, sent[0].raw)
	return strings.Join(strings.Fields(text), " ")
}

func TestExcerpt_IsTitlesOrWholePostsForThoseWhoWant(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	day := 4
	next := func(length int) string {
		w.updatePreferences(func(c *digest.Preferences) { c.Excerpt = length })
		w.setClock(day, "20:00")
		w.writeText(w.thread(tonight), writer, "Beginning. "+strings.Repeat("All of it is worth reading. ", 200)+"End.")
		w.round()
		day++
		w.setClock(day, "08:00")
		w.relay.forget()
		w.round()
		return w.digestText()
	}
	if got := next(300); !strings.Contains(got, "Beginning.") || strings.Contains(got, "End.") {
		t.Errorf("with excerpts the digest is %.2000s", got)
	}
	if got := next(digest.WholePosts); !strings.Contains(got, "Beginning.") || !strings.Contains(got, "End.") {
		t.Errorf("with whole posts the digest is %.2000s", got)
	}
	if got := next(digest.TitlesOnly); strings.Contains(got, "Beginning.") || !strings.Contains(got, "Thread ") {
		t.Errorf("with titles only the digest is %.2000s", got)
	}
	w.set.Digest.Posts = settings.PostsWhole
	file := w.openStoreFile()
	if _, err := file.Exec(`UPDATE preference SET excerpt = NULL`); err != nil {
		t.Fatal(err)
	}
	w.restart()
	if got := next(digest.WholePosts); !strings.Contains(got, "End.") {
		t.Errorf("with whole posts as the site's default the digest is %.2000s", got)
	}
}
