package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"postrider/daemon/members"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/mirror"
)

// push stores a request of the site, with a new post in the section News.
func (s *subscribers) push(text string) {
	s.Helper()
	s.now = s.now.Add(time.Hour)
	id := fmt.Sprint(s.now.Unix())
	post := fmt.Sprintf(`{"as_of":%q,"threads":[{"id":%[2]q,"section":"news","title":"News of %[2]s"}],"posts":[{"id":%[2]q,"thread":%[2]q,"html":"<p>x"}]`, s.now.Format(time.RFC3339), id)
	if text != "" {
		post += "," + text
	}
	must(s.mirror.Ingest(s.Context(), id, must(mirror.ParseRequest([]byte(post+"}")))(s), s.now))(s)
}

// mailedTo reports who gets a digest or an alert within two days.
func (s *subscribers) mailedTo() string {
	s.Helper()
	var to []string
	for range 3 {
		for _, m := range s.deliver() {
			to = append(to, m.to)
		}
		s.now = s.now.Add(24 * time.Hour)
	}
	return strings.Join(to, " ")
}

func TestSubscribe_AddressThatLeftGetsNoEmailUntilItsOwnerConfirms(t *testing.T) {
	t.Parallel()
	s := newSubscribers(t)
	if got := s.post(s.askedLink("anna@example.org", "section", "news"), "confirm", "yes"); !strings.Contains(got.body, "You are subscribed to") {
		t.Fatal(got.body)
	}
	s.push("")
	if got := s.mailedTo(); !strings.Contains(got, "anna@example.org") {
		t.Fatalf("before she left, mailed to %q", got)
	}
	_, _, err := s.mirror.Remove(t.Context(), "anna@example.org", s.now)
	check(t, err)
	s.push(`"members":[{"id":"u77","name":"Anna","email":"Anna@example.org"}],"watches":[{"member":"u77","section":"news"}]`)
	if got := s.mailedTo(); strings.Contains(strings.ToLower(got), "anna@") || !strings.Contains(got, "ben@") {
		t.Fatalf("after the site sent her, mailed to %q", got)
	}
	reason := must(members.New(s.source, s.store, s.settings).Account(t.Context(), s.now, s.memberID("Anna@example.org")))(t)
	if reason.Member.NoMail != "address left, must be confirmed" || reason.Member.NoMailSince.IsZero() {
		t.Errorf("the reason is %q, since %v", reason.Member.NoMail, reason.Member.NoMailSince)
	}
	if got := s.post(s.askedLink("anna@example.org", "section", "news"), "confirm", "yes"); !strings.Contains(got.body, "You are subscribed to") {
		t.Fatal(got.body)
	}
	s.deliver()
	s.push("")
	if got := s.mailedTo(); !strings.Contains(got, "Anna@example.org") {
		t.Errorf("after she confirmed, mailed to %q", got)
	}
}

func TestSubscribe_AddressOfWhoUnsubscribedIsNotForAnotherMember(t *testing.T) {
	t.Parallel()
	s := newSubscribers(t)
	service := members.New(s.source, s.store, s.settings)
	s.mirror.Unsubscribed = service.Unsubscribed
	s.push(`"members":[{"id":"u2","name":"Cleo","email":"cleo@example.org"}],"watches":[{"member":"u2","section":"news"}]`)
	must(service.Unsubscribe(t.Context(), s.now, link.Claims{Scope: link.Everything, Member: int64(s.memberID("ben@example.org"))}))(t)
	s.push(`"members":[{"id":"u1","name":"Ben","email":"new@example.org"},{"id":"u2","name":"Cleo","email":"ben@example.org"}]`)
	if got := s.mailedTo(); got != "" {
		t.Errorf("mailed to %q, want nobody", got)
	}
	s.push(`"members":[{"id":"u2","name":"Cleo","email":"cleo@example.org"}]`)
	if got := s.mailedTo(); !strings.Contains(got, "cleo@example.org") || strings.Contains(got, "ben@") || strings.Contains(got, "new@") {
		t.Errorf("with her own address again, mailed to %q", got)
	}
	if got := s.memberID("new@example.org"); got != forum.MemberID(1) {
		t.Errorf("Ben is member %d", got)
	}
}
