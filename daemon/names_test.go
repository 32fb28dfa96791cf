package daemon

import (
	"strings"
	"testing"

	"postrider/digest"
)

// The digest of a member who ignores the starter of a thread does not name them, in either part.
func TestDigest_HidesIgnoredStarter(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	w.execSQL(`INSERT INTO ignored VALUES (101, 8)`)
	thread := w.thread(tonight)
	w.execSQL(`UPDATE thread SET starter_id = 8, starter_name = 'Ignored Ignatius' WHERE id = ?`, thread)
	w.writePost(thread)
	w.setClock(5, "08:00")
	w.round()
	for to, hidden := range map[string]bool{"anna": true, "carl": false} {
		_, text, html := w.lastMessageTo(to)
		for part, content := range map[string]string{"html": html, "text": text} {
			if strings.Contains(content, "Ignored Ignatius") == hidden {
				t.Errorf("the %s of %s names the starter: %v", part, to, !hidden)
			}
			if strings.Contains(content, "a member you ignore") != hidden {
				t.Errorf("the %s of %s:\n%s", part, to, content)
			}
		}
	}
}

// The digest of a member who ignores some of those who like a post counts them without naming them, in either part.
func TestDigest_DoesNotNameIgnoredLikers(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	w.execSQL(`INSERT INTO ignored VALUES (101, 102)`)
	some, only := w.writePost(w.thread(tonight)), w.writePost(w.thread(tonight))
	for _, liker := range []int64{102, 103} {
		w.execSQL(`INSERT INTO post_like (post_id, member_id, liked_at) VALUES (?, ?, ?)`, some, liker, liker)
	}
	w.execSQL(`INSERT INTO post_like (post_id, member_id, liked_at) VALUES (?, 102, 1)`, only)
	w.setClock(5, "08:00")
	w.round()
	for to, want := range map[string][]string{"anna": {"carl and 1 other like this", "1 member likes this"}, "carl": {"bert and carl like this", "bert likes this"}} {
		_, text, html := w.lastMessageTo(to)
		for part, content := range map[string]string{"html": html, "text": text} {
			for _, likes := range want {
				if !strings.Contains(content, likes) {
					t.Errorf("the %s of %s lacks %q:\n%s", part, to, likes, content)
				}
			}
			if to == "anna" && strings.Contains(content, "bert ") {
				t.Errorf("the %s of %s names an ignored member:\n%s", part, to, content)
			}
		}
	}
}

// Members who are banned after a post was first sent are not named with the next digest, though the post itself is unchanged.
func TestDigest_DoesNotNameBannedLikers(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	p := w.writePost(w.thread(tonight))
	for _, liker := range []int64{102, 103} {
		w.execSQL(`INSERT INTO post_like (post_id, member_id, liked_at) VALUES (?, ?, ?)`, p, liker, liker)
	}
	w.setClock(4, "10:30")
	w.updatePreferences(func(c *digest.Preferences) { c.Schedule.Hour = 10 })
	w.setClock(5, "08:00")
	w.round()
	if _, text, html := w.lastMessageTo("carl"); !strings.Contains(html, "bert and carl") || !strings.Contains(text, "bert and carl") {
		t.Fatalf("before the ban, the digest does not name both:\n%s", text)
	}
	w.execSQL(`UPDATE member SET state = 'banned' WHERE id = 102`)
	w.setClock(5, "10:00")
	w.round()
	_, text, html := w.lastMessageTo("anna")
	for part, content := range map[string]string{"html": html, "text": text} {
		if !strings.Contains(content, "carl and 1 other like this") || strings.Contains(content, "bert ") {
			t.Errorf("after the ban, the %s of the digest:\n%s", part, content)
		}
	}
}
