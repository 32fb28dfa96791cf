package templates

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"postrider/digest"
	"postrider/forum"
)

// reasonSource collects the reasons that the code can produce.
type reasonSource struct {
	constants []string            // stored reasons
	phrases   map[string][]string // keys with the names of their placeholders
}

// parseReasons reads the reasons from the source.
func parseReasons(t *testing.T) reasonSource {
	t.Helper()
	found := reasonSource{constants: []string{forum.OptedOut}, phrases: map[string][]string{}}
	for _, pattern := range []string{"../digest/*.go", "../daemon/explain/*.go", "../daemon/delivery/*.go", "../daemon/*.go", "../source/source.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				found.add(t, n)
				return true
			})
		}
	}
	return found
}

// add records the reasons in a node: constants and calls of NewPhrase.
func (s *reasonSource) add(t *testing.T, n ast.Node) {
	t.Helper()
	switch n := n.(type) {
	case *ast.GenDecl:
		ofForum := strings.HasPrefix(n.Doc.Text(), "The reasons why a member gets no email")
		for _, spec := range n.Specs {
			if v, ok := spec.(*ast.ValueSpec); ok && n.Tok == token.CONST {
				typed, _ := v.Type.(*ast.Ident)
				if ofForum || typed != nil && typed.Name == "Reason" || strings.HasPrefix(v.Names[0].Name, "Reason") {
					if text := literal(v.Values[0]); text != "" {
						s.constants = append(s.constants, text)
					}
				}
			}
		}
	case *ast.CallExpr:
		called := ""
		switch f := n.Fun.(type) {
		case *ast.Ident:
			called = f.Name
		case *ast.SelectorExpr:
			called = f.Sel.Name
		}
		if called != "NewPhrase" {
			return
		}
		key := literal(n.Args[0])
		if key == "" {
			t.Error("a call of NewPhrase has a key that is not a string literal")
		}
		s.phrases[key] = nil
		for i := 1; i < len(n.Args); i += 2 {
			s.phrases[key] = append(s.phrases[key], literal(n.Args[i]))
		}
	}
}

// literal returns the value of a string literal, or "".
func literal(e ast.Expr) string {
	if lit, ok := e.(*ast.BasicLit); ok {
		if text, err := strconv.Unquote(lit.Value); err == nil {
			return text
		}
	}
	return ""
}

func TestReason_EveryReasonHasATextInEveryLocale(t *testing.T) {
	set, reasons := load(t), parseReasons(t)
	if len(reasons.constants) < 50 || len(reasons.phrases) < 35 {
		t.Fatalf("found %d constants and %d phrases in the source", len(reasons.constants), len(reasons.phrases))
	}
	for _, lazy := range set.admins.list {
		l := lazy.locale()
		for _, text := range reasons.constants {
			if m, ok := l.messages[reasonTable+"."+text]; !ok || len(m.placeholders()) > 0 {
				t.Errorf("%s has no text for the reason %q", l.file, text)
			}
			if got := l.anyReason(digest.Reason(text)); l.tag.String() == reference && text != got {
				t.Errorf("%s: the reason %q is %q", l.file, text, got)
			}
		}
		for key, names := range reasons.phrases {
			m, ok := l.messages[reasonTable+"."+key]
			if got := slices.Sorted(maps.Keys(m.placeholders())); !ok || !slices.Equal(got, slices.Sorted(slices.Values(names))) {
				t.Errorf("%s: the text for %q has the placeholders %q, want %q", l.file, key, got, names)
			}
		}
		for table, keys := range map[string][]string{
			"alert_cause":      {string(digest.Quoted), string(digest.Mentioned), string(digest.ThreadWatched), string(digest.SectionWatched)},
			"override_cadence": {string(digest.Instant), string(digest.WithDigest), string(digest.Weekly), string(digest.Monthly), string(digest.Off)},
			"message_state":    {"accepted", "refused", "uncertain", "skipped", "expired"},
		} {
			for _, key := range keys {
				if _, ok := l.messages[table+"."+key]; !ok {
					t.Errorf("%s has no text for %s.%s", l.file, table, key)
				}
			}
		}
	}
}

