// Package e2e drives the whole program, as its users do: on the databases of real forums, on both
// engines of its store, and with a hand on the power switch.
package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"postrider/cli"
	"postrider/internal/servertest"
)

// expectation is what a forum's own software would show, by the posts' ids.
type expectation struct {
	Window  [2]int64 `json:"window_unix"`
	Members map[string]struct {
		ID      int64             `json:"member_id"`
		Show    []int64           `json:"must_show_if_only_watched"`
		MustNot map[string]string `json:"must_not"`
		Own     []int64           `json:"own_posts_in_window"`
	} `json:"members"`
	NoMail map[string]int64 `json:"members_that_get_no_mail"`
}

// edition is the JSON of a preview: what checks may rely on.
type edition struct {
	Kind   string `json:"kind"`
	Member struct {
		ID int64 `json:"id"`
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

func (e edition) posts() []int64 {
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

func TestPreviewShowsExactlyWhatTheForumWould(t *testing.T) {
	for _, kind := range []string{"xenforo2", "mybb"} {
		t.Run(kind, func(t *testing.T) {
			want := readExpectation(t, kind)
			config := realForum(t, kind)
			for name, m := range want.Members {
				got := preview(t, config, strconv.FormatInt(m.ID, 10), want.Window)
				slices.Sort(m.Show)
				if posts := got.posts(); !slices.Equal(posts, m.Show) {
					t.Errorf("%s: posts\n %v\nwant\n %v", name, posts, m.Show)
				}
				if got.Kind != "digest" || got.Member.ID != m.ID || got.From.Unix() != want.Window[0] || got.Until.Unix() != want.Window[1] || got.Subject == "" {
					t.Errorf("%s: head of the edition is %+v", name, got)
				}
				leftOutAgrees(t, name, got, m.MustNot, m.Own)
			}
		})
	}
}

// leftOutAgrees holds our reasons against those of the story by which the forum was filled.
func leftOutAgrees(t *testing.T, name string, got edition, mustNot map[string]string, own []int64) {
	t.Helper()
	reasons := map[int64]string{}
	for _, l := range got.LeftOut {
		reasons[l.Post] = l.Reason
	}
	agree := []struct{ theirs, ours string }{
		{"before the window", ""}, {"permanently deleted", ""},
		{"is not readable", "not readable"}, {"own-threads-only", "own threads only"},
		{"ignore list", "ignored"}, {"opening post soft-deleted", "deleted"}, {"soft-deleted thread", "deleted"},
		{"soft-deleted post", "post deleted"}, {"post awaiting approval", "post awaiting approval"},
		{"thread awaiting approval", "awaiting approval"},
	}
	for id, theirs := range mustNot {
		post, _ := strconv.ParseInt(id, 10, 64)
		found := false
		for _, a := range agree {
			if !strings.Contains(theirs, a.theirs) {
				continue
			}
			found = true
			ours, listed := reasons[post]
			if listed != (a.ours != "") || !strings.Contains(ours, a.ours) {
				t.Errorf("%s: post %d is left out as %q, want %q (%s)", name, post, ours, a.ours, theirs)
			}
			break
		}
		if !found {
			t.Errorf("%s: no word of ours for %q", name, theirs)
		}
	}
	for _, post := range own {
		if reasons[post] != "own post" {
			t.Errorf("%s: own post %d is left out as %q", name, post, reasons[post])
		}
	}
}

func TestMembersWhoMayNotBeMailedGetNone(t *testing.T) {
	for _, kind := range []string{"xenforo2", "mybb"} {
		t.Run(kind, func(t *testing.T) {
			want := readExpectation(t, kind)
			config := realForum(t, kind)
			for why, id := range want.NoMail {
				if strings.HasPrefix(why, "deleted account") {
					if _, errOut, code := run(t, "preview", "-c", config, strconv.FormatInt(id, 10), "--format", "json"); code != 1 || !strings.Contains(errOut, "no such member") {
						t.Errorf("%s: exit %d, %s; want the member unknown", why, code, errOut)
					}
					continue
				}
				got := preview(t, config, strconv.FormatInt(id, 10), want.Window)
				if len(got.Groups) > 0 || got.Skipped == "" {
					t.Errorf("member %d (%s): %d sections, skipped as %q; want no mail", id, why, len(got.Groups), got.Skipped)
				}
			}
		})
	}
}

// TestARoundMailsAllWhoWatchAndNoOther runs the daemon itself on the forums, twice.
func TestARoundMailsAllWhoWatchAndNoOther(t *testing.T) {
	for _, kind := range []string{"xenforo2", "mybb"} {
		t.Run(kind, func(t *testing.T) {
			want := readExpectation(t, kind)
			config := realForum(t, kind)
			mails := t.TempDir()
			round := func(at int64) (sent []string) {
				before := files(t, mails)
				if _, errOut, code := run(t, "run", "-c", config, "--once", "--now", time.Unix(at, 0).UTC().Format(time.RFC3339), "--mail-dir", mails); code != 0 {
					t.Fatalf("run: exit %d\n%s", code, errOut)
				}
				return slices.DeleteFunc(files(t, mails), func(f string) bool { return slices.Contains(before, f) })
			}
			first := round(want.Window[1])
			if len(first) < 20 {
				t.Errorf("the first round sent %d mails, want one for each of the members who watch", len(first))
			}
			noMail := addresses(t, config, want)
			for _, f := range first {
				raw := readFile(t, filepath.Join(mails, f))
				for address := range noMail {
					if strings.Contains(raw, "<"+address+">") {
						t.Errorf("%s was mailed: %s", address, noMail[address])
					}
				}
			}
			if again := round(want.Window[1]); len(again) > 0 {
				t.Errorf("the same round again sent %v, want nothing", again)
			}
			if later := round(want.Window[1] + 48*3600); len(later) > 0 {
				t.Errorf("two days later, with nothing new, a round sent %v, want nothing", later)
			}
		})
	}
}

// addresses are those of members who may not be mailed, with the reason.
func addresses(t *testing.T, config string, want expectation) map[string]string {
	t.Helper()
	found := map[string]string{}
	for why, id := range want.NoMail {
		out, _, code := run(t, "preview", "-c", config, strconv.FormatInt(id, 10), "--format", "json")
		if code != 0 {
			continue // deleted
		}
		var head struct {
			Member struct {
				Email string `json:"email"`
			} `json:"member"`
		}
		if err := json.Unmarshal([]byte(out), &head); err != nil {
			t.Fatal(err)
		}
		if head.Member.Email != "" {
			found[head.Member.Email] = why
		}
	}
	if len(found) < 2 {
		t.Fatalf("found only %v among those who may not be mailed", found)
	}
	return found
}

// TestTheCustomersThread is a page of a real forum: a post of it was removed and leaves its hole.
func TestTheCustomersThread(t *testing.T) {
	dsn := servertest.MariaDB(t)
	servertest.LoadDump(t, dsn, "../source/testdata/xenforo2-mariadb.sql.gz")
	const oldhand = "4"
	if _, err := servertest.OpenMariaDB(t, dsn).ExecContext(t.Context(), "INSERT INTO xf_thread_watch (user_id, thread_id, email_subscribe) VALUES ("+oldhand+", 1, 1)"); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	config := writeConfig(t, dir, "xenforo2", dsn, "sqlite:"+filepath.Join(dir, "postrider.db"), "smtp://127.0.0.1:25")
	day := [2]int64{time.Date(2012, 5, 21, 0, 0, 0, 0, time.UTC).Unix(), time.Date(2012, 5, 22, 0, 0, 0, 0, time.UTC).Unix()}
	if got, want := preview(t, config, oldhand, day).posts(), []int64{1, 3, 4}; !slices.Equal(got, want) {
		t.Errorf("posts = %v, want %v", got, want)
	}
	for _, format := range []string{"html", "text"} {
		out, errOut, code := run(t, "preview", "-c", config, oldhand, "--format", format, "--from", "2012-05-21T00:00:00Z", "--until", "2012-05-22T00:00:00Z")
		if code != 0 {
			t.Fatalf("preview: exit %d\n%s", code, errOut)
		}
		out = html.UnescapeString(out)
		at := 0
		for _, want := range []string{
			"Indo Pacific & East Asia", "Seoul Proposes Military Pact with Beijing", "ice berg",
			"ice berg", "Senior Member", "#1", "South Korea has proposed a military information-sharing pact",
			"marshal panda", "Regular Member", "#3", "China will not do anything to make N Korea unhappy.", "W.G.Ewald likes this",
			"Ray", "The Chairman", "Defence Professionals", "Moderator", "#4", "Military information sharing pact is good indeed.",
		} {
			i := strings.Index(out[at:], want)
			if i < 0 {
				t.Errorf("%s: %q is missing, or stands too early", format, want)
				continue
			}
			at += i
		}
		if strings.Contains(out, "#2") {
			t.Errorf("%s: the removed post is numbered", format)
		}
	}
}

func preview(t *testing.T, config, member string, window [2]int64) edition {
	t.Helper()
	out, errOut, code := run(t, "preview", "-c", config, member, "--format", "json",
		"--from", time.Unix(window[0], 0).UTC().Format(time.RFC3339), "--until", time.Unix(window[1], 0).UTC().Format(time.RFC3339))
	if code != 0 {
		t.Fatalf("preview %s: exit %d\n%s", member, code, errOut)
	}
	var e edition
	if err := json.Unmarshal([]byte(out), &e); err != nil {
		t.Fatalf("preview %s printed no JSON: %v\n%s", member, err, out)
	}
	return e
}

// realForum loads a forum's database and gives the path of a configuration for it.
func realForum(t *testing.T, kind string) string {
	t.Helper()
	dsn := servertest.MariaDB(t)
	servertest.LoadDump(t, dsn, "../source/testdata/"+kind+"-mariadb.sql.gz")
	dir := t.TempDir()
	return writeConfig(t, dir, kind, dsn, "sqlite:"+filepath.Join(dir, "postrider.db"), "smtp://127.0.0.1:25")
}

func writeConfig(t *testing.T, dir, kind, forum, store, relay string) string {
	t.Helper()
	path := filepath.Join(dir, "config.toml")
	text := fmt.Sprintf("[forum]\ntype = %q\ndsn = %q\nurl = \"https://forum.example.org\"\nname = \"Example Forum\"\n[store]\ndsn = %q\nlease = \"2s\"\n[smtp]\nurl = %q\nfrom = \"Example Forum <digest@forum.example.org>\"\n[log]\nformat = \"json\"\n", kind, forum, store, relay)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// run runs a command line in this process.
func run(t *testing.T, args ...string) (out, errOut string, code int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = cli.Run(t.Context(), args, &stdout, &stderr, func(string) string { return "" })
	return stdout.String(), stderr.String(), code
}

func readExpectation(t *testing.T, kind string) expectation {
	t.Helper()
	var e expectation
	if err := json.Unmarshal([]byte(readFile(t, "../source/testdata/"+kind+"-mariadb-expect.json")), &e); err != nil {
		t.Fatal(err)
	}
	if len(e.Members) != 3 || len(e.NoMail) < 3 {
		t.Fatalf("expectation of %s has %d members and %d without mail", kind, len(e.Members), len(e.NoMail))
	}
	return e
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
