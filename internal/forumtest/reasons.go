package forumtest

import (
	"strings"
	"testing"
)

// CheckLeftOut compares our reasons to leave out posts with those of the expectation.
func (e Edition) CheckLeftOut(t *testing.T, name string, m Member) {
	t.Helper()
	reasons := map[int64]string{}
	for _, l := range e.LeftOut {
		reasons[l.Post] = l.Reason
	}
	for id, theirs := range m.MustNot {
		post := postID(t, id)
		ours, known := reasonFor(theirs)
		if !known {
			t.Errorf("%s: no reason of ours matches %q", name, theirs)
		}
		// The expectation also has reasons for posts before the window. A preview does not list those.
		if reason, listed := reasons[post]; listed && (ours == "" || !strings.Contains(reason, ours)) {
			t.Errorf("%s: post %d is left out because of %q, want %q (%s)", name, post, reason, ours, theirs)
		}
	}
	for _, post := range m.Own {
		if reasons[post] != "own post" {
			t.Errorf("%s: own post %d is left out because of %q", name, post, reasons[post])
		}
	}
}

// reasonFor returns what our reason must contain for a reason of the expectation. It is empty if the post was deleted or is
// before the window.
func reasonFor(theirs string) (ours string, known bool) {
	for _, word := range []struct{ theirs, ours string }{
		{"before the window", ""}, {"permanently deleted", ""},
		{"is not readable", "no access"}, {"own-threads-only", "own threads only"},
		{"opening post deleted", "deleted"}, {"first post of a merged", "deleted"}, {"private message", ""}, {"deleted for good", ""}, {"held for approval", "awaiting approval"}, {"small action", "post hidden"},
		{"event post", ""}, {"hidden thread", "thread deleted"}, {"hidden post", "post deleted"},
		{"whisper", "post hidden"}, {"hidden by flags", "post hidden"}, {"unlisted", "thread hidden"}, {"category definition", "thread hidden"},
		{"deleted by its author", "post deleted"},
		{"purged", ""}, {"welcome topic", ""}, {"deleted topic", "deleted"}, {"deleted post", "deleted"}, {"block list", "ignored"}, {"is disabled", "no access"}, {"scheduled topic", "awaiting approval"},
		{"ignore list", "ignored"}, {"opening post soft-deleted", "deleted"}, {"soft-deleted thread", "deleted"},
		{"soft-deleted post", "post deleted"}, {"post awaiting approval", "post awaiting approval"},
		{"thread awaiting approval", "awaiting approval"},
	} {
		if strings.Contains(theirs, word.theirs) {
			return word.ours, true
		}
	}
	return "", false
}

// checkReasons compares our reasons with those of the expectation.
func checkReasons(t *testing.T, name string, got map[int64]explanation, m Member) {
	t.Helper()
	for _, post := range m.Show {
		s := got[post]
		last := s.Rules[len(s.Rules)-1]
		if !strings.HasPrefix(s.Mail, "digest/") || last.Blocks || len(s.Messages) == 0 || s.Messages[0].State != "accepted" {
			t.Errorf("%s: post %d was sent, but is explained by %+v", name, post, s)
		}
	}
	for id, theirs := range m.MustNot {
		post := postID(t, id)
		ours, known := reasonFor(theirs)
		if !known {
			t.Errorf("%s: no reason of ours matches %q", name, theirs)
		}
		if s := got[post]; s.Verdict != "left out" || !strings.Contains(s.Reason, ours) {
			t.Errorf("%s: post %d is %q because of %q, want %q (%s)", name, post, s.Verdict, s.Reason, ours, theirs)
		}
	}
	for _, post := range m.Own {
		if s := got[post]; s.Reason != "own post" && !strings.HasSuffix(s.Reason, " left it out: own post") {
			t.Errorf("%s: own post %d is left out because of %q", name, post, s.Reason)
		}
	}
}
