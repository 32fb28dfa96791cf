package web_test

import (
	"context"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"postrider/bounce"
	"postrider/daemon"
	"postrider/daemon/subscription"
	"postrider/digest"
	"postrider/forum"
	"postrider/internal/sampletest"
	"postrider/mail"
	"postrider/mirror"
	"postrider/source"
	"postrider/store"
	"postrider/web"
)

// subscribers is a fixture whose forum is a mirror, and the mailboxes of everyone.
type subscribers struct {
	*fixture
	mirror *mirror.DB
	daemon *daemon.Daemon
	inbox  *inbox
}

// inbox accepts all messages and keeps them.
type inbox struct {
	mu       sync.Mutex
	messages []delivered
}

type delivered struct {
	to  string
	raw string
}

func (b *inbox) Send(_ context.Context, _, to string, raw []byte) mail.Outcome {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.messages = append(b.messages, delivered{to, string(raw)})
	return mail.Outcome{Result: mail.Accepted, Stage: mail.Body, At: time.Now()}
}

// newSubscribers returns a fixture with a mirror that has a member, Ben, who gets daily digests from News and Sport.
func newSubscribers(t *testing.T) *subscribers {
	t.Helper()
	w := openFixture(t, sampletest.Forum(t, sampleTime), sampletest.Store(t))
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "mirror.db")
	s := &subscribers{fixture: w, mirror: must(mirror.Open(t.Context(), dsn))(t), inbox: &inbox{}}
	t.Cleanup(func() { s.mirror.Close() })
	request := must(mirror.ParseRequest([]byte(`{
		"sections": [{"id": "news", "title": "News"}, {"id": "local", "title": "Local <b>news</b>", "parent": "news"}, {"id": "sport", "title": "Sport"}],
		"members":  [{"id": "u1", "name": "Ben", "email": "ben@example.org"}],
		"watches":  [{"member": "u1", "section": "news"}, {"member": "u1", "section": "sport"}]}`)))(t)
	check(t, s.mirror.Ingest(t.Context(), "1", request, w.now))
	config := source.DefaultConfig()
	config.Type, config.DSN, config.URL = source.MirrorType, dsn, "https://news.example.org"
	w.source = must(source.Open(t.Context(), config))(t)
	t.Cleanup(func() { w.source.Close() })
	w.deps = func(d *web.Deps) {
		settings := mirror.DefaultConfig()
		settings.SubscribeDaily = 30
		d.Mirror, d.Subscriptions = s.mirror, subscription.New(subscription.NewReader(d.Links, w.source, d.Members), s.mirror, w.store, settings)
	}
	w.open()
	s.daemon = w.daemonTo(s.inbox)
	return s
}

// ask submits the form for an address.
func (s *subscribers) ask(address string, pairs ...string) response {
	s.Helper()
	return s.post(s.site.URL+"/postrider/subscribe", append([]string{"email", address}, pairs...)...)
}

// deliver sends what is due, and returns the messages since the last call.
func (s *subscribers) deliver() []delivered {
	s.Helper()
	must(s.daemon.RunOnce(s.Context()))(s)
	s.inbox.mu.Lock()
	defer s.inbox.mu.Unlock()
	got := s.inbox.messages
	s.inbox.messages = nil
	return got
}

// linkIn returns the link in the text of a message that contains a path.
func (m delivered) linkIn(t testing.TB, path string) string {
	t.Helper()
	text := strings.ReplaceAll(strings.ReplaceAll(m.raw, "=\r\n", ""), "=3D", "=")
	found := regexp.MustCompile(`http\S*` + regexp.QuoteMeta(path) + `[\w-]+`).FindString(text)
	if found == "" {
		t.Fatalf("no link with %s in\n%s", path, text)
	}
	return found
}

// askedLink asks for an address, and returns the link that confirms it.
func (s *subscribers) askedLink(address string, pairs ...string) string {
	s.Helper()
	if got := s.ask(address, pairs...); got.status != http.StatusOK {
		s.Fatalf("asking: status %d\n%s", got.status, got.body)
	}
	messages := s.deliver()
	if len(messages) != 1 || messages[0].to != address {
		s.Fatalf("messages %+v, want one to %s", messages, address)
	}
	return messages[0].linkIn(s, "/subscribe/")
}

