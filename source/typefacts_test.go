package source

import (
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
