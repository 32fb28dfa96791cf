package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/daemon/audience"
	"postrider/daemon/settings"
	"postrider/demo"
	"postrider/digest"
	"postrider/forum"
	"postrider/internal/golden"
	"postrider/source"
	"postrider/store"
)

// writeFile writes a file next to the configuration and returns its path.
func (p testForum) writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const sampleAnnouncement = `+++
title = "We move, {{name}}"
canary = 0
+++
Dear {{name|friend}}, on **Saturday** we move.

+++
locale = "de"
title = "Wir ziehen um"
+++
Am **Samstag** ziehen wir um.
`

func TestAnnounceHelp_MatchesGolden(t *testing.T) {
	for _, c := range (&cmdEnv{}).announce().Commands() {
		text := mustRun(t, "announce", c.Name(), "--help")
		for line := range strings.Lines(text) {
			if len(line) > 121 {
				t.Errorf("announce %s: a line is longer than 120 columns:\n%s", c.Name(), line)
			}
		}
		golden.Files(t, "announce-"+c.Name(), map[string]string{"help": text})
	}
}

func TestAnnounce_DraftToDone(t *testing.T) {
	p := newTestForum(t)
	c := []string{"-c", p.config}
	announce := func(args ...string) string { return mustRun(t, append(append([]string{"announce"}, args...), c...)...) }
	out := announce("new", p.writeFile(t, "notice.md", sampleAnnouncement))
	wantOutput(t, out, "Announcement 1 is saved as a draft. Nothing is sent yet.", `"We move, {{name}}" would go to`, "Sample: ", "banned", "opted out", "postrider announce start 1")
	wantOutput(t, announce("start", "1"), "would go to", "Nothing is sent yet. To send it, run: postrider announce start 1 --yes")
	wantOutput(t, announce("status"), "ID", "1   draft")
	tried := filepath.Join(p.dir, "tried")
	wantOutput(t, announce("test", "1", "me@example.org", "--mail-dir", tried, "--as", "Corridor Kate"), "Announcement 1 was sent to me@example.org.")
	if l := readOnlyMessage(t, tried); l.head.Get("Subject") != "We move, Corridor Kate" || !strings.Contains(l.head.Get("To"), "me@example.org") {
		t.Errorf("the test message is %q to %q", l.head.Get("Subject"), l.head.Get("To"))
	}
	wantOutput(t, announce("start", "1", "--yes"), "Announcement 1 is started (sending)")
	wantOutput(t, announce("pause", "1", "a", "typo"), "Announcement 1 is paused")
	mails := filepath.Join(p.dir, "mails")
	mustRun(t, "run", "--once", "--mail-dir", mails, "-c", p.config)
	if n := countAnnouncements(t, mails); n != 0 {
		t.Errorf("%d messages of a paused announcement were sent", n)
	}
	wantOutput(t, announce("resume", "1"), "Announcement 1 is resumed.")
	wantOutput(t, mustRun(t, "run", "--once", "--mail-dir", mails, "-c", p.config), "0 digests, 0 alerts, "+itoa(countAnnouncements(t, mails))+" announcements", "!0 announcements")
	var status announcementJSON
	if err := json.Unmarshal([]byte(announce("status", "1", "--json")), &status); err != nil {
		t.Fatal(err)
	}
	if status.State != store.Done || status.Sent != countAnnouncements(t, mails) || status.Sent != status.Audience || status.Sent == 0 || status.Title != "We move, {{name}}" {
		t.Errorf("the status is %+v, and %d messages were sent", status, countAnnouncements(t, mails))
	}
	var actions []string
	for _, e := range status.Log {
		actions = append(actions, e.Action)
	}
	if want := []string{"draft", "test", "start", "pause", "resume", "done"}; !slices.Equal(actions, want) {
		t.Errorf("the log has %v, want %v", actions, want)
	}
	wantOutput(t, announce("status", "1"), "state ", "done", "Log:", "(a typo)", "cli: ")
	wantOutput(t, announce("status", "1", "--watch"), "100 %")
	_, errOut, code := run(t, append([]string{"announce", "cancel", "1"}, c...)...)
	if code != 1 || !strings.Contains(errOut, "is in state done and cannot be cancelled: it has ended") {
		t.Errorf("cancelling a finished announcement: exit %d, %s", code, errOut)
	}
}

