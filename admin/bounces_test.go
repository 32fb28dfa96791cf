package admin_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/bounce"
	"postrider/store"
)

// hostile is text that a relay, a reader or a forum might send.
const hostile = `"><script>alert(1)</script><img src=x onerror=alert(2)> '&`

// wantEscaped fails the test unless a page shows hostile text as text.
func wantEscaped(t *testing.T, name, page string) {
	t.Helper()
	if runsScript(page) || strings.Contains(page, "<img") || strings.Contains(page, `"><`+"script") {
		t.Errorf("%s contains unescaped hostile text:\n%s", name, page)
	}
	if !strings.Contains(page, "&lt;script&gt;alert(1)") {
		t.Errorf("%s does not show the text:\n%s", name, page)
	}
}

func TestBounces_EscapeReplies(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	address := hostile[:40] + "@a.example"
	check(t, w.store.Suppressions.SaveRefusals(t.Context(), []store.Refusal{{
		Key: "digest/1/" + hostile, Source: store.FromReport, Member: 1, Address: address, SentAt: noon, Class: bounce.ClassUnknownUser,
		Code: 550, Enhanced: hostile, Reply: hostile, At: noon,
	}}))
	check(t, w.store.Suppressions.Add(t.Context(), noon, []store.Health{{Address: address, Health: bounce.Health{SuppressedSince: noon, Reason: hostile}}}))
	check(t, w.store.Holds.Add(t.Context(), store.DomainHold{Domain: hostile, Since: noon, Until: noon.Add(time.Hour), Reason: hostile}))
	b := w.admin()
	wantEscaped(t, "bounces", b.get("/bounces").body)
	got := b.postWithToken("/bounces/suppress", "address", hostile)
	if got.status != http.StatusUnprocessableEntity {
		t.Errorf("invalid address: status %d", got.status)
	}
	wantEscaped(t, "the form again", got.body)
	for _, q := range []string{"part", "domain", "class", "after", "page", "done"} {
		if got := b.get("/bounces?" + q + "=%22%3E%3Cscript%3E"); got.status != http.StatusOK || runsScript(got.body) {
			t.Errorf("hostile %s: status %d", q, got.status)
		}
	}
}

func TestBounces_SuppressAndUnsuppress(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	b := w.admin()
	got := b.postWithToken("/bounces/suppress", "address", " Anna@A.example ", "reason", "she wrote to us")
	if at := got.header.Get("Location"); got.status != http.StatusSeeOther || !strings.Contains(at, "done=suppressed") || !strings.Contains(at, "part=anna%40a.example") {
		t.Errorf("status %d, redirected to %q", got.status, at)
	}
	if page := b.get("/bounces").body; !strings.Contains(page, "anna@a.example") || !strings.Contains(page, "she wrote to us") {
		t.Errorf("list:\n%s", page)
	}
	if page := b.get("/bounces?part=bert").body; strings.Contains(page, "she wrote to us") {
		t.Error("a search for another address finds this one")
	}
	b.postWithToken("/bounces/lift", "address", "anna@a.example")
	if got := b.postWithToken("/bounces/lift", "address", "anna@a.example").header.Get("Location"); got != "/base/bounces?done=unsuppressed&n=0" {
		t.Errorf("second unsuppress redirects to %q", got)
	}
	if list := must(w.store.Suppressions.List(t.Context(), noon, "", "", 9))(t); len(list) > 0 {
		t.Errorf("still suppressed: %v", list)
	}
	if got := w.auditOf("suppression"); !slices.Equal(got, []string{"web: admin suppress a…@a.example", "web: admin lift a…@a.example"}) {
		t.Errorf("audit log is %q", got)
	}
}

