package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// mayImport lists for each package all the packages that it may import, so that imports only go down the layers.
// A new package needs a line here: decide which layer it belongs to.
var mayImport = map[string][]string{
	"":                     {"cli"},
	"cli":                  {"admin", "alarm", "bounce", "config", "daemon", "daemon/audience", "daemon/delivery", "daemon/editions", "daemon/envelope", "daemon/explain", "daemon/members", "daemon/settings", "daemon/subscription", "daemon/view", "demo", "digest", "doctor", "forum", "forumdir", "inbound", "mail", "metrics", "mirror", "source", "store", "templates", "web", "internal/addr", "internal/finding", "internal/line", "internal/link"},
	"config":               {"admin", "alarm", "daemon/settings", "inbound", "mail", "metrics", "mirror", "source", "templates", "web", "internal/addr", "internal/dsn", "internal/nearest"},
	"admin":                {"alarm", "bounce", "daemon", "daemon/audience", "daemon/editions", "daemon/explain", "daemon/members", "daemon/settings", "daemon/view", "digest", "forum", "mail", "source", "store", "templates", "web", "internal/link", "internal/ratelimit"},
	"metrics":              {"alarm", "bounce", "daemon", "daemon/delivery", "source", "store"},
	"web":                  {"daemon/editions", "daemon/members", "daemon/subscription", "daemon/view", "digest", "forum", "mirror", "templates", "internal/link", "internal/ratelimit"},
	"daemon":               {"alarm", "bounce", "daemon/audience", "daemon/calendar", "daemon/delivery", "daemon/editions", "daemon/envelope", "daemon/explain", "daemon/members", "daemon/settings", "daemon/subscription", "digest", "forum", "mail", "source", "store", "templates", "internal/addr", "internal/link"},
	"daemon/settings":      {"alarm", "digest", "forum", "internal/addr"},
	"daemon/calendar":      {"daemon/settings", "digest", "store"},
	"daemon/editions":      {"daemon/calendar", "daemon/settings", "digest", "forum", "source", "store"},
	"daemon/audience":      {"daemon/calendar", "daemon/settings", "digest", "forum", "source", "store", "templates"},
	"daemon/envelope":      {"daemon/settings", "digest", "forum", "mail", "store", "templates", "internal/line", "internal/link"},
	"daemon/members":       {"alarm", "daemon/calendar", "daemon/editions", "daemon/envelope", "daemon/settings", "digest", "forum", "source", "store", "internal/link"},
	"daemon/subscription":  {"daemon/members", "digest", "forum", "mail", "mirror", "source", "store", "internal/link"},
	"daemon/view":          {"daemon/audience", "daemon/editions", "daemon/envelope", "daemon/settings", "digest", "forum", "source", "store", "templates", "internal/link"},
	"daemon/explain":       {"daemon/calendar", "daemon/editions", "daemon/envelope", "daemon/settings", "digest", "forum", "source", "store", "templates", "internal/addr", "internal/line", "internal/link"},
	"daemon/delivery":      {"alarm", "bounce", "daemon/calendar", "daemon/envelope", "daemon/settings", "digest", "forum", "mail", "store", "templates", "internal/addr", "internal/link"},
	"inbound":              {"bounce", "daemon/members", "forum", "mail", "store", "internal/addr", "internal/link", "internal/ratelimit"},
	"demo":                 {"internal/line"},
	"alarm":                {"store"},
	"templates":            {"digest", "forum", "markup", "internal/inline", "internal/line", "internal/qp"},
	"store":                {"bounce", "digest", "forum", "internal/addr", "internal/dsn", "internal/sqlfile"},
	"source":               {"forum", "markup", "internal/dsn", "internal/finding", "internal/line", "internal/nearest", "internal/sqlfile"},
	"mirror":               {"internal/addr", "internal/dsn", "internal/line", "internal/sqlfile"},
	"bounce":               {},
	"digest":               {"forum", "markup"},
	"forum":                {"markup"},
	"markup":               {"internal/line"},
	"mail":                 {"internal/inline", "internal/line", "internal/qp"},
	"doctor":               {"internal/addr", "internal/finding"},
	"forumdir":             {},
	"internal/browsertest": {"internal/servertest"},
	"internal/dnstest":     {},
	"internal/forumtest":   {"cli"},
	"internal/dsn":         {},
	"internal/addr":        {},
	"internal/finding":     {},
	"internal/inline":      {},
	"internal/line":        {},
	"internal/link":        {},
	"internal/ratelimit":   {},
	"internal/qp":          {},
	"internal/nearest":     {},
	"internal/sqlfile":     {"internal/nearest"},
	"internal/golden":      {},
	"internal/racetest":    {},
	"internal/sampletest":  {"demo", "store"},
	"internal/servertest":  {},
	"internal/smtptest":    {},
	"internal/storetest":   {},
	"bench":                {},
	"e2e":                  {},
	"e2e/live":             {},
}

// testOnly are packages that only tests and the benchmark may import.
var testOnly = []string{"internal/browsertest", "internal/dnstest", "internal/forumtest", "internal/golden", "internal/racetest", "internal/sampletest", "internal/servertest", "internal/smtptest", "internal/storetest"}

func TestLayout_ImportsGoDown(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		pkg := packageOf(words[0])
		allowed, known := mayImport[pkg]
		if !known {
			t.Errorf("package %q is not in mayImport: add a line", pkg)
			continue
		}
		for _, path := range words[1:] {
			if path != "postrider" && !strings.HasPrefix(path, "postrider/") {
				continue
			}
			if !slices.Contains(allowed, packageOf(path)) {
				t.Errorf("%s imports %s, which mayImport does not allow", pkg, packageOf(path))
			}
			if slices.Contains(testOnly, packageOf(path)) && !slices.Contains(testOnly, pkg) {
				t.Errorf("%s imports %s, which is for tests only", pkg, packageOf(path))
			}
		}
	}
}

func TestLayout_OnlyMailImportsGoMail(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		if strings.Contains(line, "wneessen/go-mail") && packageOf(words[0]) != "mail" {
			t.Errorf("%s imports go-mail: only mail may", words[0])
		}
	}
}

func packageOf(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, "postrider"), "/")
}
