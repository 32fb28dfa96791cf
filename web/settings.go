package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"postrider/daemon"
	"postrider/digest"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/templates"
)

// settingsPage is what the template "settings" is given.
type settingsPage struct {
	Forum          string
	Member         string
	Action         string
	UnsubscribeAll string // address of the page that ends everything
	Done           string // what was done just now; empty: nothing
	Errors         []string
	NoMail         bool // the forum forbids to mail him
	OptedOut       bool // he has asked it to
	Bounced        *daemon.AddressStatus
	Address        string
	Alerts         bool // there are any on this site
	Next           daemon.Next
	Paused         time.Time // in his zone; zero: not
	Off            bool      // no digests
	Form           settingsForm
	Pages          []int // of his threads; nil: there is one only
	Page           int
	Cadences       []digest.Cadence
	IntervalHours  []int
	Weekdays       []time.Weekday
	Days           []int
	Hours          []int
	Lengths        []int
	Languages      []templates.LanguageName
	Zones          []string
	Modes          []digest.AlertMode
}

// HasError tells whether a field is at fault.
func (p settingsPage) HasError(field string) bool { return slices.Contains(p.Errors, field) }

// settingsForm is the form as it is filled in.
type settingsForm struct {
	Preferences digest.Preferences
	Locale      string // the nearest to what holds that there is
	Schedule    digest.Schedule
	Own         bool
	Unread      bool
	Announce    bool
	Quiet       bool
	From        int
	Until       int
	Pause       string // a day: 2026-05-04
	Tomorrow    string
	Sections    []watchRow
	Threads     []watchRow
}

// watchRow is a section or thread with the field that asks how to hear of it.
type watchRow struct {
	Field            string
	Title            string
	Override         digest.Cadence
	InstantByDefault bool // he hears of it at once unless he wishes otherwise

	Options []digest.Cadence // to choose from
}

// threadsPerPage is how many threads stand on one page.
const threadsPerPage = 50

// settings shows a member his settings.
func (s *Server) settings(w http.ResponseWriter, r *http.Request) {
	a, ok := s.account(w, r)
	if !ok {
		return
	}
	s.showSettings(w, r, http.StatusOK, a, s.newForm(a, page(r)), nil)
}

// account reads whose settings the token opens.
func (s *Server) account(w http.ResponseWriter, r *http.Request) (daemon.Account, bool) {
	grant, ok := s.checkToken(w, r, func(scope link.Scope) bool { return scope == link.Settings })
	if !ok {
		return daemon.Account{}, false
	}
	member := forum.MemberID(grant.Member)
	a, err := s.Members.Account(r.Context(), s.Now(), member)
	switch {
	case errors.Is(err, daemon.ErrNoMember):
		s.messagePage(w, r, http.StatusGone, forum.Guest, "no_member")
	case err != nil:
		s.serverError(w, r, member, err)
	default:
		if !a.CanRead() { // he may still choose what mail he gets, but read no titles
			a.Watches = nil
		}
		return a, true
	}
	return a, false
}

// maxPages is more pages of threads than anybody has.
const maxPages = 1e6

// page is which of the pages of threads is asked for, from 1.
func page(r *http.Request) int {
	n, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil {
		return 1
	}
	return min(max(n, 1), maxPages)
}

func (s *Server) showSettings(w http.ResponseWriter, r *http.Request, status int, a daemon.Account, form settingsForm, faults []string) {
	now := s.Now()
	next, err := s.Members.Next(r.Context(), now, a)
	if err != nil { // the settings themselves are known
		s.Log.Warn("next digest not known", "member", a.Member.ID, "err", err)
	}
	site := s.Members.DigestDefaults()
	p := settingsPage{
		Forum: s.Forum, Member: templates.SafeLine(a.Member.Name), Action: s.settingsPath(a.Member.ID),
		UnsubscribeAll: s.path(link.Claims{Scope: link.Everything, Member: int64(a.Member.ID)}),
		Errors:         faults, NoMail: a.NoEmailReason() != "", OptedOut: a.NoEmailReason() == forum.OptedOut, Next: next, Off: a.Effective.Schedule.Cadence == digest.Off,
		Form: form, Page: page(r), Alerts: s.Members.AlertsEnabled(),
		Cadences:      []digest.Cadence{digest.Daily, digest.Weekly, digest.Monthly, digest.EveryNHours, digest.Off},
		IntervalHours: []int{1, 2, 3, 4, 6, 8, 12},
		Weekdays:      weekdays(), Days: intRange(1, 31), Hours: intRange(0, 23), Lengths: site.ExcerptLengths(),
		Languages: s.Pages.LanguageNames(), Zones: suggestedZones(),
		Modes: []digest.AlertMode{digest.FirstReply, digest.EveryReply, digest.NoAlerts},
	}
	if len(faults) == 0 {
		p.Done = doneMessage(r)
	}
	returned, err := s.Members.AddressStatus(r.Context(), now, a)
	switch {
	case err != nil:
		s.Log.Warn("whether mail came back is not known", "member", a.Member.ID, "err", err)
	case returned != nil && returned.Manual:
		p.NoMail = true
	case returned != nil:
		p.Bounced, p.Address = returned, maskAddress(a.Member.Email)
	}
	if a.Effective.PausedUntil.After(now) {
		p.Paused = a.Effective.PausedUntil.In(a.Zone)
	}
	if _, threads := s.watchRows(a); len(threads) > threadsPerPage {
		p.Pages = intRange(1, (len(threads)+threadsPerPage-1)/threadsPerPage)
	}
	s.render(w, status, s.Pages.Language(a.Effective.Locale, r.Header.Get("Accept-Language")), "settings", p)
}

