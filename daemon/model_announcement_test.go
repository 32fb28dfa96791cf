package daemon

import (
	"fmt"
	netmail "net/mail"
	"slices"
	"strings"

	"postrider/digest"
	"postrider/mail"
	"postrider/store"
)

// announcementCopy is what a member got of an announcement.
type announcementCopy struct {
	id       string // Message-ID
	accepted bool   // its daemon saved that it was accepted
}

// announce starts an announcement to all members of the model.
func (s *simulation) announce() {
	a := digest.Announcement{Variants: []digest.Variant{{Locale: "en", Title: "We move", Body: "On **Saturday**."}}}
	for _, p := range s.members {
		a.Audience.Only = append(a.Audience.Only, p.id)
	}
	s.startAnnouncement(a)
}

// setOwnRelay gives announcements their own relay or takes it away, as a reload of the configuration does.
func (s *simulation) setOwnRelay(own bool) {
	s.hasOwnRelay = own
	for i, d := range s.daemons {
		deps := d.Deps
		if deps.AnnouncementSender = nil; own {
			deps.AnnouncementSender = simulatedRelay{s, true}
		}
		s.daemons[i] = New(deps, d.settings)
	}
}

// readAnnouncement checks a message of an announcement to a member.
func (s *simulation) readAnnouncement(p *modelMember, head netmail.Header, sent attempt, sure bool) {
	number, _, _ := strings.Cut(head.Get("Feedback-ID"), ":")
	at := fmt.Sprintf("announcement %s to %s", number, p.name)
	id := head.Get("Message-ID")
	if p.banned {
		s.Errorf("%s: %s, who is banned", s.timestamp(), at)
	}
	before, again := s.announced[at]
	if again && (before.accepted || before.id != id) {
		s.Errorf("%s: %s was sent twice (%s, %s)", s.timestamp(), at, before.id, id)
	}
	s.announced[at] = announcementCopy{id, before.accepted || sure}
}

// checkAnnouncements checks at the end that nothing of an announcement is left, and that each member has what was sent to them.
func (s *simulation) checkAnnouncements() {
	list, err := s.store.Announcements.List(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	for _, a := range list {
		if a.State != store.Done {
			s.Errorf("announcement %d is %s (%s) in the end", a.ID, a.State, a.Reason)
		}
		for _, p := range s.members {
			s.checkAnnouncementTo(a.ID, p)
		}
	}
}

func (s *simulation) checkAnnouncementTo(id int64, p *modelMember) {
	at := fmt.Sprintf("announcement %d to %s", id, p.name)
	outcomes := s.outcomes(p.id)
	i := slices.IndexFunc(outcomes, func(o store.Outcome) bool {
		return o.Key == store.AnnouncementKey(id, p.id) && o.Result == string(mail.Accepted)
	})
	if _, got := s.announced[at]; i >= 0 && !got {
		s.Errorf("%s: was accepted, but the relays have not seen it", at)
	}
	tried := slices.ContainsFunc(outcomes, func(o store.Outcome) bool { return o.Key == store.AnnouncementKey(id, p.id) })
	if !tried && !p.everBanned {
		s.Errorf("%s: nothing became of it", at)
	}
}

// wrongRelay says why a message must not go through a relay; empty: it may.
func (s *simulation) wrongRelay(own bool, raw string) string {
	announcement := strings.Contains(raw, "\r\nX-Postrider-Reason: "+store.KindAnnouncement+"\r\n")
	switch {
	case own && !announcement:
		return "a message that is no announcement went through the relay of announcements"
	case !own && announcement && s.hasOwnRelay:
		return "an announcement went through the relay of all other messages"
	}
	return ""
}
