package source

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var writePage = flag.Bool("write-contract", false, "write docs/query-contract.md")

// contractPage returns docs/query-contract.md: what is fixed in it, and the queries of the contract.
func contractPage(t *testing.T, now string) string {
	t.Helper()
	const begin = "<!-- The rest is written by: go test ./source -run TestContract_MatchesPage -args -write-contract -->\n"
	head, _, found := strings.Cut(now, begin)
	if !found {
		t.Fatalf("docs/query-contract.md lacks the line %q", begin)
	}
	var b strings.Builder
	b.WriteString(head + begin + "\n| query | parameters | columns | required |\n|---|---|---|---|\n")
	for _, q := range contract() {
		need := ""
		switch {
		case q.name == "rights":
			need = "yes, unless all is public"
		case q.required():
			need = "yes"
		}
		for _, group := range alternatives {
			for i, name := range group {
				if name == q.name {
					need = "or `" + group[1-i] + "`"
				}
			}
		}
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s | %s |\n", q.name, q.name, codeWords(":", q.params), codeWords("", q.columns), need)
	}
	for _, q := range contract() {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n", q.name, markdownText(q.about))
		if q.without != "" {
			fmt.Fprintf(&b, "\n*Without it:* %s\n", markdownText(q.without))
		}
	}
	return b.String()
}

func codeWords(prefix string, words []string) string {
	var list []string
	for _, w := range words {
		list = append(list, "`"+prefix+w+"`")
	}
	return strings.Join(list, " ")
}

// markdownText escapes what Markdown would take for HTML.
func markdownText(text string) string { return strings.ReplaceAll(text, "<", "&lt;") }

// Authors of forum types rely on the page, so it must match the code.
func TestContract_MatchesPage(t *testing.T) {
	const file = "../docs/query-contract.md"
	now, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := contractPage(t, string(now))
	if *writePage {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(now) != want {
		t.Errorf("%s differs from the contract: run this test with -args -write-contract, and read the diff", file)
	}
}
