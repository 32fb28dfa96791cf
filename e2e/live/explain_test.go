//go:build live

package live

import (
	"encoding/json"
	"slices"
)

// explained is what "postrider explain" says about a post.
type explained struct {
	Post    int64  `json:"post"`
	Verdict string `json:"verdict"`
	Reason  string `json:"reason"`
}

// explain asks Postrider why a member did or did not get posts.
func (w *world) explain(member string, posts ...int64) []explained {
	w.Helper()
	args := []string{"explain", member, "--json"}
	for _, post := range posts {
		args = append(args, "--post", itoa(post))
	}
	var answer struct{ Posts []explained }
	if out := w.postrider.run(args...); json.Unmarshal([]byte(out), &answer) != nil || len(answer.Posts) != len(posts) {
		w.Fatalf("postrider %v answers %s", args, out)
	}
	return answer.Posts
}

// wantReason checks that Postrider has a reason for not sending a post that the forum has sent.
func (w *world) wantReason(d delivery) {
	w.Helper()
	why := w.explain(w.nameOf(d.to), d.post)[0]
	if why.Verdict == "sent" || why.Reason == "" {
		w.Errorf("%s did not get post %d, but it is explained as %s: %q", d.to, d.post, why.Verdict, why.Reason)
	}
	w.Logf("explained to %s: %s, %s", d.to, why.Verdict, why.Reason)
}

// wantSent checks that Postrider knows of each post that reached a member who still has an account.
func (w *world) wantSent(members ...string) {
	w.Helper()
	posts := map[string][]int64{}
	for b := range w.brought {
		posts[b.member] = append(posts[b.member], b.post)
	}
	for _, member := range members {
		if len(posts[member]) == 0 {
			w.Errorf("%s got nothing in the whole trial", member)
			continue
		}
		slices.Sort(posts[member])
		for _, why := range w.explain(member, posts[member]...) {
			if why.Verdict != "sent" {
				w.Errorf("%s got post %d, but it is explained as %s: %q", member, why.Post, why.Verdict, why.Reason)
			}
		}
	}
}
