package source

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// Who writes a forum type reads the package comment, so it must say what the program asks.
func TestContract_MatchesPackageComment(t *testing.T) {
	text, err := os.ReadFile("source.go")
	if err != nil {
		t.Fatal(err)
	}
	told := make(map[string]querySpec)
	var last querySpec
	for line := range strings.Lines(string(text)) {
		row, inTable := strings.CutPrefix(line, "//\t")
		if !inTable || strings.HasPrefix(row, "name ") {
			continue
		}
		var q querySpec
		for _, word := range strings.Fields(row) {
			switch param, isParam := strings.CutPrefix(word, ":"); {
			case q.name == "":
				q.name = word
			case isParam:
				q.params = append(q.params, param)
			default:
				q.columns = append(q.columns, word)
			}
		}
		if strings.Join(q.columns, " ") == "the same" {
			q.columns = last.columns
		}
		told[q.name], last = q, q
	}
	for _, want := range contract() {
		got := told[want.name]
		if strings.Join(got.params, " ") != strings.Join(want.params, " ") || strings.Join(got.columns, " ") != strings.Join(want.columns, " ") {
			t.Errorf("the comment says %+v, the program asks %+v", got, want)
		}
		delete(told, want.name)
	}
	for name := range told {
		t.Errorf("the comment lists %q, which nobody asks", name)
	}
}

func TestContract_IsCompleteForEveryType(t *testing.T) {
	for _, k := range forumTypes() {
		for _, engine := range k.engines {
			queries, err := loadQueries(k, engine, "pre_", "")
			if err != nil {
				t.Errorf("%s on %s: %v", k.name, engine, err)
			}
			for name, q := range queries {
				if !slices.Contains(queryNames(), name) {
					t.Errorf("%s: nobody asks %q", q.File, name)
				}
			}
		}
	}
}

func TestContract_NoQueryUsesServerClock(t *testing.T) {
	for _, k := range forumTypes() {
		queries, err := loadQueries(k, k.engines[0], "", "")
		if err != nil {
			t.Fatal(err)
		}
		for name, q := range queries {
			for _, clock := range []string{"NOW(", "UNIX_TIMESTAMP(", "CURRENT_", "CURDATE", "SYSDATE", "STRFTIME", "UNIXEPOCH", "DATETIME("} {
				if strings.Contains(strings.ToUpper(q.Text), clock) {
					t.Errorf("%s, query %s, asks %s", q.File, name, clock)
				}
			}
		}
	}
}
