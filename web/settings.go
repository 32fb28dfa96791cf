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
	Forum    string
	Member   string
	Action   string
	Stop     string // address of the page that ends everything
	Done     string // what was done just now; empty: nothing
	Faults   []string
	NoMail   bool // the forum forbids to mail him
	OptedOut bool // he has asked it to
	Returned *daemon.Returned
	Address  string
	Alerts   bool // there are any on this site
	Next     daemon.Next
	Paused   time.Time // in his zone; zero: not
	Off      bool      // no digests
	Form     settingsForm
	Pages    []int // of his threads; nil: there is one only
	Page     int
	Cadences []digest.Cadence
	Everies  []int
	Weekdays []time.Weekday
	Days     []int
	Hours    []int
	Lengths  []int
	Tongues  []templates.Tongue
	Zones    []string
	Modes    []digest.AlertMode
}

// At tells whether a field is at fault.
func (p settingsPage) At(field string) bool { return slices.Contains(p.Faults, field) }

// settingsForm is the form as it is filled in.
type settingsForm struct {
	Choices  digest.Choices
	Locale   string // the nearest to what holds that there is
	Schedule digest.Schedule
	Own      bool
	Unread   bool
	Announce bool
	Quiet    bool
	From     int
	Until    int
	Pause    string // a day: 2026-05-04
	Tomorrow string
	Sections []watchRow
	Threads  []watchRow
}

// watchRow is a section or thread with the field that asks how to hear of it.
type watchRow struct {
	Field string
	Title string
	Wish  digest.Cadence
	Mail  bool // he hears of it at once unless he wishes otherwise

	Wishes []digest.Cadence // to choose from
}

// watchesAPage is how many threads stand on one page.
const watchesAPage = 50

// settings shows a member his settings.
func (s *Server) settings(w http.ResponseWriter, r *http.Request) {
	a, ok := s.account(w, r)
	if !ok {
		return
	}
	s.showSettings(w, r, http.StatusOK, a, s.fill(a, page(r)), nil)
}

// account reads whose settings the token opens.
func (s *Server) account(w http.ResponseWriter, r *http.Request) (daemon.Account, bool) {
	grant, ok := s.check(w, r, func(scope link.Scope) bool { return scope == link.Settings })
	if !ok {
		return daemon.Account{}, false
	}
	member := forum.MemberID(grant.Member)
	a, err := s.Desk.Account(r.Context(), s.Now(), member)
	switch {
	case errors.Is(err, daemon.ErrNoMember):
		s.notice(w, r, http.StatusGone, forum.Guest, "no_member")
	case err != nil:
		s.fault(w, r, member, err)
	default:
		if !a.Admitted() { // he may still choose what mail he gets, but read no titles
			a.Watches = nil
		}
		return a, true
	}
	return a, false
}

// mostPages is more pages of threads than anybody has.
const mostPages = 1e6

// page is which of the pages of threads is asked for, from 1.
func page(r *http.Request) int {
	n, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil {
		return 1
	}
	return min(max(n, 1), mostPages)
}

func (s *Server) showSettings(w http.ResponseWriter, r *http.Request, status int, a daemon.Account, form settingsForm, faults []string) {
	now := s.Now()
	next, err := s.Desk.Next(r.Context(), now, a)
	if err != nil { // the settings themselves are known
		s.Log.Warn("next digest not known", "member", a.Member.ID, "err", err)
	}
	site := s.Desk.Site()
	p := settingsPage{
		Forum: s.Forum, Member: templates.Line(a.Member.Name), Action: s.settingsPath(a.Member.ID),
		Stop:   s.path(link.Grant{Scope: link.Everything, Member: int64(a.Member.ID)}),
		Faults: faults, NoMail: a.Refusal() != "", OptedOut: a.Refusal() == forum.OptedOut, Next: next, Off: a.Holds.Schedule.Cadence == digest.Off,
		Form: form, Page: page(r), Alerts: s.Desk.Alerts(),
		Cadences: []digest.Cadence{digest.Daily, digest.Weekly, digest.Monthly, digest.Hourly, digest.Off},
		Everies:  []int{1, 2, 3, 4, 6, 8, 12},
		Weekdays: weekdays(), Days: numbers(1, 31), Hours: numbers(0, 23), Lengths: site.Lengths(),
		Tongues: s.Pages.Tongues(), Zones: zones(),
		Modes: []digest.AlertMode{digest.FirstReply, digest.EveryReply, digest.NoAlerts},
	}
	if len(faults) == 0 {
		p.Done = done(r)
	}
	returned, err := s.Desk.Returned(r.Context(), now, a)
	switch {
	case err != nil:
		s.Log.Warn("whether mail came back is not known", "member", a.Member.ID, "err", err)
	case returned != nil && returned.ByHand:
		p.NoMail = true
	case returned != nil:
		p.Returned, p.Address = returned, masked(a.Member.Email)
	}
	if a.Holds.PausedUntil.After(now) {
		p.Paused = a.Holds.PausedUntil.In(a.Zone)
	}
	if _, threads := s.watchRows(a); len(threads) > watchesAPage {
		p.Pages = numbers(1, (len(threads)+watchesAPage-1)/watchesAPage)
	}
	s.show(w, status, s.Pages.Language(a.Holds.Locale, r.Header.Get("Accept-Language")), "settings", p)
}

