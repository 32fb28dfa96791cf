package forumtest

import (
	"encoding/json"
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

// CheckExplanations compares the explanations of posts with the expectation, after a round that sent the digests of its window. It asks for
// the given posts and for those that the expectation has a reason for.
func CheckExplanations(t *testing.T, config, name string, m Member, posts []int64) {
	t.Helper()
	for id := range m.MustNot {
		posts = append(posts, postID(t, id))
	}
	posts = slices.Compact(slices.Sorted(slices.Values(posts)))
	got := explain(t, config, m.ID, posts)
	for post, s := range got {
		if should := slices.Contains(m.Show, post); should != (s.Verdict == "sent") {
			t.Errorf("%s: post %d is explained as %s: %s; want it sent: %t", name, post, s.Verdict, s.Reason, should)
		}
	}
	checkReasons(t, name, got, m)
}

// explain runs explain for a member and some posts.
func explain(t *testing.T, config string, member int64, posts []int64) map[int64]explanation {
	t.Helper()
	ids := make([]string, len(posts))
	for i, p := range posts {
		ids[i] = strconv.FormatInt(p, 10)
	}
	out, errOut, code := Run(t, "explain", "-c", config, strconv.FormatInt(member, 10), "--json", "--post", strings.Join(ids, ","))
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

func postID(t *testing.T, text string) int64 {
	t.Helper()
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return id
}