// readOnlyMessage reads the only message in a folder.
func readOnlyMessage(t *testing.T, dir string) parsedMessage {
	t.Helper()
	return parseMessage(t, readOnlyFile(t, dir))
}

// readOnlyFile returns the bytes of the only message in a folder.
func readOnlyFile(t *testing.T, dir string) []byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%s holds %v, %v; want one message", dir, files, err)
	}
	raw, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// countAnnouncements counts the announcement messages in a folder.
func countAnnouncements(t *testing.T, dir string) (n int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if l := parseMessage(t, raw); l.head.Get("Precedence") == "bulk" {
			n++
		}
	}
	return n
}

func TestAnnounceNew_RevisesOnlyDrafts(t *testing.T) {
	p := newTestForum(t)
	mustRun(t, "announce", "new", "--title", "One", "--body", "text", "-c", p.config)
	out := mustRun(t, "announce", "new", "--id", "1", "--title", "Two", "--body", "text", "--member", "Corridor Kate", "--json", "-c", p.config)
	var d draftJSON
	if err := json.Unmarshal([]byte(out), &d); err != nil {
		t.Fatal(err)
	}
	if d.ID != 1 || d.Size != 1 || d.Members != 1 || len(d.Sample) != 1 || d.Sample[0].Name != "Corridor Kate" {
		t.Errorf("the draft is %+v", d)
	}
	wantOutput(t, mustRun(t, "announce", "status", "-c", p.config), "Two", "!One")
	mustRun(t, "announce", "start", "1", "--yes", "--local", "2099-05-04 08:00", "-c", p.config)
	wantOutput(t, mustRun(t, "announce", "status", "1", "-c", p.config), "scheduled", "2099-05-03 16:30:00", "at 2099-05-04 08:00 in each member's time zone")
	_, errOut, code := run(t, "announce", "new", "--id", "1", "--title", "Three", "--body", "text", "-c", p.config)
	if code != 1 || !strings.Contains(errOut, "announcement 1 is in state scheduled and cannot be revised") {
		t.Errorf("exit %d: %s", code, errOut)
	}
}

func TestPreview_ShowsAnnouncement(t *testing.T) {
	p := newTestForum(t)
	mustRun(t, "announce", "new", p.writeFile(t, "notice.md", sampleAnnouncement), "-c", p.config)
	preview := func(who string, more ...string) (string, string) {
		out, errOut, code := run(t, append([]string{"preview", who, "--kind", "announcement", "-c", p.config}, more...)...)
		if code != 0 {
			t.Fatalf("preview %s: exit %d, %s", who, code, errOut)
		}
		return out, errOut
	}
	out, errOut := preview("Corridor Kate")
	wantOutput(t, out, "We move, Corridor Kate", "Dear Corridor Kate, on *Saturday* we move.", "Unsubscribe from announcements:")
	wantOutput(t, errOut, "!would not get")
	out, _ = preview("Corridor Kate", "--format", "eml", "--announcement", "1")
	wantOutput(t, out, "Precedence: bulk", "List-Unsubscribe-Post: List-Unsubscribe=One-Click", "announce.")
	out, _ = preview("Corridor Kate", "--format", "html")
	wantOutput(t, out, "<b>Saturday</b>")
	out, _ = preview("CheapPillowz4U", "--format", "json")
	wantOutput(t, out, `"skipped": "banned"`, `"announcement": 1`)
	_, errOut = preview("CheapPillowz4U")
	wantOutput(t, errOut, "CheapPillowz4U would not get announcement 1: banned")
}

