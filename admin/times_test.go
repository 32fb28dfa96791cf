package admin_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"postrider/internal/browsertest"
	"postrider/store"
)

// timesTag is the script that every page for administrators has.
var timesTag = regexp.MustCompile(`<script type="module" src="/base/times-[0-9a-f]{12}\.js"></script>`)

// runsScript reports whether a page has any other script.
func runsScript(page string) bool {
	return strings.Contains(timesTag.ReplaceAllString(page, ""), "<script")
}

func TestTimes_ScriptIsForAdministratorsOnly(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	login := w.browser().get("/login")
	if strings.Contains(login.body, "<script") || strings.Contains(login.header.Get("Content-Security-Policy"), "script-src") {
		t.Errorf("the login may run scripts:\n%s", login.body)
	}
	page := w.admin().get("/queue")
	policy := page.header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "script-src 'self'") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "connect-src") {
		t.Errorf("the policy is %q", policy)
	}
	tag := timesTag.FindString(page.body)
	_, rest, _ := strings.Cut(tag, `src="/base`)
	address, _, _ := strings.Cut(rest, `"`)
	if got := w.browser().get(address); got.status != http.StatusOK || !strings.HasPrefix(got.header.Get("Content-Type"), "text/javascript") {
		t.Errorf("the script %q: status %d", address, got.status)
	}
}

func TestTimes_AreInTheBrowsersZoneAndExact(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.now = noon.Add(5 * time.Second)
	w.fillOutbox("refused")
	site := w.startSite()
	p := browsertest.New(t)
	p.Zone("Asia/Tokyo")
	for language, want := range map[string]string{"en": "4 May 2026, 21:00:05", "de": "04.05.2026, 21:00:05"} {
		p.Language(language)
		p.Open(site + "/login")
		if browsertest.Run(p, chromedp.Evaluate[bool](`!!document.querySelector("#password")`)) {
			logInWithBrowser(p, site)
		}
		p.Open(site + "/queue/mail?key=" + digestKey(1))
		p.Do(chromedp.WaitVisible(chromedp.CSS("time[data-local]")))
		if got := p.Text("#history + table time"); got != want {
			t.Errorf("%s: the time is %q, want %q", language, got, want)
		}
		if got := browsertest.Run(p, chromedp.Evaluate[string](`document.querySelector("#history + table time").title`)); got != "2026-05-04 12:00:05 UTC" {
			t.Errorf("%s: the title of the time is %q", language, got)
		}
		if got := p.Text(".foot"); !strings.Contains(got, "Asia/Tokyo") || strings.Contains(got, "UTC") {
			t.Errorf("%s: the footer is %q", language, got)
		}
	}
	p.NoScript()
	p.Language("en")
	p.Open(site + "/queue/mail?key=" + digestKey(1))
	if got := p.Text("#history + table time"); got != "4 May 2026, 12:00" {
		t.Errorf("without scripts, the time is %q", got)
	}
	if got := p.Text(".foot"); !strings.Contains(got, "UTC") {
		t.Errorf("without scripts, the footer is %q", got)
	}
}

// A start that an administrator enters is in the zone of their browser, like the times that they see.
func TestStart_IsInTheBrowsersZone(t *testing.T) {
	t.Parallel()
	for zone, want := range map[string]string{"Asia/Tokyo": "2026-05-05T00:30:00Z", "": "2026-05-05T09:30:00Z", "../etc/passwd": "2026-05-05T09:30:00Z", "Local": "2026-05-05T09:30:00Z"} {
		w := newFixture(t)
		a := w.saveAnnouncement(twoLanguageAnnouncement(), 0)
		b := w.admin()
		b.postWithToken("/announcements/1/count")
		b.waitFor("/announcements/1", "would get it now")
		b.postWithToken("/announcements/1/start", "when", "at", "at", "2026-05-05T09:30", "zone", zone, "sure", "yes")
		if got := must(w.store.Announcements.Get(t.Context(), a.ID))(t); got.State != store.Scheduled || got.Start.At.Format(time.RFC3339) != want {
			t.Errorf("zone %q: %s, starts at %s, want %s", zone, got.State, got.Start.At, want)
		}
	}
}
