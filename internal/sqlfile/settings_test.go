package sqlfile_test

import (
	"maps"
	"strings"
	"testing"

	"postrider/internal/nearest"
	"postrider/internal/sqlfile"
)

var settingKeys = []string{"engine", "thread-url", "markup"}

func TestSettings_ReadsCommentsAboveFirstQuery(t *testing.T) {
	got, err := sqlfile.Settings("f.sql", "-- Our forum. It has two tables: topics and posts.\n--\n-- engine: postgres\r\n--   Note: nothing\n"+
		"-- thread-url: {url}/t/{id}:1 \n/* markup: none */\n\n-- name: a\n-- a remark: here\nSELECT 1\n", settingKeys)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]sqlfile.Setting{"engine": {"postgres", 3}, "thread-url": {"{url}/t/{id}:1", 5}}
	if !maps.Equal(got, want) {
		t.Errorf("Settings = %v, want %v", got, want)
	}
}

func TestSettings_ReportsEachMistake(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"an unknown key", "\n-- thread-uri: x", `f.sql:2: unknown key "thread-uri": must be one of engine, thread-url, markup; did you mean thread-url?`},
		{"a capital letter", "-- Engine: mysql", `f.sql:1: "-- Engine: mysql" is not read: write it as "-- engine: VALUE"`},
		{"no space", "--engine: mysql", `write it as "-- engine: VALUE"`},
		{"an underscore", "-- thread_url: x", `write it as "-- thread-url: VALUE"`},
		{"a mistyped key with a capital letter", "-- Tread-URL: x", `did you mean "-- thread-url: VALUE"?`},
		{"a key twice", "-- engine: mysql\n-- engine: sqlite", "f.sql:2: engine is already set at line 1"},
		{"no value", "-- engine: ", "f.sql:1: engine has no value"},
		{"a control character", "-- engine: my\x00sql", "f.sql:1: engine contains a control character"},
		{"a key below a query", "-- name: a\nSELECT 1\n-- markup: bbcode", `f.sql:3: "-- markup: bbcode" is below the first query`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := sqlfile.Settings("f.sql", tt.text, settingKeys)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("err = %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestNearest_CountsLetters(t *testing.T) {
	for word, want := range map[string]string{"thread": "threads", "tread_watches": "thread_watches", "member": "members", "": "threads"} {
		if got := nearest.Word(word, []string{"threads", "thread_watches", "members"}); got != want {
			t.Errorf("nearest.Word(%q) = %q, want %q", word, got, want)
		}
	}
}

// FuzzSettings checks that a value is a part of its line, and that what is read can be written and read again.
func FuzzSettings(f *testing.F) {
	f.Add("-- engine: mysql\n-- thread-url: {url}/t/{id}\n-- name: a\nSELECT 1")
	f.Add("--engine:\n-- Markup : x\n-- engines: y\n-- name : b\n-- engine: z")
	f.Add("-- markup: a\u2028b\r\n\r-- markup:\tc")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4096 {
			return
		}
		got, err := sqlfile.Settings("f.sql", text, settingKeys)
		if err != nil && !strings.HasPrefix(err.Error(), "f.sql:") {
			t.Errorf("the error has no line: %v", err)
		}
		lines := strings.Split(text, "\n")
		var again strings.Builder
		for key, s := range got {
			if s.Value == "" || s.Line < 1 || s.Line > len(lines) || !strings.Contains(lines[s.Line-1], s.Value) {
				t.Errorf("%s = %+v is not a part of its line", key, s)
			}
			again.WriteString("-- " + key + ": " + s.Value + "\n")
		}
		read, err := sqlfile.Settings("f.sql", again.String(), settingKeys)
		if err != nil {
			t.Errorf("reading %q again: %v", again.String(), err)
		}
		for key, s := range got {
			if read[key].Value != s.Value {
				t.Errorf("%s is %q when read again, want %q", key, read[key].Value, s.Value)
			}
		}
	})
}