func TestAnnounce_ReportsErrorsWithLine(t *testing.T) {
	p := newTestForum(t)
	written := func(text string) string { return p.writeFile(t, "wrong.md", text) }
	for _, tt := range []struct {
		name, text string
		wants      []string
	}{
		{"no front matter", "\n\nHello", []string{"wrong.md: line 3", "+++"}},
		{"an unclosed front matter", "+++\ntitle = \"a\"\n\nHello", []string{"line 1: this +++ has no closing line"}},
		{"an unknown key", "+++\ntitle = \"a\"\ntitel = \"b\"\n+++\nx", []string{"line 2: unknown key titel"}},
		{"no TOML", "+++\ntitle = a\n+++\nx", []string{"line 2"}},
		{"an audience in a variant", "+++\ntitle = \"a\"\n+++\nx\n+++\nlocale=\"de\"\ntitle=\"b\"\n[audience]\nmin_posts=1\n+++\ny", []string{"line 6: audience", "applies to the whole announcement"}},
		{"an unknown field", "+++\ntitle = \"a\"\n+++\n\nDear {{nmae}},", []string{"wrong.md: in en: line 5: unknown merge field {{nmae}}: use {{name}}"}},
		{"a field in an address", "+++\ntitle = \"a\"\n+++\n[x](https://x.example/{{name}})", []string{"line 4: merge field in the URL of a link"}},
		{"no title", "+++\n+++\nx", []string{"the title is empty"}},
		{"an unknown group", "+++\ntitle=\"a\"\n[audience]\ngroups=[\"Mods\"]\n+++\nx", []string{`audience.groups: the forum has no "Mods"`, `"steward" (3)`}},
		{"an unknown section", "+++\ntitle=\"a\"\n[audience]\nsections=[99]\n+++\nx", []string{`audience.sections: the forum has no "99"`}},
		{"a list without members", "+++\ntitle=\"a\"\n[audience]\nmembers=[\"Nobody\"]\n+++\nx", []string{"audience.members: no entry of the list is a member", `"Nobody"`}},
		{"a missing list", "+++\ntitle=\"a\"\n[audience]\nmembers_file=\"gone.csv\"\n+++\nx", []string{"reading the member list", "gone.csv"}},
		{"a day in quotes", "+++\ntitle=\"a\"\n[audience]\njoined_after=\"2026-01-01\"\n+++\nx", []string{"audience.joined_after is 2026-01-01: must be a date without quotes, for example 2026-05-04"}},
		{"too large a canary", "+++\ntitle=\"a\"\ncanary=70\n+++\nx", []string{"canary is 70: must be up to 50 percent"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, errOut, code := run(t, "announce", "new", written(tt.text), "-c", p.config)
			if code != 1 || out != "" {
				t.Errorf("exit %d, and it prints %q", code, out)
			}
			wantOutput(t, errOut, tt.wants...)
		})
	}
	for args, want := range map[string]string{
		"announce new":                "give either the files of the announcement, or --title and --body",
		"announce new x.md --title a": "give either the files of the announcement, or --title and --body",
		"announce start one":          `invalid announcement ID "one"`,
		"announce start 9":            "announcement 9: there is no such announcement; to list them, run: postrider announce status",
		"announce pause 9":            "there is no such announcement",
		"announce test 9 nobody":      `invalid address "nobody"`,
		"announce start 9 --at noon":  `invalid --at "noon"`,
		"announce start 9 --at 2026-05-04T08:00:00Z --local x": "give --at or --local, not both",
		"announce start 9 --local 2026-05-04":                  `invalid --local "2026-05-04"`,
		"announce status --watch":                              "--watch needs the ID",
	} {
		t.Run(args, func(t *testing.T) {
			_, errOut, code := run(t, append(strings.Fields(args), "-c", p.config)...)
			exit := 2
			if strings.Contains(want, "there is no such") {
				exit = 1
			}
			if code != exit || !strings.Contains(errOut, want) {
				t.Errorf("exit %d, %swant %d and %s", code, errOut, exit, want)
			}
		})
	}
}

func TestReadAnnouncement_CollectsVariants(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	first := write("a.md", "\ufeff\r\n+++\r\ntitle = \"A\"\r\nspeed = 60\r\n+++\r\n\r\nBody A\r\n\r\n+++\r\nlocale = \"fr\"\r\ntitle = \"F\"\r\n+++\r\nBody F\r\n")
	second := write("a.de.md", "+++\nlocale = \"de\"\ntitle = \"D\"\n+++\n\n\nBody D")
	m, err := readAnnouncement([]string{first, second}, "en")
	if err != nil {
		t.Fatal(err)
	}
	want := []digest.Variant{{Locale: "en", Title: "A", Body: "Body A"}, {Locale: "fr", Title: "F", Body: "Body F"}, {Locale: "de", Title: "D", Body: "Body D"}}
	if !slices.Equal(m.variants, want) || !slices.Equal(m.lines, []int{6, 12, 6}) || *m.Speed != 60 {
		t.Errorf("variants %+v with %v lines above, want %+v", m.variants, m.lines, want)
	}
}