// done is what was done just now, as the address says to which a form was led.
func done(r *http.Request) string {
	switch what := r.URL.Query().Get("done"); what {
	case "saved", "sent", "sent_before", "empty", "retried":
		return what
	}
	return ""
}

// masked makes an address known to whom it belongs, and to nobody else whom a mail was passed on to.
func masked(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	_, size := utf8.DecodeRuneInString(local)
	return templates.Line(local[:size] + "…@" + domain)
}

// weekdays begins with Monday (ISO 8601).
func weekdays() []time.Weekday {
	return []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday}
}

func numbers(from, to int) []int {
	var list []int
	for n := from; n <= to; n++ {
		list = append(list, n)
	}
	return list
}

// fill fills the form in with what holds.
func (s *Server) fill(a daemon.Account, page int) settingsForm {
	c := a.Holds
	f := settingsForm{
		Choices: c, Locale: s.Pages.Language(c.Locale).Tag(), Schedule: s.schedule(c), Own: *c.OwnPosts, Unread: *c.UnreadOnly, Announce: *c.Announcements,
		Quiet: *c.Quiet != digest.Quiet{}, From: c.Quiet.From, Until: c.Quiet.Until,
		Tomorrow: s.Now().In(a.Zone).AddDate(0, 0, 1).Format(time.DateOnly),
	}
	if !f.Quiet {
		f.From, f.Until = 22, 7
	}
	if c.PausedUntil.After(s.Now()) {
		f.Pause = c.PausedUntil.In(a.Zone).Format(time.DateOnly)
	}
	sections, threads := s.watchRows(a)
	first := min((page-1)*watchesAPage, len(threads))
	f.Sections, f.Threads = sections, threads[first:min(first+watchesAPage, len(threads))]
	return f
}

// schedule is the one that holds, with the site's weekday, day and number of hours where its own cadence has none.
func (s *Server) schedule(c digest.Choices) digest.Schedule {
	own, site := *c.Schedule, s.Desk.Site().Schedule()
	if own.Cadence == digest.Off {
		own.Hour = site.Hour
	}
	if own.Cadence != digest.Weekly {
		own.Weekday = site.Weekday
	}
	if own.Cadence != digest.Monthly {
		own.Day = site.Day
	}
	if own.Cadence != digest.Hourly {
		own.Every = site.Every
	}
	return own
}

// watchRows are the rows of all that a member watches.
func (s *Server) watchRows(a daemon.Account) (sections, threads []watchRow) {
	wishes := []digest.Cadence{digest.Usual, digest.Weekly, digest.Monthly, digest.Off}
	if s.Desk.Alerts() {
		wishes = append([]digest.Cadence{digest.Instant}, wishes...)
	}
	for _, w := range a.Watches {
		row := watchRow{Field: field(w), Title: templates.Line(w.Title), Wish: w.Wish, Mail: w.Watch.Mail != 0 && s.Desk.Alerts(), Wishes: wishes}
		if w.Section != 0 {
			sections = append(sections, row)
		} else {
			threads = append(threads, row)
		}
	}
	return sections, threads
}

// field is the name of the field that asks for a section or thread.
func field(w daemon.Watched) string {
	if w.Section != 0 {
		return fmt.Sprintf("section-%d", w.Section)
	}
	return fmt.Sprintf("thread-%d", w.Thread)
}
