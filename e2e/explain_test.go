package e2e

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// explanation is one post in the JSON output of explain, as far as the tests check it.
type explanation struct {
	Post    int64  `json:"post"`
	Verdict string `json:"verdict"`
	Reason  string `json:"reason"`
	Mail    string `json:"message"`
	Rules   []struct {
		Rule   string `json:"rule"`
		Blocks bool   `json:"blocks"`
		Detail string `json:"detail"`
	} `json:"rules"`
	Messages []struct {
		Key   string `json:"key"`
		State string `json:"state"`
	} `json:"messages"`
}

// explainPosts runs explain for a member and some posts.
func explainPosts(t *testing.T, config string, member int64, posts []int64) map[int64]explanation {
	t.Helper()
	ids := make([]string, len(posts))
	for i, p := range posts {
		ids[i] = strconv.FormatInt(p, 10)
	}
	out, errOut, code := run(t, "explain", "-c", config, strconv.FormatInt(member, 10), "--json", "--post", strings.Join(ids, ","))
	if code != 0 {
		t.Fatalf("explain: exit %d\n%s", code, errOut)
	}
	var output struct {
		Member struct {
			ID int64 `json:"id"`
		} `json:"member"`
		Posts []explanation `json:"posts"`
	}
	if err := json.Unmarshal([]byte(out), &output); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if output.Member.ID != member || len(output.Posts) != len(posts) {
		t.Fatalf("explain printed member %d and %d posts, want %d and %d", output.Member.ID, len(output.Posts), member, len(posts))
	}
	all := make(map[int64]explanation)
	for _, s := range output.Posts {
		all[s.Post] = s
	}
	return all
}

// TestExplain_MatchesForumForEveryPost runs the daemon on the forums. It then checks the explanation of every post in the window,
// and of every post that the expectation has a reason for.
func TestExplain_MatchesForumForEveryPost(t *testing.T) {
	for _, kind := range dumpedForums {
		t.Run(kind, func(t *testing.T) {
			want := readExpectation(t, kind)
			dsn, config := sharedForum(t, kind)
			folder := t.TempDir()
			if _, errOut, code := run(t, "run", "-c", config, "--once", "--now", rfc3339(want.Window[1]), "--mail-dir", folder); code != 0 {
				t.Fatalf("run: exit %d\n%s", code, errOut)
			}
			for name, m := range want.Members {
				posts := postsInWindow(t, dsn, kind, want.Window)
				for id := range m.MustNot {
					post, err := strconv.ParseInt(id, 10, 64)
					if err != nil {
						t.Fatal(err)
					}
					posts = append(posts, post)
				}
				slices.Sort(posts)
				got := explainPosts(t, config, m.ID, slices.Compact(posts))
				for post, s := range got {
					if should := slices.Contains(m.Show, post); should != (s.Verdict == "sent") {
						t.Errorf("%s: post %d is explained as %s: %s; want it sent: %t", name, post, s.Verdict, s.Reason, should)
					}
				}
				checkReasons(t, name, got, m)
			}
			if sent, err := filepath.Glob(filepath.Join(folder, "*.eml")); err != nil || len(sent) < 5 {
				t.Errorf("%d messages were sent, %v", len(sent), err)
			}
		})
	}
}

// checkReasons compares our reasons with those of the expectation.
func checkReasons(t *testing.T, name string, got map[int64]explanation, m memberExpectation) {
	t.Helper()
	for _, post := range m.Show {
		s := got[post]
		last := s.Rules[len(s.Rules)-1]
		if !strings.HasPrefix(s.Mail, "digest/") || last.Blocks || len(s.Messages) == 0 || s.Messages[0].State != "accepted" {
			t.Errorf("%s: post %d was sent, but is explained by %+v", name, post, s)
		}
	}
	for id, theirs := range m.MustNot {
		post, _ := strconv.ParseInt(id, 10, 64)
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