// members returns the members of the mirror, with the number of their watches.
func (s *subscribers) members() map[string]int {
	s.Helper()
	watches := make(map[string]int)
	for _, m := range must(s.mirror.Members(s.Context(), 0, 100))(s) {
		watches[m.Email] = m.Watches
	}
	return watches
}

func (s *subscribers) memberID(address string) forum.MemberID {
	s.Helper()
	for _, m := range must(s.mirror.Members(s.Context(), 0, 100))(s) {
		if m.Email == address {
			return forum.MemberID(m.ID)
		}
	}
	s.Fatalf("%s is no member", address)
	return 0
}

func TestSubscribe_NeedsTheOwnersConfirmation(t *testing.T) {
	t.Parallel()
	s := newSubscribers(t)
	address := s.askedLink("Anna+news@example.org", "name", "Anna", "section", "news", "section", "local", "cadence", "weekly", "zone", "Europe/Berlin", "locale", "de")
	before := s.dumpStore()
	for _, method := range []string{http.MethodHead, http.MethodGet, http.MethodGet} { // a mail filter
		if got := s.do(s.request(method, address, nil)); got.status != http.StatusOK {
			t.Errorf("%s: status %d", method, got.status)
		}
	}
	if got := s.post(address); !strings.Contains(got.body, `name="confirm"`) {
		t.Errorf("a POST without the button's value: %s", got.body)
	}
	if s.dumpStore() != before || len(s.members()) != 1 {
		t.Fatalf("opening the link changed something: members %v", s.members())
	}
	page := s.get(address).body
	for _, want := range []string{"Jede Woche", "News", "Local &lt;b&gt;news&lt;/b&gt;", "Anna&#43;news@example.org", `lang="de"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	if got := s.post(address, "confirm", "yes"); got.status != http.StatusOK || !strings.Contains(got.body, "/postrider/s/") {
		t.Fatalf("confirming: status %d\n%s", got.status, got.body)
	}
	if got := s.members()["Anna+news@example.org"]; got != 2 {
		t.Errorf("the new member watches %d sections, want 2", got)
	}
	member := s.memberID("Anna+news@example.org")
	chosen := must(s.store.Preferences.OfMembers(t.Context(), []forum.MemberID{member}))(t)[member]
	if chosen.Schedule == nil || chosen.Schedule.Cadence != digest.Weekly {
		t.Errorf("schedule %+v, want weekly", chosen.Schedule)
	}
	sub := must(s.store.Subscribers.Get(t.Context(), []forum.MemberID{member}))(t)[member]
	if got := sub.Due.Sub(s.now); got <= 0 || got > 7*24*time.Hour || sub.Zone != "Europe/Berlin" {
		t.Errorf("the subscriber is %+v, want the first digest within a week", sub)
	}
	want := store.Consent{
		Member: member, Address: "Anna+news@example.org", Asked: s.now, Confirmed: s.now, Sections: []string{"News", "Local <b>news</b>"}, Cadence: digest.Weekly, Locale: "de",
	}
	got := must(s.store.Consents.Of(t.Context(), member))(t)
	if len(got) != 1 || !slices.Equal(got[0].Sections, want.Sections) || got[0].Address != want.Address || !got[0].Confirmed.Equal(want.Confirmed) || got[0].Cadence != want.Cadence || got[0].Locale != want.Locale {
		t.Errorf("consent %+v, want %+v", got, want)
	}
}

func TestSubscribe_LinkCountsOnce(t *testing.T) {
	t.Parallel()
	s := newSubscribers(t)
	address := s.askedLink("anna@example.org", "section", "news")
	var tabs sync.WaitGroup
	bodies := make([]string, 2)
	for i := range bodies {
		tabs.Go(func() { bodies[i] = s.post(address, "confirm", "yes").body })
	}
	tabs.Wait()
	done := 0
	for _, body := range bodies {
		if strings.Contains(body, "You are subscribed to") {
			done++
		} else if !strings.Contains(body, "already confirmed") {
			t.Errorf("a tab shows\n%s", body)
		}
	}
	if done != 1 || s.members()["anna@example.org"] != 1 {
		t.Fatalf("%d of two tabs say that it is done, members %v", done, s.members())
	}
	member := s.memberID("anna@example.org")
	off := digest.Schedule{Cadence: digest.Off}
	check(t, s.store.Preferences.Save(t.Context(), s.now, member, digest.Preferences{Schedule: &off}))
	if got := s.post(address, "confirm", "yes"); !strings.Contains(got.body, "already confirmed") {
		t.Errorf("after the member unsubscribed: %s", got.body)
	}
	if chosen := must(s.store.Preferences.OfMembers(t.Context(), []forum.MemberID{member}))(t)[member]; chosen.Schedule.Cadence != digest.Off {
		t.Error("the old link subscribed the member again")
	}
}

func TestSubscribe_ForgedAndExpiredLinksDoNothing(t *testing.T) {
	t.Parallel()
	s := newSubscribers(t)
	address := s.askedLink("anna@example.org", "section", "news")
	stolen := s.fixture.url(1, 0) // a link to settings
	for name, forged := range map[string]string{
		"one character changed": address[:len(address)-2] + "Az",
		"too short":             address[:len(address)-4],
		"another token of ours": s.site.URL + "/postrider/subscribe/" + stolen[strings.LastIndexByte(stolen, '/')+1:],
	} {
		if got := s.post(forged, "confirm", "yes"); got.status != http.StatusNotFound {
			t.Errorf("%s: status %d", name, got.status)
		}
	}
	s.now = s.now.Add(subscription.Validity + time.Minute)
	for _, got := range []response{s.get(address), s.post(address, "confirm", "yes")} {
		if got.status != http.StatusGone || !strings.Contains(got.body, "/postrider/subscribe\"") {
			t.Errorf("after 48 hours: status %d\n%s", got.status, got.body)
		}
	}
	if len(s.members()) != 1 {
		t.Errorf("members %v", s.members())
	}
}

// Whoever submits the form must not learn who is a member or which addresses bounce.
func TestSubscribe_AnswersTheSameForEveryAddress(t *testing.T) {
	t.Parallel()
	s := newSubscribers(t)
	suppressed := bounce.Health{Score: 4, LastEvent: s.now, SuppressedSince: s.now, SuppressedUntil: s.now.Add(bounce.Reset), Reason: "dead"}
	check(t, s.store.Suppressions.Add(t.Context(), s.now, []store.Health{{Address: "bounced@example.org", Health: suppressed}}))
	want := strings.ReplaceAll(s.ask("nobody@example.org", "section", "news").body, "nobody@", "")
	for name, try := range map[string][]string{
		"a member":       {"ben@example.org", "section", "news"},
		"suppressed":     {"bounced@example.org", "section", "news"},
		"asked too soon": {"nobody@example.org", "section", "news"},
		"a program":      {"robot@example.org", "section", "news", "website", "https://spam.example"},
	} {
		got := s.ask(try[0], try[1:]...)
		local, _, _ := strings.Cut(try[0], "@")
		if body := strings.ReplaceAll(got.body, local+"@", ""); got.status != http.StatusOK || body != want {
			t.Errorf("%s: status %d\n%s\nwant\n%s", name, got.status, body, want)
		}
	}
	var to []string
	for _, m := range s.deliver() {
		to = append(to, m.to)
		if already := strings.Contains(m.raw, "Subject: You are already subscribed"); already != (m.to == "ben@example.org") {
			t.Errorf("the message to %s says that it is a member's: %t", m.to, already)
		}
	}
	slices.Sort(to)
	if !slices.Equal(to, []string{"ben@example.org", "nobody@example.org"}) {
		t.Errorf("messages to %v", to)
	}
}