func FuzzReadAnnouncement(f *testing.F) {
	f.Add(sampleAnnouncement)
	f.Add("+++\n+++\n+++\n")
	f.Fuzz(func(t *testing.T, text string) {
		m := &announcementFile{}
		if err := m.read("x.md", text, "en"); err == nil && (len(m.variants) == 0 || len(m.variants) != len(m.lines)) {
			t.Fatalf("%q has %d variants, and lines above %d", text, len(m.variants), len(m.lines))
		}
	})
}

func TestResolveAudience_ByIDNameAndAddress(t *testing.T) {
	p := newTestForum(t)
	db, err := source.Open(t.Context(), source.Config{Type: "sample", DSN: "sqlite:" + p.forum, URL: demo.URL, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	list := p.writeFile(t, "list.csv", "name\nMina Bolster\nGone\n")
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	var m announcementFile
	err = m.read("x.md", "+++\ntitle=\"x\"\n[audience]\ngroups=[\"STEWARD\", 2]\nexcept_groups=[\"guest\"]\nsections=[\"The Dining Car\"]\nmembers=[1, \"corridor kate\"]\nmembers_file=\""+filepath.Base(list)+
		"\"\nexcept=[1]\njoined_after=2026-01-01\nvisited_before=2026-01-01T08:00:00Z\n+++\nx", "en")
	if err != nil {
		t.Fatal(err)
	}
	r, err := m.Audience.resolve(t.Context(), db, audience.New(db, nil, settings.DefaultDigest()), p.dir, berlin)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.Groups, []forum.GroupID{3, 2}) || !slices.Equal(r.ExceptGroups, []forum.GroupID{1}) || !slices.Equal(r.Sections, []forum.SectionID{5}) ||
		len(r.Only) != 2 || !slices.IsSorted(r.Only) || !slices.Equal(r.Except, []forum.MemberID{1}) || !slices.Equal(r.unknown, []string{"Gone"}) {
		t.Errorf("resolved to %+v", r)
	}
	if got := r.JoinedAfter.Format(time.RFC3339); got != "2025-12-31T23:00:00Z" { // a day begins in the site's zone
		t.Errorf("joined after %s", got)
	}
	if got := r.VisitedBefore.Format(time.RFC3339); got != "2026-01-01T08:00:00Z" {
		t.Errorf("visited before %s", got)
	}
}

func TestProgressBar_ShowsRateAndTimeLeft(t *testing.T) {
	var out strings.Builder
	m := newProgressBar(&out)
	at := time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)
	x := store.AnnouncementProgress{Announcement: store.Announcement{State: store.Sending, Size: 1000, AllEnqueued: true}}
	for i := range 25 {
		x.Progress.States = map[string]int{"accepted": 10 * i, "queued": 1000 - 10*i}
		m.show(x, at.Add(time.Duration(i)*time.Second), false)
	}
	x.State, x.Resumes, x.Reason = store.Paused, store.Sending, "too many\nrefusals"
	m.show(x, at.Add(30*time.Second), true)
	want := "  0 %  0 of 1000, 0 sent, 0 rejected\n" +
		" 10 %  100 of 1000, 100 sent, 0 rejected, 600 a minute, about 1m left\n" +
		" 20 %  200 of 1000, 200 sent, 0 rejected, 600 a minute, about 1m left\n" +
		" 24 %  240 of 1000, 240 sent, 0 rejected, paused: too many refusals\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
	if got := bar(1, 2); got != "[############............]" {
		t.Errorf("the bar is %s", got)
	}
}

func TestAnnounce_CopiesAndDiscardsDrafts(t *testing.T) {
	p := newTestForum(t)
	c := []string{"-c", p.config}
	announce := func(args ...string) string { return mustRun(t, append(append([]string{"announce"}, args...), c...)...) }
	announce("new", p.writeFile(t, "notice.md", sampleAnnouncement))
	wantOutput(t, announce("copy", "1"), "Announcement 2 is saved as a draft. It is a copy of announcement 1. Nothing is sent yet.")
	wantOutput(t, announce("discard", "1"), "Draft 1 is discarded.")
	list := announce("status")
	wantOutput(t, list, "2   draft", "We move, {{name}}")
	if strings.Contains(list, "1   draft") {
		t.Errorf("the discarded draft is still listed:\n%s", list)
	}
	announce("start", "2", "--yes")
	for _, args := range [][]string{{"discard", "2"}, {"discard", "1"}, {"copy", "1"}} {
		if _, _, code := run(t, append(append([]string{"announce"}, args...), c...)...); code == 0 {
			t.Errorf("announce %q succeeds, want an error", args)
		}
	}
}
