package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"postrider/internal/link"
)

// links are the messages that are no digest.
func (b *inbox) links() (list []delivered) {
	for _, m := range b.messages {
		if strings.Contains(m.raw, "Feedback-ID: confirmation:") {
			list = append(list, m)
		}
	}
	return list
}

func TestAskLink_MailsItToTheMemberWithTheAddress(t *testing.T) {
	w := newFixture(t)
	box := &inbox{}
	daemon := w.daemonTo(box)
	page := w.config.URL + "/settings"
	var email string
	check(t, w.forumDB.QueryRow(`SELECT email FROM member WHERE id = 13`).Scan(&email))
	if got := w.get(page); got.status != http.StatusOK || !strings.Contains(got.body, `name="email"`) {
		t.Fatalf("the form: status %d", got.status)
	}
	must(w.forumDB.Exec(`UPDATE member SET wants_mail = 0 WHERE id = 13`))(t) // asking is more than that
	known, unknown := w.post(page, "email", strings.ToUpper(email)), w.post(page, "email", "nobody@example.org")
	same := strings.ReplaceAll(known.body, strings.ToUpper(email), "nobody@example.org") == unknown.body
	if known.status != http.StatusOK || unknown.status != http.StatusOK || !same {
		t.Errorf("the answers differ: status %d and %d\n%s\n%s", known.status, unknown.status, known.body, unknown.body)
	}
	must(daemon.RunOnce(t.Context()))(t)
	links := box.links()
	if len(links) != 1 || links[0].to != email {
		t.Fatalf("%d messages, want one to %s", len(links), email)
	}
	if got, want := links[0].linkIn(t, "/s/"), w.url(link.Settings, 0); got != want {
		t.Errorf("the link is %s, want %s", got, want)
	}
	must(w.forumDB.Exec(`UPDATE member SET state = 'banned' WHERE id = 13`))(t)
	w.now = w.now.Add(2 * time.Hour)
	w.post(page, "email", email)
	must(daemon.RunOnce(t.Context()))(t)
	if len(box.links()) != 1 {
		t.Error("a banned member got a link")
	}
}

func TestAskLink_LimitsMessagesToAnAddressAndRequests(t *testing.T) {
	w := newFixture(t)
	box := &inbox{}
	daemon := w.daemonTo(box)
	page := w.config.URL + "/settings"
	var email string
	check(t, w.forumDB.QueryRow(`SELECT email FROM member WHERE id = 13`).Scan(&email))
	for range 8 { // twice an hour
		w.now = w.now.Add(31 * time.Minute)
		if got := w.post(page, "email", email); got.status != http.StatusOK {
			t.Errorf("status %d", got.status)
		}
		must(daemon.RunOnce(t.Context()))(t)
	}
	if n := len(box.links()); n != 3 {
		t.Errorf("%d messages in four hours, want the three of a day", n)
	}
	for _, text := range []string{"", "anna", "anna@localhost", "a@b.example\r\nBcc: c@d.example"} {
		if got := w.post(page, "email", text); got.status != http.StatusUnprocessableEntity {
			t.Errorf("%q: status %d", text, got.status)
		}
	}
	limited := false
	for i := range 20 {
		limited = limited || w.post(page, "email", fmt.Sprintf("a%d@example.org", i)).status == http.StatusTooManyRequests
	}
	if !limited {
		t.Error("the requests of one sender are not limited")
	}
}