func TestBounces_ReleaseAHold(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	check(t, w.store.Holds.Add(t.Context(), store.DomainHold{Domain: "a.example", Since: noon, Until: noon.Add(time.Hour)}))
	b := w.admin()
	b.postWithToken("/bounces/release", "domain", "a.example")
	b.postWithToken("/bounces/release", "domain", "a.example")
	if list := must(w.store.Holds.Active(t.Context(), noon))(t); len(list) > 0 || w.wakeups != 1 {
		t.Errorf("holds: %v; woken %d times", list, w.wakeups)
	}
	if got := w.auditOf("hold"); !slices.Equal(got, []string{"web: admin release a.example"}) {
		t.Errorf("audit log is %q", got)
	}
}

func TestBounces_HoldsNameTheirRelayIfThereAreTwo(t *testing.T) {
	t.Parallel()
	for _, two := range []bool{false, true} {
		t.Run(fmt.Sprint(two), func(t *testing.T) {
			t.Parallel()
			w := newFixture(t)
			if two {
				w.deps.Settings.AnnounceConnections = 2
				w.open()
			}
			for _, relay := range []string{store.SharedRelay, store.AnnouncementRelay} {
				check(t, w.store.Holds.Add(t.Context(), store.DomainHold{Relay: relay, Domain: "a.example", Since: noon, Until: noon.Add(time.Hour)}))
			}
			b := w.admin()
			page := b.get("/bounces").body
			if got := strings.Contains(page, ">smtp<") && strings.Contains(page, ">smtp.announcements<"); got != two {
				t.Errorf("the relays are named: %v, want %v:\n%s", got, two, page)
			}
			if got, want := strings.Count(page, `name="domain" value="a.example"`), map[bool]int{false: 1, true: 2}[two]; got != want {
				t.Errorf("the page shows %d holds, want %d", got, want)
			}
			if !two {
				return
			}
			b.postWithToken("/bounces/release", "domain", "a.example", "relay", "announcements")
			if list := must(w.store.Holds.Active(t.Context(), noon))(t); len(list) != 1 || list[0].Relay != store.SharedRelay || w.wakeups != 1 {
				t.Errorf("holds: %v; woken %d times", list, w.wakeups)
			}
			if got := w.auditOf("hold"); !slices.Equal(got, []string{"web: admin release a.example smtp.announcements"}) {
				t.Errorf("audit log is %q", got)
			}
		})
	}
}

func TestBounces_ListsHavePages(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	var list []store.Refusal
	var ill []store.Health
	for i := range 60 {
		list = append(list, store.Refusal{
			Key: fmt.Sprintf("digest/%02d/a", i), Source: store.FromRelay, Address: fmt.Sprintf("m%02d@%c.example", i, 'a'+i%2), Class: bounce.ClassMailboxFull, At: noon.Add(-time.Duration(i) * time.Minute),
		})
		ill = append(ill, must(store.ManualSuppression(fmt.Sprintf("s%02d@a.example", i), "", noon))(t))
	}
	check(t, w.store.Suppressions.SaveRefusals(t.Context(), list))
	check(t, w.store.Suppressions.Add(t.Context(), noon, ill))
	b := w.admin()
	first, second := b.get("/bounces").body, b.get("/bounces?page=2&after=s49%40a.example").body
	for i := range 60 {
		key, address := fmt.Sprintf("key=digest%%2f%02d%%2fa", i), fmt.Sprintf(">s%02d@a.example<", i)
		if on := strings.Contains(first, key); on != (i < 50) || strings.Contains(second, key) == on {
			t.Errorf("%s is on the first page: %v", key, on)
		}
		if on := strings.Contains(first, address); on != (i < 50) || strings.Contains(second, address) == on {
			t.Errorf("%s is on the first page: %v", address, on)
		}
	}
	if !strings.Contains(first, `href="?page=2"`) || !strings.Contains(first, `after=s49%40a.example`) || strings.Contains(second, `href="?page=3"`) {
		t.Error("the pages do not link to each other")
	}
	only := b.get("/bounces?domain=B.example&class=full").body
	if strings.Contains(only, "key=digest%2f00%2fa") || !strings.Contains(only, "key=digest%2f01%2fa") {
		t.Error("the domain filter shows wrong rows")
	}
}