func TestReason_EveryTextIsUsed(t *testing.T) {
	reasons := parseReasons(t)
	stored := []string{"quiet hours", "dropped by the administrator", "the daemon stopped while sending, or could not save the result",
		"no member has the address, or the forum allows them no email"} // by packages delivery, store and daemon
	for key := range load(t).admins.list[0].locale().messages {
		if table, name, _ := strings.Cut(key, "."); table == reasonTable {
			if _, isPhrase := reasons.phrases[name]; !isPhrase && !slices.Contains(reasons.constants, name) && !slices.Contains(stored, name) {
				t.Errorf("no code produces the reason %q", name)
			}
		}
	}
}

func TestReason_UnknownReasonsStayAsTheyAre(t *testing.T) {
	set := load(t)
	for _, text := range []string{"", "a reason of version 0.9", "550 5.1.1 {user} unknown", "domain_on_hold"} {
		for _, l := range set.admins.list {
			if got := l.locale().anyReason(text); got != text {
				t.Errorf("%s: %q is shown as %q", l.locale().file, text, got)
			}
		}
	}
	old := digest.NewPhrase("outcome_because", "key", "digest/1/a", "state", digest.Word{Table: "message_state", Key: "lost"}, "reason", digest.Reason("an old reason"))
	if got, want := set.Reason("de", old), "digest/1/a: lost: an old reason"; got != want {
		t.Errorf("in German: %q, want %q", got, want)
	}
}

func TestReason_StoredWithValues(t *testing.T) {
	set := load(t)
	hold := digest.NewPhrase("domain_held", "domain", "a.example", "reason", digest.NewPhrase("hold_rejected", "rejected", 12, "of", 14, "time", "2026-05-04 08:00:00").Stored()).Stored()
	for _, tt := range []struct{ tag, stored, want string }{
		{"en", digest.NewPhrase("rate_limited", "provider", "gmail.com", "rate", "60").Stored(), "rate limited: gmail.com accepts 60 messages per minute"},
		{"de", digest.NewPhrase("rate_limited", "provider", "gmail.com", "rate", "60").Stored(), "begrenzt: gmail.com nimmt 60 Nachrichten pro Minute an"},
		{"en", hold, "a.example is on hold: rejected 12 of 14 messages sent at 2026-05-04 08:00:00"},
		{"de", hold, "der Versand an a.example ist angehalten: 12 von 14 Nachrichten abgelehnt, gesendet um 2026-05-04 08:00:00"},
		{"en", "gmail.com is on hold: as version 0.9 stored it", "gmail.com is on hold: as version 0.9 stored it"},
		{"en", "rate_limited?provider=gmail.com", "rate_limited?provider=gmail.com"},
		{"en", "no_such_code?a=b", "no_such_code?a=b"},
	} {
		if got := set.Reason(tt.tag, digest.Phrase{Key: tt.stored}); got != tt.want {
			t.Errorf("in %s: %q, want %q", tt.tag, got, tt.want)
		}
	}
}

func TestReason_FillsPlaceholdersInTheLanguage(t *testing.T) {
	p := digest.NewPhrase("in_later_digest", "reason", digest.HeldForWeek)
	alert := digest.NewPhrase("in_alert", "cause", digest.Mentioned.Word())
	hold := digest.NewPhrase("in_waiting_digest", "reason", digest.NewPhrase("delivery_paused"))
	for _, tt := range []struct {
		tag    string
		phrase digest.Phrase
		want   string
	}{
		{"en", p, "deferred (deferred to the weekly digest): included in a later digest"},
		{"de", p, "verschoben (auf die wöchentliche Zusammenfassung verschoben): in einer späteren Zusammenfassung enthalten"},
		{"en", alert, "alert (mention)"},
		{"de-AT", alert, "Benachrichtigung (Erwähnung)"},
		{"en", hold, "in a digest; delivery is paused by an administrator"},
		{"tlh", digest.OwnPost.Phrase(), "own post"},
	} {
		if got := load(t).Reason(tt.tag, tt.phrase); got != tt.want {
			t.Errorf("in %s: %q, want %q", tt.tag, got, tt.want)
		}
	}
}
