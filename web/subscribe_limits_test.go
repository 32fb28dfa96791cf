package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/mirror"
)

func TestSubscribe_MemberWhoHasItAllGetsTheirSettings(t *testing.T) {
	t.Parallel()
	s := newSubscribers(t)
	s.ask("ben@example.org", "section", "news", "section", "sport")
	messages := s.deliver()
	if len(messages) != 1 || !strings.Contains(messages[0].raw, "Subject: You are already subscribed") || strings.Contains(messages[0].raw, "/subscribe/") {
		t.Fatalf("messages %+v", messages)
	}
	if got := s.get(messages[0].linkIn(t, "/s/")); got.status != http.StatusOK || !strings.Contains(got.body, "Ben") {
		t.Errorf("the link opens %d\n%s", got.status, got.body)
	}
}

func TestSubscribe_MemberCanAskForMoreAndComeBack(t *testing.T) {
	t.Parallel()
	s := newSubscribers(t)
	ben := s.memberID("ben@example.org")
	confirm := func(pairs ...string) digest.Preferences {
		t.Helper()
		if got := s.post(s.askedLink("ben@example.org", pairs...), "confirm", "yes"); !strings.Contains(got.body, "You are subscribed to") {
			t.Fatalf("confirming: %d\n%s", got.status, got.body)
		}
		return must(s.store.Preferences.OfMembers(t.Context(), []forum.MemberID{ben}))(t)[ben]
	}
	if got := confirm("name", "Somebody else", "section", "local"); s.members()["ben@example.org"] != 3 || got.Schedule.Cadence != digest.Daily {
		t.Errorf("after one more section: members %v, schedule %+v", s.members(), got.Schedule)
	}
	if list := must(s.mirror.Members(t.Context(), 0, 10))(t); len(list) != 1 || list[0].Name != "Ben" {
		t.Errorf("members %+v: the form must not rename a member", list)
	}
	off := digest.Schedule{Cadence: digest.Off}
	check(t, s.store.Preferences.Save(t.Context(), s.now, ben, digest.Preferences{Schedule: &off}))
	check(t, s.store.Preferences.SetOverride(t.Context(), s.now, ben, forum.SectionID(1), 0, digest.Off))
	s.now = s.now.Add(2 * time.Hour)
	got := confirm("section", "news", "cadence", "monthly")
	overrides := must(s.store.Preferences.Overrides(t.Context(), []forum.MemberID{ben}))(t)[ben]
	if got.Schedule.Cadence != digest.Monthly || overrides.Sections[1] != digest.WithDigest {
		t.Errorf("after coming back: schedule %+v, overrides %v", got.Schedule, overrides.Sections)
	}
}

func TestSubscribe_FormOfAnotherSiteCanPostButNotConfirm(t *testing.T) {
	t.Parallel()
	s := newSubscribers(t)
	foreign := func(address string, pairs ...string) response {
		form := make(url.Values)
		for i := 0; i < len(pairs); i += 2 {
			form.Add(pairs[i], pairs[i+1])
		}
		r := s.request(http.MethodPost, address, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "https://news.example.org")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		return s.do(r)
	}
	if got := foreign(s.site.URL+"/postrider/subscribe", "email", "anna@example.org", "section", "news"); got.status != http.StatusOK {
		t.Fatalf("status %d\n%s", got.status, got.body)
	}
	messages := s.deliver()
	if len(messages) != 1 || !strings.Contains(messages[0].raw, "Every day") {
		t.Fatalf("messages %+v, want one with the default frequency", messages)
	}
	if got := foreign(messages[0].linkIn(t, "/subscribe/"), "confirm", "yes"); got.status != http.StatusForbidden || len(s.members()) != 1 {
		t.Errorf("another site confirmed: status %d, members %v", got.status, s.members())
	}
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]+)">`)

func TestSubscribe_FormOfTheDocumentWorks(t *testing.T) {
	t.Parallel()
	s := newSubscribers(t)
	request := must(mirror.ParseRequest([]byte(`{"sections": [{"id": "feed:News", "title": "From the feed"}]}`)))(t)
	must(s.mirror.Ingest(t.Context(), "2", request, s.now))(t)
	text := string(must(os.ReadFile("../docs/mirror.md"))(t))
	_, form, _ := strings.Cut(text, "```html\n")
	form, _, _ = strings.Cut(form, "```")
	var pairs []string
	for _, field := range hiddenField.FindAllStringSubmatch(form, -1) {
		pairs = append(pairs, field[1], field[2])
	}
	if page := s.get(s.askedLink("anna@example.org", pairs...)).body; len(pairs) == 0 || !strings.Contains(page, "Every week") || !strings.Contains(page, "From the feed") || !strings.Contains(page, "Local") {
		t.Errorf("the form with %v leads to\n%s", pairs, page)
	}
}

