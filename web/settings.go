package web

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"postrider/daemon/members"
	"postrider/digest"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/templates"
)

// settingsPage is the data of the template "settings".
type settingsPage struct {
	ChoicesFields
	Member         string
	UnsubscribeAll string // URL of the page that unsubscribes from everything
	Done           string // what was just done; empty: nothing
	NoMail         bool   // the forum allows no email to the member
	OptedOut       bool   // because the member opted out there
	Bounced        *members.AddressStatus
	Address        string
	Next           members.Next
	Paused         time.Time // in the member's zone; zero: not paused
	Off            bool      // no digests
	Mails          []pastMail
}

// settings shows a member's settings.
func (s *Server) settings(w http.ResponseWriter, r *http.Request) {
	a, ok := s.account(w, r)
	if !ok {
		return
	}
	s.showSettings(w, r, http.StatusOK, a, s.choicesForm().Fields(a, WatchListOf(r)))
}

// account loads the account whose settings the token opens.
func (s *Server) account(w http.ResponseWriter, r *http.Request) (members.Account, bool) {
	grant, ok := s.checkToken(w, r, func(scope link.Scope) bool { return scope == link.Settings })
	if !ok {
		return members.Account{}, false
	}
	member := forum.MemberID(grant.Member)
	a, err := s.Members.Account(r.Context(), s.Now(), member)
	switch {
	case errors.Is(err, forum.ErrNoMember):
		s.messagePage(w, r, http.StatusGone, forum.Guest, "no_member")
	case err != nil:
		s.serverError(w, r, member, err)
	default:
		if !a.CanRead() { // a member who cannot read the forum may change preferences, but see no titles
			a.Watches = nil
		}
		return a, true
	}
	return a, false
}

// maxPages is more pages of threads than any member has.
const maxPages = 1e6

// maxFind is the most characters of what a member searches for.
const maxFind = 100

// WatchList says which watched sections and threads a page lists.
type WatchList struct {
	Page int    // of the threads, from 1
	Find string // words of the titles; empty: all
}

// WatchListOf is the list that a request asks for.
func WatchListOf(r *http.Request) WatchList {
	l := WatchList{Page: 1, Find: strings.TrimSpace(templates.SafeLine(r.URL.Query().Get("find")))}
	if runes := []rune(l.Find); len(runes) > maxFind {
		l.Find = string(runes[:maxFind])
	}
	if n, err := strconv.Atoi(r.URL.Query().Get("page")); err == nil {
		l.Page = min(max(n, 1), maxPages)
	}
	return l
}

// Query returns the query of the list's URL: "?page=2&find=trains", or "".
func (l WatchList) Query() string {
	q := make(url.Values)
	if l.Page > 1 {
		q.Set("page", strconv.Itoa(l.Page))
	}
	if l.Find != "" {
		q.Set("find", l.Find)
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// choicesForm returns the form of the member's choices.
func (s *Server) choicesForm() ChoicesForm {
	return ChoicesForm{Members: s.Members, Pages: s.Pages, Forum: s.Forum, Now: s.Now}
}

func (s *Server) showSettings(w http.ResponseWriter, r *http.Request, status int, a members.Account, fields ChoicesFields) {
	now := s.Now()
	next, err := s.Members.Next(r.Context(), now, a)
	if err != nil { // the page works without it
		s.Log.Warn("cannot load the next digest", "member", a.Member.ID, "err", err)
	}
	fields.Action = s.settingsPath(a.Member.ID)
	p := settingsPage{
		ChoicesFields: fields, Member: templates.SafeLine(a.Member.Name),
		UnsubscribeAll: s.path(link.Claims{Scope: link.Everything, Member: int64(a.Member.ID)}),
		NoMail:         a.NoEmailReason() != "", OptedOut: a.NoEmailReason() == forum.OptedOut, Next: next, Off: a.Effective.Schedule.Cadence == digest.Off,
	}
	if len(fields.Errors) == 0 {
		p.Done = doneMessage(r)
	}
	if p.Mails, err = s.pastMails(r.Context(), a); err != nil {
		s.Log.Warn("cannot load the past messages", "member", a.Member.ID, "err", err)
	}
	if fields.List.Find != "" {
		found, err := s.Members.Addable(r.Context(), now, a, fields.List.Find, maxAddable)
		if err != nil {
			s.Log.Warn("cannot search the sections", "member", a.Member.ID, "err", err)
		}
		for _, section := range found {
			p.Addable = append(p.Addable, addableSection{section.ID, templates.SafeLine(section.Title)})
		}
	}
	addressStatus, err := s.Members.AddressStatus(r.Context(), now, a)
	switch {
	case err != nil:
		s.Log.Warn("cannot load the status of an address", "member", a.Member.ID, "err", err)
	case addressStatus != nil && addressStatus.Manual:
		p.NoMail = true
	case addressStatus != nil:
		p.Bounced, p.Address = addressStatus, maskAddress(a.Member.Email)
	}
	if a.Effective.PausedUntil.After(now) {
		p.Paused = a.Effective.PausedUntil.In(a.Zone)
	}
	s.render(w, status, s.Pages.Language(a.Effective.Locale, r.Header.Get("Accept-Language")), "settings", p)
}

// doneMessage is what was just done, taken from the URL that redirectDone made.
func doneMessage(r *http.Request) string {
	switch what := r.URL.Query().Get("done"); what {
	case "saved", "sent", "sent_before", "empty", "retried", "added":
		return what
	}
	return ""
}

// maskAddress shortens an address so that its owner recognizes it, but readers of a forwarded email do not learn it.
func maskAddress(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	_, size := utf8.DecodeRuneInString(local)
	return templates.SafeLine(local[:size] + "…@" + domain)
}
