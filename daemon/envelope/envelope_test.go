package envelope

import (
	netmail "net/mail"
	"strings"
	"testing"

	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/templates"
)

// alertBy returns an alert with one post of each author, all in one section.
func alertBy(section string, authors ...forum.Post) *digest.Alert {
	t := digest.Thread{}
	for _, p := range authors {
		t.Posts = append(t.Posts, digest.Post{Post: p, Cause: digest.ThreadWatched})
	}
	return &digest.Alert{Digest: digest.Digest{Groups: []digest.Group{{Section: forum.Section{ID: 7, Title: section}, Threads: []digest.Thread{t}}}}}
}

func site() settings.Settings {
	return settings.Settings{
		Alerts: settings.DefaultAlerts(), Site: "Defence Talk", Host: "forum.example.org",
		From: netmail.Address{Name: "Defence Talk", Address: "news@forum.example.org"},
	}
}

func by(id forum.MemberID, name string) forum.Post { return forum.Post{Author: id, AuthorName: name} }

func TestAlert_NamesItsSoleAuthorAsTheSender(t *testing.T) {
	for _, tt := range []struct {
		name    string
		authors []forum.Post
		want    string
	}{
		{"one author", []forum.Post{by(1, "Miles O'Brien")}, "Miles O'Brien (Defence Talk)"},
		{"two posts of one author", []forum.Post{by(1, "Miles"), by(1, "Miles")}, "Miles (Defence Talk)"},
		{"two authors", []forum.Post{by(1, "Miles"), by(2, "Julian")}, "Defence Talk"},
		{"a guest", []forum.Post{by(forum.Guest, "Administrator")}, "Defence Talk"},
		{"a member and a guest", []forum.Post{by(1, "Miles"), by(forum.Guest, "Miles")}, "Defence Talk"},
		{"a name like an address", []forum.Post{by(1, "service@bank.example")}, "Defence Talk"},
		{"a name of invisible characters", []forum.Post{by(1, "\u200b\x00")}, "Defence Talk"},
		{"a name with a header", []forum.Post{by(1, "A\r\nBcc: x")}, "A Bcc: x (Defence Talk)"},
		{"a name too long", []forum.Post{by(1, strings.Repeat("x", 999))}, strings.Repeat("x", 59) + "… (Defence Talk)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Alert(site(), alertBy("Radio", tt.authors...), "").From; got.Name != tt.want || got.Address != "news@forum.example.org" {
				t.Errorf("the sender is %v, want %q and the site's address", got, tt.want)
			}
		})
	}
	off := site()
	off.Alerts.FromAuthor = false
	if got := Alert(off, alertBy("Radio", by(1, "Miles")), "").From.Name; got != "Defence Talk" {
		t.Errorf("with from_author = false the sender's name is %q", got)
	}
}

func TestAlert_HasReasonAndListForFilters(t *testing.T) {
	one := alertBy("Radio\r\nroom", by(1, "Miles"))
	if m := Alert(site(), one, ""); m.Reason != "thread" || m.List.ID != "section-7.alerts.forum.example.org" || m.List.Name != "Radio room (Defence Talk)" {
		t.Errorf("an alert about one section has reason %q and list %+v", m.Reason, m.List)
	}
	one.Groups = append(one.Groups, alertBy("Deck", by(1, "Miles")).Groups...)
	if m := Alert(site(), one, ""); m.List.ID != "alerts.forum.example.org" || m.List.Name != "Defence Talk" {
		t.Errorf("an alert about two sections has list %+v", m.List)
	}
}

func TestFooter_MutesAnyThread(t *testing.T) {
	links, err := link.NewSigner("https://forum.example.org/mail", []byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	alert := alertBy("Radio", by(1, "Miles"))
	alert.Member.ID = 42
	for name, f := range map[string]templates.Footer{"digest": DigestFooter(links, 42), "alert": AlertFooter(links, alert)} {
		claims, err := links.Check(strings.TrimPrefix(f.Mute(99), "https://forum.example.org/mail/u/"))
		if want := (link.Claims{Scope: link.Thread, Member: 42, Object: 99}); err != nil || claims != want {
			t.Errorf("the link of a %s has %+v, %v, want %+v", name, claims, err, want)
		}
	}
}