func TestSubscribe_MistakesAreShownAndNothingIsSent(t *testing.T) {
	t.Parallel()
	s := newSubscribers(t)
	for name, try := range map[string]struct {
		pairs []string
		fault string
	}{
		"no address":            {[]string{"email", "", "section", "news"}, "email"},
		"a second line":         {[]string{"email", "anna@example.org\nBcc: all@example.org", "section", "news"}, "email"},
		"no section":            {[]string{"email", "anna@example.org"}, "section"},
		"a section not offered": {[]string{"email", "anna@example.org", "section", "secret"}, "section"},
		"an unknown zone":       {[]string{"email", "anna@example.org", "section", "news", "zone", "Atlantis"}, "zone"},
		"a long name":           {[]string{"email", "anna@example.org", "section", "news", "name", strings.Repeat("x", 61)}, "name"},
		"a name of two lines":   {[]string{"email", "anna@example.org", "section", "news", "name", "Anna\nB"}, "name"},
		"an invented frequency": {[]string{"email", "anna@example.org", "section", "news", "cadence", "hours"}, "form"},
		"an unknown language":   {[]string{"email", "anna@example.org", "section", "news", "locale", "tlh"}, "form"},
	} {
		got := s.post(s.site.URL+"/postrider/subscribe", try.pairs...)
		if got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, `id="fault-`+try.fault+`"`) {
			t.Errorf("%s: status %d\n%s", name, got.status, got.body)
		}
	}
	if got := s.ask("anna@exam\u200bple.org", "section", "news"); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, `value="anna@example.org"`) {
		t.Errorf("an address with an invisible character: status %d\n%s", got.status, got.body)
	}
	if messages := s.deliver(); len(messages) > 0 {
		t.Errorf("messages %+v", messages)
	}
}

func TestSubscribe_IsLimited(t *testing.T) {
	t.Parallel()
	s := newSubscribers(t)
	s.config.TrustedProxies = []string{"127.0.0.1"}
	s.open()
	ask := func(client, address string) int {
		r := s.request(http.MethodPost, s.site.URL+"/postrider/subscribe", strings.NewReader(url.Values{"email": {address}, "section": {"news"}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Forwarded-For", client)
		return s.do(r).status
	}
	from := func(client string, n int) (statuses []int) {
		for i := range n {
			statuses = append(statuses, ask(client, fmt.Sprintf("m%d@%d.%s.example", i, i, client)))
		}
		return statuses
	}
	var domain []int
	for _, local := range []string{"a", "b", "c", "d"} {
		domain = append(domain, ask("192.0.2.3", local+"@example.org"))
	}
	if want := []int{http.StatusOK, http.StatusOK, http.StatusOK, http.StatusServiceUnavailable}; !slices.Equal(domain, want) {
		t.Errorf("for one domain: %v, want %v", domain, want)
	}
	if got := from("192.0.2.1", 21); got[19] != http.StatusOK || got[20] != http.StatusTooManyRequests {
		t.Errorf("from one client: %v", got)
	}
	if got := from("192.0.2.2", 8); got[6] != http.StatusOK || got[7] != http.StatusServiceUnavailable {
		t.Errorf("above the limit of all: %v", got)
	}
	if got := len(s.deliver()); got != 30 {
		t.Errorf("%d messages, want 30", got)
	}
	if got := s.get(s.site.URL + "/postrider/subscribe"); got.status != http.StatusOK {
		t.Errorf("the form: status %d", got.status)
	}
}

func TestSubscribe_IsOffUnlessConfigured(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.openMirror()
	for _, got := range []response{w.get(w.site.URL + "/postrider/subscribe"), w.post(w.site.URL+"/postrider/subscribe", "email", "anna@example.org")} {
		if got.status != http.StatusNotFound {
			t.Errorf("status %d", got.status)
		}
	}
}
