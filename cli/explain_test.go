package cli

import (
	"encoding/json"
	"path/filepath"
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
		"explain 4 --post here":           `invalid --post "here"`,
		"explain 4 --post 0":              `invalid --post "0"`,
		"explain 4 --post 12,-3 --json":   `invalid --post "-3"`,
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
