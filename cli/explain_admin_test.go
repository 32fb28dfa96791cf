package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// The admin page and the command explain the same posts in the same way.
func TestExplain_MatchesAdminPage(t *testing.T) {
	p := newCurrentForum(t)
	text, err := os.ReadFile(p.config)
	if err == nil {
		err = os.WriteFile(p.config, append(text, "\n[web]\ntrusted_proxies = [\"127.0.0.1\"]\n[admin]\nuser_header = \"Remote-User\"\n"...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	mustRun(t, "run", "--once", "--mail-dir", filepath.Join(p.dir, "mails"), "-c", p.config)
	var numbers []string
	for i := range 20 { // of 182 posts
		numbers = append(numbers, strconv.Itoa(1+i*9))
	}
	numbers[19] = "99999"
	ids := strings.Join(numbers, ",")
	pages := p.newAdminServer(t)
	verdicts := map[string]int{}
	for _, member := range []string{"4", "13"} {
		var report postExplanationsJSON
		if err := json.Unmarshal([]byte(mustRun(t, "explain", member, "--post", ids, "--json", "-c", p.config)), &report); err != nil {
			t.Fatal(err)
		}
		shown := readShownPosts(t, pages, "/explain?member="+member+"&post="+ids)
		if len(shown) != len(report.Posts) {
			t.Fatalf("the page shows %d posts, the command %d", len(shown), len(report.Posts))
		}
		for i, x := range report.Posts {
			want := shownPost{Post: fmt.Sprintf("post-%d", x.Post), Reason: x.Reason}
			for _, r := range x.Rules {
				want.Details = append(want.Details, r.Detail)
				want.Blocks = append(want.Blocks, r.Blocks)
			}
			verdicts[string(x.Verdict)]++
			got := shown[i]
			verdict := map[string]string{"sent": "Sent", "waiting": "Pending", "coming": "Upcoming", "left out": "Omitted"}[string(x.Verdict)]
			if got.Verdict != verdict || got.Post != want.Post || got.Reason != want.Reason || !slices.Equal(got.Details, want.Details) || !slices.Equal(got.Blocks, want.Blocks) {
				t.Errorf("member %s, post %d: the command shows %s, %+v; the page %+v", member, x.Post, x.Verdict, want, got)
			}
		}
	}
	if verdicts["sent"] == 0 || verdicts["left out"] == 0 {
		t.Errorf("the posts were %v", verdicts)
	}
}

// newAdminServer returns the admin server as run creates it.
func (p testForum) newAdminServer(t *testing.T) http.Handler {
	t.Helper()
	c := &cmdEnv{out: io.Discard, err: io.Discard, getenv: func(string) string { return "" }, config: p.config}
	cfg, err := c.load()
	if err != nil {
		t.Fatal(err)
	}
	a, err := c.open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.close)
	d, err := a.daemon(t.Context(), nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	s, err := a.newAdminServer(t.Context(), d, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// shownPost is the explanation of a post on the page.
type shownPost struct {
	Post, Verdict, Reason string
	Details               []string
	Blocks                []bool
}

// readShownPosts reads the explanations from the page, as a user signed in by the proxy.
func readShownPosts(t *testing.T, pages http.Handler, path string) (list []shownPost) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:8027"+path, nil)
	r.RemoteAddr = "127.0.0.1:1"
	r.Header.Set("Remote-User", "ray")
	rec := httptest.NewRecorder()
	pages.ServeHTTP(rec, r)
	page, err := html.Parse(rec.Body)
	if err != nil || rec.Code != http.StatusOK {
		t.Fatalf("status %d, %v", rec.Code, err)
	}
	for n := range page.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "article" {
			list = append(list, shownPost{})
		}
		if len(list) == 0 {
			continue
		}
		x := &list[len(list)-1]
		switch class := attributeValue(n, "class"); {
		case n.Data == "h2" && strings.HasPrefix(attributeValue(n, "id"), "post-"):
			x.Post = attributeValue(n, "id")
		case class == "mark":
			x.Verdict = n.FirstChild.Data
		case class == "reason":
			x.Reason = n.FirstChild.Data
		case class == "says":
			x.Details = append(x.Details, n.FirstChild.Data)
		case class == "passed" || class == "failed":
			x.Blocks = append(x.Blocks, class == "failed")
		}
	}
	return list
}

func attributeValue(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
