package web_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postrider/digest"
	"postrider/internal/link"
	"postrider/internal/servertest"
)

const linkSecret = "a-secret-of-the-forum-and-us"

// newForumLinks returns a fixture of a site whose forum has links to the settings, and which sends digests only to those who ask.
func newForumLinks(t *testing.T) *fixture {
	t.Helper()
	w := newFixture(t)
	w.config.LinkSecret = linkSecret
	w.settings.Digest.Cadence = digest.Off
	w.open()
	return w
}

func (w *fixture) forumLink(member string, expires time.Time, secret string) string {
	h := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(h, "settings.%s.%d", member, expires.Unix())
	return fmt.Sprintf("%s/settings/forum?member=%s&expires=%d&signature=%s", w.config.URL, member, expires.Unix(), hex.EncodeToString(h.Sum(nil)))
}

func TestForumLink_LetsMembersAskForDigestsWhereNobodyGetsAny(t *testing.T) {
	w := newForumLinks(t)
	w.saveSubscriber(time.Time{})
	before := w.dumpStore()
	got := w.get(w.forumLink("13", w.now.Add(time.Hour), linkSecret))
	settings := strings.TrimPrefix(w.url(link.Settings, 0), w.site.URL)
	if got.status != http.StatusSeeOther || got.header.Get("Location") != settings || w.dumpStore() != before {
		t.Fatalf("status %d to %q, want the settings %q, and nothing changed", got.status, got.header.Get("Location"), settings)
	}
	_, f := w.openSettings()
	if f.Get("cadence") != "off" {
		t.Errorf("digests come %q before anybody asked", f.Get("cadence"))
	}
	f.Set("cadence", "weekly")
	w.submit(f)
	if due := w.nextDue(); due.IsZero() {
		t.Error("the member who asked for weekly digests is never due")
	}
}

func TestForumLink_OpensNothingWithoutAValidSignature(t *testing.T) {
	w := newForumLinks(t)
	good := w.forumLink("13", w.now.Add(time.Hour), linkSecret)
	for name, tt := range map[string]struct {
		address string
		status  int
	}{
		"another secret":     {w.forumLink("13", w.now.Add(time.Hour), linkSecret+"x"), http.StatusNotFound},
		"no secret":          {w.forumLink("13", w.now.Add(time.Hour), ""), http.StatusNotFound},
		"another member":     {strings.Replace(good, "member=13", "member=14", 1), http.StatusNotFound},
		"a padded member":    {strings.Replace(good, "member=13", "member=013", 1), http.StatusNotFound},
		"a later end":        {strings.Replace(good, "expires=", "expires=1", 1), http.StatusNotFound},
		"no signature":       {strings.Split(good, "&signature")[0], http.StatusNotFound},
		"nothing":            {w.config.URL + "/settings/forum", http.StatusNotFound},
		"no member":          {w.forumLink("0", w.now.Add(time.Hour), linkSecret), http.StatusNotFound},
		"expired":            {w.forumLink("13", w.now.Add(-time.Second), linkSecret), http.StatusGone},
		"valid for too long": {w.forumLink("13", w.now.Add(48*time.Hour), linkSecret), http.StatusGone},
	} {
		if got := w.get(tt.address); got.status != tt.status {
			t.Errorf("%s: status %d, want %d", name, got.status, tt.status)
		}
	}
	w.config.LinkSecret = ""
	w.open()
	if got := w.get(w.forumLink("13", w.now.Add(time.Hour), "")); got.status != http.StatusNotFound {
		t.Errorf("without a secret in the configuration: status %d", got.status)
	}
}

// The snippets of the documentation make links that we accept.
func TestForumLink_SnippetsOfTheDocumentationWork(t *testing.T) {
	doc := string(must(os.ReadFile("../docs/forum-link.md"))(t))
	for _, tt := range []struct{ language, program, begin, call string }{
		{"php", "php", "<?php\n", "\necho postrider_settings_link(%q, %q, 13);\n"},
		{"ruby", "ruby", "", "\nprint postrider_settings_link(%q, %q, 13)\n"},
	} {
		t.Run(tt.language, func(t *testing.T) {
			program, found := servertest.Find(tt.program)
			if !found {
				t.Skipf("SKIPPED: %s is not installed, so its snippet is not tested", tt.program)
			}
			_, code, _ := strings.Cut(doc, "```"+tt.language+"\n")
			code, _, _ = strings.Cut(code, "```")
			w := newForumLinks(t)
			w.now = time.Now()
			file := filepath.Join(t.TempDir(), "snippet."+tt.language)
			check(t, os.WriteFile(file, []byte(tt.begin+code+fmt.Sprintf(tt.call, w.config.URL, linkSecret)), 0o600))
			out, err := exec.CommandContext(t.Context(), program, file).CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if got := w.get(string(out)); got.status != http.StatusSeeOther {
				t.Errorf("%s: status %d", out, got.status)
			}
		})
	}
}
