package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// mayImport is the house: each room with all the rooms that it may import, so that imports only fall.
// A room that is not here has no place yet: think where it belongs before adding it.
var mayImport = map[string][]string{
	"":                     {"cli"},
	"cli":                  {"admin", "alarm", "bounce", "config", "daemon", "daemon/settings", "demo", "digest", "doctor", "forum", "inbound", "mail", "metrics", "source", "store", "templates", "web", "internal/finding", "internal/link"},
	"config":               {"admin", "alarm", "daemon/settings", "inbound", "mail", "metrics", "source", "web"},
	"admin":                {"alarm", "bounce", "daemon", "daemon/settings", "digest", "forum", "mail", "source", "store", "templates", "web", "internal/link", "internal/ratelimit"},
	"metrics":              {"alarm", "daemon", "source", "store"},
	"web":                  {"daemon", "digest", "forum", "templates", "internal/link", "internal/ratelimit"},
	"daemon":               {"alarm", "bounce", "daemon/settings", "digest", "forum", "mail", "source", "store", "templates", "internal/link"},
	"daemon/settings":      {"alarm", "digest"},
	"inbound":              {"bounce", "daemon", "forum", "mail", "store", "internal/link", "internal/ratelimit"},
	"demo":                 {},
	"alarm":                {"store"},
	"templates":            {"digest", "forum", "markup", "internal/qp"},
	"store":                {"bounce", "digest", "forum", "internal/sqlfile"},
	"source":               {"forum", "markup", "internal/finding", "internal/sqlfile"},
	"bounce":               {},
	"digest":               {"forum"},
	"forum":                {"markup"},
	"markup":               {},
	"mail":                 {"internal/qp"},
	"doctor":               {"internal/finding"},
	"internal/browsertest": {"internal/servertest"},
	"internal/dnstest":     {},
	"internal/finding":     {},
	"internal/link":        {},
	"internal/ratelimit":   {},
	"internal/qp":          {},
	"internal/sqlfile":     {},
	"internal/golden":      {},
	"internal/racetest":    {},
	"internal/sampletest":  {"demo", "store"},
	"internal/servertest":  {},
	"internal/smtptest":    {},
	"bench":                {},
	"e2e":                  {},
}

// testOnly are rooms that no program may import, only tests and the benchmark.
var testOnly = []string{"internal/browsertest", "internal/dnstest", "internal/golden", "internal/racetest", "internal/sampletest", "internal/servertest", "internal/smtptest"}

func TestImportsOnlyFall(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		room := roomOf(words[0])
		allowed, known := mayImport[room]
		if !known {
			t.Errorf("room %q stands in no plan: give it a line in mayImport", room)
			continue
		}
		for _, path := range words[1:] {
			if path != "postrider" && !strings.HasPrefix(path, "postrider/") {
				continue
			}
			if !slices.Contains(allowed, roomOf(path)) {
				t.Errorf("%s imports %s, which is not below it", room, roomOf(path))
			}
			if slices.Contains(testOnly, roomOf(path)) && !slices.Contains(testOnly, room) {
				t.Errorf("%s imports %s, which is for tests only", room, roomOf(path))
			}
		}
	}
}

func TestTheGoMailLibraryStaysInOneRoom(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		if strings.Contains(line, "wneessen/go-mail") && roomOf(words[0]) != "mail" {
			t.Errorf("%s imports go-mail: only mail may", words[0])
		}
	}
}

func roomOf(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, "postrider"), "/")
}
