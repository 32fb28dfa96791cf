package source

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// What "postrider forums NAME" prints must be what the documentation says.
func TestCertainties_MatchDocumentation(t *testing.T) {
	text, err := os.ReadFile("../docs/forums.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| type | forum | MariaDB")
	table, _, _ = strings.Cut(table, "\n\n")
	listed := make(map[string][]Certainty)
	name := ""
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "|"), "|"), "|")
		if len(cells) != 6 || !strings.HasPrefix(line, "| ") {
			continue
		}
		for i := range cells {
			if cells[i] = strings.TrimSpace(cells[i]); cells[i] == "–" {
				cells[i] = ""
			}
		}
		if cells[0] != "" {
			name = strings.Trim(cells[0], "`")
		}
		listed[name] = append(listed[name], Certainty{cells[1], cells[2], cells[3], cells[4], cells[5]})
	}
	for name, want := range listed {
		if !slices.Equal(certainties[name], want) {
			t.Errorf("certainties of %s are %v, and in docs/forums.md %v", name, certainties[name], want)
		}
	}
	for name, tables := range grantedTables {
		if !strings.Contains(string(text), "GRANT SELECT ON "+tables+" TO reader;") {
			t.Errorf("docs/forums.md does not grant the tables of %s: %s", name, tables)
		}
	}
	for _, k := range forumTypes() {
		if k.name != customName && k.name != "sample" && !k.own && len(listed[k.name]) == 0 {
			t.Errorf("docs/forums.md does not say how sure we are about %s", k.name)
		}
	}
}

// The counts in docs/forums.md are those of the dumps' expectations.
func TestForumsDoc_CountsAreThoseOfExpectations(t *testing.T) {
	text, err := os.ReadFile("../docs/forums.md")
	if err != nil {
		t.Fatal(err)
	}
	for title, dump := range map[string]string{"XenForo": "xenforo2-mariadb", "MyBB": "mybb-mariadb", "phpBB": "phpbb3-postgres", "FluxBB": "fluxbb-mariadb",
		"SMF": "smf2-mariadb", "Flarum": "flarum-mariadb", "NodeBB": "nodebb-postgres", "Discourse": "discourse-postgres", "Vanilla": "vanilla-mariadb"} {
		var f fixture
		f.readExpectation(t, dump)
		shown, omitted := 0, 0
		for _, m := range f.expect.Members {
			shown, omitted = shown+len(m.Watched), omitted+len(m.MustNot)
		}
		row := fmt.Sprintf("| %s | %d | %d | %d | ", title, len(f.expect.Members), shown, omitted)
		end := fmt.Sprintf(" | %d |", len(f.expect.NoMail))
		if !slices.ContainsFunc(strings.Split(string(text), "\n"), func(line string) bool { return strings.HasPrefix(line, row) && strings.HasSuffix(line, end) }) {
			t.Errorf("docs/forums.md lacks the row %q ... %q", row, end)
		}
	}
}

// A type that compares something has the query for it, and the documentation has the same words.
func TestComparisons_MatchQueriesAndDocumentation(t *testing.T) {
	text, err := os.ReadFile("../docs/forums.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range forumTypes() {
		if k.homemade || k.own || k.name == "sample" {
			continue
		}
		queries, err := loadQueries(k, k.engines[0], k.prefix, "")
		if err != nil {
			t.Fatal(err)
		}
		c := comparisons[k.name]
		for query, said := range map[string]string{"counters": c.Posts, "member_counters": c.Members, "addons": c.Addons} {
			if _, asked := queries[query]; asked != (said != "") {
				t.Errorf("%s has the query %s: %v, and its comparison is %q", k.name, query, asked, said)
			}
		}
		if !strings.Contains(strings.ReplaceAll(string(text), "| – ", "|  "), fmt.Sprintf("| `%s` | %s | %s | %s |", k.name, c.Posts, c.Members, c.Addons)) {
			t.Errorf("docs/forums.md lacks the row of %s: %+v", k.name, c)
		}
	}
}
