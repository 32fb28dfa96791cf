package e2e

import (
	"path/filepath"
	"testing"

	"postrider/internal/forumtest"
)

// TestExplain_MatchesForumForEveryPost runs the daemon on the forums. It then checks the explanation of every post in the window,
// and of every post that the expectation has a reason for.
func TestExplain_MatchesForumForEveryPost(t *testing.T) {
	for _, kind := range dumpedForums {
		t.Run(kind, func(t *testing.T) {
			want := readExpectation(t, kind)
			dsn, config := sharedForum(t, kind)
			window, folder := postsInWindow(t, dsn, kind, want.Window), t.TempDir()
			if _, errOut, code := run(t, "run", "-c", config, "--once", "--now", rfc3339(want.Window[1]), "--mail-dir", folder); code != 0 {
				t.Fatalf("run: exit %d\n%s", code, errOut)
			}
			for name, m := range want.Members {
				forumtest.CheckExplanations(t, config, name, m, window)
			}
			if sent, err := filepath.Glob(filepath.Join(folder, "*.eml")); err != nil || len(sent) < 5 {
				t.Errorf("%d messages were sent, %v", len(sent), err)
			}
		})
	}
}
