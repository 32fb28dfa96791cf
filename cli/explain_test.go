package cli

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestExplain_ShowsMemberAndMessages(t *testing.T) {
	p := newCurrentForum(t)
	mustRun(t, "run", "--once", "--mail-dir", filepath.Join(p.dir, "mails"), "-c", p.config)
	text := mustRun(t, "explain", "4", "-c", p.config)
	for _, want := range []string{"(member 4) <", "next digest", "Messages of the last 30 days:", "digest/4/", "accepted"} {
		if !strings.Contains(text, want) {
			t.Errorf("output without %q:\n%s", want, text)
		}
	}
	var m memberExplanationJSON
	if err := json.Unmarshal([]byte(mustRun(t, "explain", "4", "--json", "-c", p.config)), &m); err != nil {
		t.Fatal(err)
	}
	if m.Member.ID != 4 || !m.Subscribed || len(m.Messages) != 1 || m.Messages[0].State != "accepted" || len(m.Messages[0].Attempts) != 1 || m.Due.IsZero() {
		t.Errorf("got %+v", m)
	}
	if name := mustRun(t, "explain", m.Member.Name, "-c", p.config); name != text {
		t.Errorf("by name\n%s\nby ID\n%s", name, text)
	}
}

func TestExplain_SaysWhoChoseTheDigests(t *testing.T) {
	p := newCurrentForum(t)
	execSQL(t, p.forum, "INSERT INTO digest_setting VALUES (4, 'weekly 7')")
	if text := mustRun(t, "explain", "4", "-c", p.config); !strings.Contains(text, "weekly, on Monday at ") || !strings.Contains(text, "(the member's choice on the forum)") {
		t.Errorf("got %s", text)
	}
	var m memberExplanationJSON
	if err := json.Unmarshal([]byte(mustRun(t, "explain", "4", "--json", "-c", p.config)), &m); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(m.Digests, "weekly") || m.DigestsFrom != "forum" {
		t.Errorf("digests are %q from %q", m.Digests, m.DigestsFrom)
	}
	if _, errOut, _ := run(t, "run", "--once", "-c", p.config); !strings.Contains(errOut, "members chose on the forum: 1 weekly") {
		t.Errorf("the first run says %s", errOut)
	}
	if out, _, _ := run(t, "check", "--offline", "-c", p.config); !strings.Contains(out, "digest choices: members chose on the forum: 1 weekly") {
		t.Errorf("check says %s", out)
	}
}

func TestExplain_ShowsPosts(t *testing.T) {
	p := newCurrentForum(t)
	mustRun(t, "run", "--once", "--mail-dir", filepath.Join(p.dir, "mails"), "-c", p.config)
	text := mustRun(t, "explain", "4", "--post", "1", "--post", "99999", "-c", p.config)
	for _, want := range []string{"Post 1 for ", "\nPost 99999 for ", "permanently deleted", "readable", "NO"} {
		if !strings.Contains(text, want) {
			t.Errorf("output without %q:\n%s", want, text)
		}
	}
	var got postExplanationsJSON
	if err := json.Unmarshal([]byte(mustRun(t, "explain", "4", "--post", "1,99999", "--json", "-c", p.config)), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Posts) != 2 || got.Posts[1].Verdict != "left out" || got.Posts[1].Reason != "permanently deleted" {
		t.Errorf("got %+v", got)
	}
}

func TestExplain_TakesLinksOfPostsAndThreads(t *testing.T) {
	p := newCurrentForum(t)
	mustRun(t, "run", "--once", "--mail-dir", filepath.Join(p.dir, "mails"), "-c", p.config)
	explained := func(post string) (ids []int64) {
		var got postExplanationsJSON
		if err := json.Unmarshal([]byte(mustRun(t, "explain", "4", "--post", post, "--json", "-c", p.config)), &got); err != nil {
			t.Fatal(err)
		}
		for _, x := range got.Posts {
			ids = append(ids, int64(x.Post))
		}
		return ids
	}
	db, err := sql.Open("sqlite", p.forum)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var post, thread int64
	if err := db.QueryRowContext(t.Context(), "SELECT id, thread_id FROM post WHERE state = 'visible' ORDER BY posted_at DESC").Scan(&post, &thread); err != nil {
		t.Fatal(err)
	}
	if got := explained(fmt.Sprintf("https://upperberth.example/posts/%d/", post)); !slices.Equal(got, []int64{post}) {
		t.Errorf("the link of post %d explains %v", post, got)
	}
	linked, byID := explained(fmt.Sprintf("upperberth.example/threads/%d/", thread)), explained(fmt.Sprintf("T%d", thread))
	if len(linked) == 0 || linked[0] != post || !slices.Equal(linked, byID) {
		t.Errorf("the link of thread %d explains %v, its ID %v; want post %d first", thread, linked, byID, post)
	}
	for link, want := range map[string]string{
		"https://other.example/posts/1/": "does not begin with the forum's address", "https://upperberth.example/about": "leads to no post or thread",
		"https://upperberth.example/threads/999/": "has seen no post",
	} {
		if out, errOut, code := run(t, "explain", "4", "--post", link, "-c", p.config); code != 1 || out != "" || !strings.Contains(errOut, want) {
			t.Errorf("%s: exit %d, %q, %q; want %q", link, code, out, errOut, want)
		}
	}
}

func TestExplain_WritesNothingAndReportsUsage(t *testing.T) {
	p := newTestForum(t)
	mustRun(t, "explain", "4", "-c", p.config)
	if made, err := filepath.Glob(filepath.Join(p.dir, "postrider*")); err != nil || len(made) > 0 {
		t.Errorf("it created %v, %v", made, err)
	}
	for args, want := range map[string]string{
		"explain":                         "ID or name",
		"explain Corridor Kate":           "ID or name",
		"explain 99999":                   "no such member",
		"explain 4 --post here":           `--post: invalid post "here"`,
		"explain 4 --post 0":              `--post: invalid post "0"`,
		"explain 4 --post 12,-3 --json":   `--post: invalid post "-3"`,
		"explain 4 -c " + p.dir + "/none": "config.example.toml",
	} {
		all := strings.Fields(args)
		if !strings.Contains(args, " -c ") {
			all = append(all, "-c", p.config)
		}
		exit := 2
		if want == "no such member" {
			exit = 1
		}
		if out, errOut, code := run(t, all...); code != exit || out != "" || !strings.Contains(errOut, want) {
			t.Errorf("%s: exit %d, %q, %q; want %d and %q", args, code, out, errOut, exit, want)
		}
	}
}
