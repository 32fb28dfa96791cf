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

	"postrider/daemon/members"
	"postrider/digest"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/templates"
)

// settingsPage is the data of the template "settings".
type settingsPage struct {
	Forum          string
	Member         string
	Action         string
	UnsubscribeAll string // URL of the page that unsubscribes from everything
	Done           string // what was just done; empty: nothing
	Errors         []string
	NoMail         bool // the forum allows no email to the member
	OptedOut       bool // because the member opted out there
	Bounced        *members.AddressStatus
	Address        string
	Alerts         bool // alerts are enabled on this site
	Next           members.Next
	Paused         time.Time     // in the member's zone; zero: not paused
	Off            bool          // no digests
	Origin         digest.Origin // of the schedule of the digests
	Form           settingsForm
	Pages          []int // of the threads; nil: there is only one
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
	Bundles        []digest.Bundle
	Kinds          []digest.PostKind
	Switches       []digest.Cadence // that a kind can have
}

// HasError reports whether a field is invalid.
func (p settingsPage) HasError(field string) bool { return slices.Contains(p.Errors, field) }

// settingsForm holds the values of the form.
type settingsForm struct {
	Preferences digest.Preferences
	Locale      string // the language we have that is nearest to the member's
	Schedule    digest.Schedule
	Own         bool
	Unread      bool
	ThreadsOnly bool
	Weekends    bool
	Announce    bool
	Quiet       bool
	From        int
	Until       int
	Pause       string // a date: 2026-05-04
	Tomorrow    string
	Sections    []watchRow
	Threads     []watchRow
}

// watchRow is a watched section or thread, with the field of its override.
type watchRow struct {
	Field            string
	Title            string
	Override         digest.Cadence
	InstantByDefault bool // alerts come unless overridden
	NothingByDefault bool // no messages come unless overridden

	Options []digest.Cadence // the available overrides
}

// threadsPerPage is the number of threads on one page.
const threadsPerPage = 50

// settings shows a member's settings.
func (s *Server) settings(w http.ResponseWriter, r *http.Request) {
	a, ok := s.account(w, r)
	if !ok {
		return
	}
	s.showSettings(w, r, http.StatusOK, a, s.newForm(a, page(r)), nil)
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

// page is the requested page of threads, from 1.
func page(r *http.Request) int {
	n, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil {
		return 1
	}
	return min(max(n, 1), maxPages)
}

func (s *Server) showSettings(w http.ResponseWriter, r *http.Request, status int, a members.Account, form settingsForm, faults []string) {
	now := s.Now()
	next, err := s.Members.Next(r.Context(), now, a)
	if err != nil { // the page works without it
		s.Log.Warn("cannot load the next digest", "member", a.Member.ID, "err", err)
	}
	defaults := s.Members.DigestDefaults()
	p := settingsPage{
		Forum: s.Forum, Member: templates.SafeLine(a.Member.Name), Action: s.settingsPath(a.Member.ID),
		UnsubscribeAll: s.path(link.Claims{Scope: link.Everything, Member: int64(a.Member.ID)}),
		Errors:         faults, NoMail: a.NoEmailReason() != "", OptedOut: a.NoEmailReason() == forum.OptedOut, Next: next, Off: a.Effective.Schedule.Cadence == digest.Off,
		Origin: a.Origin, Form: form, Page: page(r), Alerts: s.Members.AlertsEnabled(),
		Cadences:      digest.Cadences(),
		IntervalHours: []int{1, 2, 3, 4, 6, 8, 12},
		Weekdays:      weekdays(), Days: intRange(1, 31), Hours: intRange(0, 23), Lengths: defaults.ExcerptLengths(),
		Languages: s.Pages.LanguageNames(), Zones: suggestedZones(),
		Modes: []digest.AlertMode{digest.FirstReply, digest.EveryReply, digest.NoAlerts}, Bundles: digest.Bundles(),
		Kinds: digest.PostKinds(), Switches: digest.SwitchValues(),
	}
	if len(faults) == 0 {
		p.Done = doneMessage(r)
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
	if _, threads := s.watchRows(a); len(threads) > threadsPerPage {
		p.Pages = intRange(1, (len(threads)+threadsPerPage-1)/threadsPerPage)
	}
	s.render(w, status, s.Pages.Language(a.Effective.Locale, r.Header.Get("Accept-Language")), "settings", p)
}

// doneMessage is what was just done, taken from the URL that redirectDone made.
func doneMessage(r *http.Request) string {
	switch what := r.URL.Query().Get("done"); what {
	case "saved", "sent", "sent_before", "empty", "retried":
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

// weekdays returns the days of a week from Monday on (ISO 8601).
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

// newForm returns the form filled with the current settings.
func (s *Server) newForm(a members.Account, page int) settingsForm {
	c := a.Effective
	f := settingsForm{
		Preferences: c, Locale: s.Pages.Language(c.Locale).Tag(), Schedule: s.schedule(c), Own: *c.IncludeOwnPosts, Unread: *c.UnreadOnly, ThreadsOnly: *c.NewThreadsOnly, Weekends: *c.WeekendsOff, Announce: *c.Announcements,
		Quiet: *c.Quiet != digest.QuietHours{}, From: c.Quiet.From, Until: c.Quiet.Until,
		Tomorrow: s.Now().In(a.Zone).AddDate(0, 0, 1).Format(time.DateOnly),
	}
	f.Preferences.Zone = forum.ZoneName(c.Zone)
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

// schedule is the member's schedule. What its cadence does not use (weekday, day, number of hours) is the site's default.
func (s *Server) schedule(c digest.Preferences) digest.Schedule {
	own, defaults := *c.Schedule, s.Members.DigestDefaults().Schedule()
	if own.Cadence == digest.Off {
		own.Hour = defaults.Hour
	}
	if !own.Cadence.HasWeekday() {
		own.Weekday = defaults.Weekday
	}
	if own.Cadence != digest.Monthly {
		own.Day = defaults.Day
	}
	if own.Cadence != digest.EveryNHours {
		own.Every = defaults.Every
	}
	return own
}

// watchRows returns the rows of everything that a member watches.
func (s *Server) watchRows(a members.Account) (sections, threads []watchRow) {
	options := []digest.Cadence{digest.WithDigest, digest.Weekly, digest.Monthly, digest.Off}
	if s.Members.AlertsEnabled() {
		options = append([]digest.Cadence{digest.Instant}, options...)
	}
	for _, w := range a.Watches {
		row := watchRow{Field: fieldName(w), Title: templates.SafeLine(w.Title), Override: w.Override, InstantByDefault: w.Watch.Mail != 0 && s.Members.AlertsEnabled(), NothingByDefault: w.Watch.Silent, Options: options}
		if w.Section != 0 {
			sections = append(sections, row)
		} else {
			threads = append(threads, row)
		}
	}
	return sections, threads
}

// fieldName is the name of the form field for the override of a section or thread.
func fieldName(w members.WatchSetting) string {
	if w.Section != 0 {
		return fmt.Sprintf("section-%d", w.Section)
	}
	return fmt.Sprintf("thread-%d", w.Thread)
}
