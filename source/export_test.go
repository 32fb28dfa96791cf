package source

import (
	"testing"

	"postrider/forum"
)

// CopiedForum is a forum of the tests whose type the end-to-end tests have on another engine only, or in another version.
type CopiedForum struct {
	Type, DSN, Dump string
	Posts           []int64 // all that were written in the window
}

// ForEachCopiedForum runs a test with each of them.
func ForEachCopiedForum(t *testing.T, ask func(*testing.T, CopiedForum)) {
	for _, kind := range forumKinds {
		if dumpOf(kind) == kind {
			continue // which the end-to-end tests have
		}
		t.Run(kind, func(t *testing.T) {
			f := sharedFixture(t, kind)
			t.Parallel()
			c := CopiedForum{Type: f.kind, DSN: f.dsn, Dump: dumpOf(kind)}
			posts := readOne(t, f.open(t), func(s *Snapshot) ([]forum.PostID, error) { return s.PostsCreated(t.Context(), f.from(), f.now()) })
			for _, id := range posts {
				c.Posts = append(c.Posts, int64(id))
			}
			ask(t, c)
		})
	}
}
