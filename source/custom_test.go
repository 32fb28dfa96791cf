package source

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/forum"
	"postrider/internal/finding"
	"postrider/internal/servertest"
	"postrider/internal/sqlfile"
	"postrider/markup"
)

const customTop = `-- section-url: {url}/b/{id}
-- thread-url: {url}/t/{id}
-- post-url: {url}/t/{thread}#m{id}
-- markup: bbcode
`

func TestCustom_ReportsEachMistakeOfSettings(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"an unknown key", customTop + "-- thread-uri: {url}/t/{id}", `f.sql:5: unknown key "thread-uri"`},
		{"a missing key", strings.Replace(customTop, "-- markup: bbcode", "", 1), `f.sql:1: missing "-- markup: VALUE" above the first query`},
		{"an address without a placeholder", "-- member-url: {url}/people\n" + customTop, `f.sql:1: member-url: "{url}/people" has no placeholder {id}`},
		{"an unknown placeholder", "-- member-url: {url}/people/{name}/{id}\n" + customTop, "unknown placeholder {name}: must be {url}, {id}"},
		{"a path only", "-- member-url: /people/{id}\n" + customTop, "does not begin with {url}"},
		{"an address with a space", "-- member-url: {url}/the people/{id}\n" + customTop, "is no valid address"},
		{"an address without a slash after the host", "-- member-url: {url}people/{id}\n" + customTop, "f.sql:1: member-url: \"{url}people/{id}\" has no / after {url}"},
		{"an address on a longer host", "-- member-url: {url}.example.net/{id}\n" + customTop, "has no / after {url}"},
		{"an address with another host behind the user", "-- member-url: https://forum.example.org@example.net/{id}\n" + customTop, "is no valid address"},
		{"a script as address", "-- member-url: javascript:{id}\n" + customTop, "does not begin with {url}"},
		{"an unknown markup", strings.Replace(customTop, "bbcode", "bcode", 1), `f.sql:4: markup: unknown markup "bcode": must be one of bbcode, `},
		{"an unknown engine", "-- engine: oracle\n" + customTop, `f.sql:1: engine: unknown database "oracle": must be postgres, mysql or sqlite`},
		{"no truth", "-- public: true\n" + customTop, `f.sql:1: public: invalid value "true": must be yes or no`},
		{"zones", "-- zones: utc\n" + customTop, `invalid value "utc": must be iana, hours, minutes or seconds`},
		{"locales", "-- locales: de\n" + customTop, `invalid value "de": must be tags or names`},
		{"titles", "-- titles: xml\n" + customTop, `invalid value "xml": must be text or html`},
		{"a word filter", "-- word-filter: all\n" + customTop, `invalid value "all": must be rows or list`},
		{"a prefix", "-- prefix: a-b\n" + customTop, `invalid prefix "a-b"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseCustom("f.sql", tt.text)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("err = %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestCustom_ReportsAllMistakesTogether(t *testing.T) {
	_, err := parseCustom("f.sql", "-- public: maybe\n-- zones: utc\n"+customTop)
	if err == nil || !strings.Contains(err.Error(), "f.sql:1: public") || !strings.Contains(err.Error(), "f.sql:2: zones") {
		t.Errorf("err = %v, want both lines", err)
	}
}

func TestCustom_FillsAddresses(t *testing.T) {
	k, err := parseCustom("f.sql", customTop)
	if err != nil {
		t.Fatal(err)
	}
	l := k.links("https://forum.example.org")
	for got, want := range map[string]string{
		l.Section(3):   "https://forum.example.org/b/3",
		l.Thread(4):    "https://forum.example.org/t/4",
		l.Post(4, 17):  "https://forum.example.org/t/4#m17",
		l.Post(0, 17):  "", // the thread is not known
		l.Member(1000): "", // members have no page
	} {
		if got != want {
			t.Errorf("address = %q, want %q", got, want)
		}
	}
}

func TestCustom_ReadsSpellings(t *testing.T) {
	k, err := parseCustom("f.sql", customTop+"-- zones: minutes\n-- mentions: no\n-- titles: html\n-- word-filter: list\n-- word-mask: ***\n-- visit-reads: yes\n-- engine: mariadb, postgres\n")
	if err != nil {
		t.Fatal(err)
	}
	if got := k.zone("-330"); got != "" {
		t.Errorf("zone -330 = %q, want none: there is no such zone", got)
	}
	if got := k.zone("330"); got != "Asia/Kolkata" {
		t.Errorf("zone 330 = %q, want Asia/Kolkata", got)
	}
	for stored, want := range map[string]string{"pt_br": "pt-BR", "de_DE.UTF-8": "de-DE", "EN": "en", "zh-Hant": "zh-Hant", "": ""} {
		if got := k.locale(stored); got != want {
			t.Errorf("locale %q = %q, want %q", stored, got, want)
		}
	}
	words, err := k.filter(markup.FilteredWord{Word: "darn, heck\n\nblast"})
	want := []markup.FilteredWord{{Word: "darn", Replacement: "***"}, {Word: "heck", Replacement: "***"}, {Word: "blast", Replacement: "***"}}
	if err != nil || !slices.Equal(words, want) {
		t.Errorf("filter = %v, %v, want %v", words, err, want)
	}
	if !k.dialect.NoMentions || !k.dialect.EscapedNames || !k.visitReads || !slices.Equal(k.engines, []sqlfile.Engine{sqlfile.MySQL, sqlfile.Postgres}) {
		t.Errorf("the type is %+v", k)
	}
}

func FuzzCustom(f *testing.F) {
	f.Add(customTop)
	f.Add("-- post-url: https://x.example/{id}?t={thread}\n-- engine: mysql,sqlite\n-- word-mask: *\n" + customTop)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 300 { // the fuzzer shortens what is new to it, which takes the square of the size
			return
		}
		k, err := parseCustom("f.sql", text)
		if err != nil {
			return
		}
		l := k.links("https://forum.example.org")
		for _, address := range []string{l.Section(1), l.Thread(1), l.Post(1, 1)} {
			if !strings.HasPrefix(address, "http") || strings.ContainsAny(address, "{}<>\" \n") {
				t.Errorf("address %q", address)
			}
		}
	})
}

// customSQL returns an SQL block of docs/custom-forum.md for an engine.
func customSQL(t testing.TB, engine sqlfile.Engine, contains string) string {
	t.Helper()
	text, err := os.ReadFile("../docs/custom-forum.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range sqlBlock.FindAllStringSubmatch(string(text), -1) {
		if strings.Contains(block[1], contains) {
			if engine == sqlfile.MySQL { // its TIMESTAMP ends in 2038
				return strings.ReplaceAll(block[1], " TIMESTAMP", " DATETIME")
			}
			return block[1]
		}
	}
	t.Fatalf("docs/custom-forum.md has no SQL with %q", contains)
	return ""
}

// newExampleForum makes the forum of docs/custom-forum.md.
func newExampleForum(t testing.TB, engine sqlfile.Engine) fixture {
	t.Helper()
	f := fixture{kind: customName}
	switch engine {
	case sqlfile.MySQL:
		f.dsn = servertest.MariaDB(t)
	case sqlfile.Postgres:
		f.dsn = servertest.Postgres(t)
	case sqlfile.SQLite:
		f.dsn = "sqlite:" + filepath.Join(t.TempDir(), "forum.db")
		if err := os.WriteFile(strings.TrimPrefix(f.dsn, "sqlite:"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	db := openAny(t, f.dsn)
	execute(t, db, customSQL(t, engine, "CREATE TABLE boards"))
	execute(t, db, customSQL(t, engine, "INSERT INTO boards"))
	return f
}

// openCustom opens the forum with a file of queries.
func openCustom(t testing.TB, f fixture, text string) *DB {
	t.Helper()
	c := f.config()
	c.Queries = queriesFile(t, text)
	return openConfig(t, c)
}

// customTemplate returns the template, with or without what is switched off in it and complete.
func customTemplate(t testing.TB, complete bool) string {
	t.Helper()
	text, err := CustomTemplate()
	if err != nil {
		t.Fatal(err)
	}
	if !complete {
		return text
	}
	var b strings.Builder
	skip := false
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "-- # -- name: ") || strings.HasPrefix(line, "-- name: ") {
			name := strings.TrimSpace(line[strings.Index(line, "name: ")+6:])
			skip = !slices.Contains(slices.Collect(maps.Keys(customExamples(t))), name)
		}
		if !skip {
			b.WriteString(strings.TrimPrefix(line, "-- # "))
		}
	}
	return strings.Replace(b.String(), "-- engine: postgres\n", "", 1)
}

func customExamples(t testing.TB) map[string]string {
	t.Helper()
	text, err := queryFiles.ReadFile("custom.sql")
	if err != nil {
		t.Fatal(err)
	}
	return queryTexts(string(text))
}

// forEachCustom runs a test with the example forum on each engine, with the required queries only and with all.
func forEachCustom(t *testing.T, ask func(t *testing.T, db *DB)) {
	for _, engine := range []sqlfile.Engine{sqlfile.SQLite, sqlfile.Postgres, sqlfile.MySQL} {
		f := newExampleForum(t, engine)
		for name, complete := range map[string]bool{"required": false, "all": true} {
			t.Run(string(engine)+"/"+name, func(t *testing.T) { ask(t, openCustom(t, f, customTemplate(t, complete))) })
		}
	}
}

func TestCustomTemplate_PassesCheckOnEveryEngine(t *testing.T) {
	forEachCustom(t, func(t *testing.T, db *DB) {
		for _, f := range db.Check(t.Context()) {
			if f.Level == finding.LevelFail {
				t.Errorf("%s: %s: %s", f.Level, f.Part, f.Text)
			}
		}
	})
}

// The queries that a forum has must make no difference to who gets which post.
func TestCustomDefaults_FindTheSameAsQueries(t *testing.T) {
	now := mustTime(t, "2026-05-03T20:00:00Z")
	forEachCustom(t, func(t *testing.T, db *DB) {
		read(t, db, func(s *Snapshot) error {
			created, err := s.PostsCreated(t.Context(), mustTime(t, "2026-05-02T06:10:00Z"), now)
			if want := []forum.PostID{101, 102, 103, 104, 105, 106}; err != nil || !slices.Equal(created, want) {
				t.Errorf("created = %v, %v, want %v", created, err, want)
			}
			states, err := s.PostStates(t.Context(), created)
			visible := make(map[forum.PostID]bool)
			for _, a := range states {
				visible[a.Post] = a.Visible
			}
			if want := map[forum.PostID]bool{101: true, 102: true, 103: true, 104: false, 105: false, 106: true}; err != nil || !maps.Equal(visible, want) {
				t.Errorf("visible = %v, %v, want %v", visible, err, want)
			}
			members, last, err := s.SubscriberPage(t.Context(), 0, 100, now)
			var list []forum.MemberID
			for _, m := range members {
				list = append(list, m.ID)
			}
			if want := ids(1, 2, 3, 5); err != nil || last != EndOfWatchers || !slices.Equal(list, want) {
				t.Errorf("subscribers = %v to %d, %v, want %v", list, last, err, want)
			}
			page, err := s.Watchers(t.Context(), []forum.ThreadID{10}, []forum.SectionID{1}, 0)
			got := slices.Sorted(maps.Keys(page.Watches))
			if want := ids(1, 2, 3); err != nil || page.Last != EndOfWatchers || !slices.Equal(got, want) {
				t.Errorf("watchers = %v to %d, %v, want %v", got, page.Last, err, want)
			}
			names, err := s.MembersByName(t.Context(), []string{"Bittern", "nobody"})
			if want := map[string]forum.MemberID{"Bittern": 2}; err != nil || !maps.Equal(names, want) {
				t.Errorf("names = %v, %v, want %v", names, err, want)
			}
			access, err := s.Access(t.Context(), []forum.Class{"member", "keeper"})
			if err != nil || access["member"][1] != forum.ReadAll || len(access["member"]) != 1 || access["keeper"][2] != forum.ReadAll || len(access["keeper"]) != 2 {
				t.Errorf("access = %v, %v: members may read 1, keepers 1 and 2; 3 is closed", access, err)
			}
			return nil
		})
	})
}

func mustTime(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestCustomDocs_NameEverySetting(t *testing.T) {
	text, err := os.ReadFile("../docs/custom-forum.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range customKeys() {
		if !strings.Contains(string(text), "\n| `"+key.name+"` | ") {
			t.Errorf("docs/custom-forum.md does not list the setting %s", key.name)
		}
		if _, err := parseCustom("f.sql", customTop+"-- "+key.name+": "+key.example); err != nil && !strings.Contains(err.Error(), "already set") {
			t.Errorf("the example of %s is wrong: %v", key.name, err)
		}
	}
	for _, name := range markupNames() {
		if !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("docs/custom-forum.md does not list the markup %s", name)
		}
	}
}
