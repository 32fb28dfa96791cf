package forumtest

import (
	"encoding/json"
	"slices"
	"testing"
	"time"
)

// Edition is the JSON output of preview, as far as the tests check it.
type Edition struct {
	Kind   string `json:"kind"`
	Member struct {
		ID    int64  `json:"id"`
		Email string `json:"email"`
	} `json:"member"`
	Subject string    `json:"subject"`
	From    time.Time `json:"from"`
	Until   time.Time `json:"until"`
	Skipped string    `json:"skipped"`
	Groups  []struct {
		Section struct {
			ID    int64  `json:"id"`
			Title string `json:"title"`
		} `json:"section"`
		Threads []struct {
			ID    int64  `json:"id"`
			Title string `json:"title"`
			Posts []struct {
				ID    int64 `json:"id"`
				Shown bool  `json:"shown"`
			} `json:"posts"`
		} `json:"threads"`
	} `json:"groups"`
	LeftOut []struct {
		Post   int64  `json:"post"`
		Reason string `json:"reason"`
	} `json:"left_out"`
}

// Preview runs preview for a member and a window of Unix seconds.
func Preview(t *testing.T, config, member, kind string, window [2]int64) Edition {
	t.Helper()
	at := func(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }
	out, errOut, code := Run(t, "preview", "-c", config, member, "--kind", kind, "--format", "json", "--from", at(window[0]), "--until", at(window[1]))
	if code != 0 {
		t.Fatalf("preview %s: exit %d\n%s", member, code, errOut)
	}
	var e Edition
	if err := json.Unmarshal([]byte(out), &e); err != nil {
		t.Fatalf("preview %s did not print JSON: %v\n%s", member, err, out)
	}
	return e
}

// Shown returns the posts that are shown, in order.
func (e Edition) Shown() []int64 {
	posts := []int64{}
	for _, g := range e.Groups {
		for _, t := range g.Threads {
			for _, p := range t.Posts {
				posts = append(posts, p.ID)
			}
		}
	}
	slices.Sort(posts)
	return posts
}

// All returns the posts that are shown or explained, in order.
func (e Edition) All() []int64 {
	all := e.Shown()
	for _, l := range e.LeftOut {
		all = append(all, l.Post)
	}
	slices.Sort(all)
	return all
}

// CheckDigest compares a digest with the expectation. posts are all that were written in the window.
func (e Edition) CheckDigest(t *testing.T, name string, m Member, posts []int64, window [2]int64) {
	t.Helper()
	if all := e.All(); !slices.Equal(all, posts) {
		t.Errorf("%s: posts shown or explained are\n %v\nwant all posts in the window\n %v", name, all, posts)
	}
	if shown, want := e.Shown(), slices.Sorted(slices.Values(m.Show)); !slices.Equal(shown, want) {
		t.Errorf("%s: posts\n %v\nwant\n %v", name, shown, want)
	}
	if e.Kind != "digest" || e.Member.ID != m.ID || e.From.Unix() != window[0] || e.Until.Unix() != window[1] || e.Subject == "" {
		t.Errorf("%s: the edition's member, times or subject are wrong: %+v", name, e)
	}
	e.CheckLeftOut(t, name, m)
}
