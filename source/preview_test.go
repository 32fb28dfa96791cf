package source_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"postrider/internal/forumtest"
	"postrider/source"
)

// The end-to-end tests compare preview and explain with the dumps of forums. This does so with the same forums on other engines and in other
// versions, which the tests of this package have loaded anyway.

// sampled are the members that the usual tests ask about; those with POSTRIDER_PROBES=all ask about all.
var sampled = []string{"panda", "oldhand"}

func TestPreviewAndExplain_MatchForumOnEveryEngine(t *testing.T) {
	source.ForEachCopiedForum(t, func(t *testing.T, f source.CopiedForum) {
		want, config := expectationOf(t, f), configOf(t, f)
		if os.Getenv("POSTRIDER_PROBES") != "all" {
			maps.DeleteFunc(want.Members, func(name string, _ forumtest.Member) bool { return !slices.Contains(sampled, name) })
		}
		for name, m := range want.Members {
			forumtest.Preview(t, config, strconv.FormatInt(m.ID, 10), "digest", want.Window).CheckDigest(t, name, m, f.Posts, want.Window)
		}
		now := time.Unix(want.Window[1], 0).UTC().Format(time.RFC3339)
		if _, errOut, code := forumtest.Run(t, "run", "-c", config, "--once", "--now", now, "--mail-dir", t.TempDir()); code != 0 {
			t.Fatalf("run: exit %d\n%s", code, errOut)
		}
		for name, m := range want.Members {
			forumtest.CheckExplanations(t, config, name, m, f.Posts)
		}
	})
}

func expectationOf(t *testing.T, f source.CopiedForum) forumtest.Expectation {
	t.Helper()
	files, err := filepath.Glob("testdata/" + f.Dump + "-*-expect.json")
	if err != nil || len(files) != 1 {
		t.Fatalf("expectations of %s are %v, %v", f.Dump, files, err)
	}
	want := forumtest.Read(t, files[0])
	if len(want.Members) < 3 || len(f.Posts) < 300 {
		t.Fatalf("%s has %d members and %d posts", f.Type, len(want.Members), len(f.Posts))
	}
	return want
}

func configOf(t *testing.T, f source.CopiedForum) (path string) {
	t.Helper()
	dir := t.TempDir()
	return forumtest.WriteConfig(t, dir, f.Type, f.DSN, "sqlite:"+filepath.Join(dir, "postrider.db"), "smtp://127.0.0.1:25")
}