// doneMessage is what was done just now, as the address says to which a form was led.
func doneMessage(r *http.Request) string {
	switch what := r.URL.Query().Get("done"); what {
	case "saved", "sent", "sent_before", "empty", "retried":
		return what
	}
	return ""
}

// maskAddress makes an address known to whom it belongs, and to nobody else whom a mail was passed on to.
func maskAddress(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	_, size := utf8.DecodeRuneInString(local)
	return templates.SafeLine(local[:size] + "…@" + domain)
}

// weekdays begins with Monday (ISO 8601).
func weekdays() []time.Weekday {
	return []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday}
}

func intRange(from, to int) []int {
	var list []int
	for n := from; n <= to; n++ {
		list = append(list, n)
	}
	return list
}

// newForm fills the form in with what holds.
func (s *Server) newForm(a daemon.Account, page int) settingsForm {
	c := a.Effective
	f := settingsForm{
		Preferences: c, Locale: s.Pages.Language(c.Locale).Tag(), Schedule: s.schedule(c), Own: *c.IncludeOwnPosts, Unread: *c.UnreadOnly, Announce: *c.Announcements,
		Quiet: *c.Quiet != digest.QuietHours{}, From: c.Quiet.From, Until: c.Quiet.Until,
		Tomorrow: s.Now().In(a.Zone).AddDate(0, 0, 1).Format(time.DateOnly),
	}
	if !f.Quiet {
		f.From, f.Until = 22, 7
	}
	if c.PausedUntil.After(s.Now()) {
		f.Pause = c.PausedUntil.In(a.Zone).Format(time.DateOnly)
	}
	sections, threads := s.watchRows(a)
	first := min((page-1)*threadsPerPage, len(threads))
	f.Sections, f.Threads = sections, threads[first:min(first+threadsPerPage, len(threads))]
	return f
}

// schedule is the one that holds, with the site's weekday, day and number of hours where its own cadence has none.
func (s *Server) schedule(c digest.Preferences) digest.Schedule {
	own, site := *c.Schedule, s.Members.DigestDefaults().Schedule()
	if own.Cadence == digest.Off {
		own.Hour = site.Hour
	}
	if own.Cadence != digest.Weekly {
		own.Weekday = site.Weekday
	}
	if own.Cadence != digest.Monthly {
		own.Day = site.Day
	}
	if own.Cadence != digest.EveryNHours {
		own.Every = site.Every
	}
	return own
}

// watchRows are the rows of all that a member watches.
func (s *Server) watchRows(a daemon.Account) (sections, threads []watchRow) {
	wishes := []digest.Cadence{digest.WithDigest, digest.Weekly, digest.Monthly, digest.Off}
	if s.Members.AlertsEnabled() {
		wishes = append([]digest.Cadence{digest.Instant}, wishes...)
	}
	for _, w := range a.Watches {
		row := watchRow{Field: fieldName(w), Title: templates.SafeLine(w.Title), Override: w.Override, InstantByDefault: w.Watch.Mail != 0 && s.Members.AlertsEnabled(), Options: wishes}
		if w.Section != 0 {
			sections = append(sections, row)
		} else {
			threads = append(threads, row)
		}
	}
	return sections, threads
}

// fieldName is the name of the field that asks for a section or thread.
func fieldName(w daemon.WatchSetting) string {
	if w.Section != 0 {
		return fmt.Sprintf("section-%d", w.Section)
	}
	return fmt.Sprintf("thread-%d", w.Thread)
}
