package web

import (
	"fmt"
	"slices"
	"time"

	"postrider/daemon/members"
	"postrider/digest"
	"postrider/forum"
	"postrider/templates"
)

// ChoicesForm is the form of a member's choices. The settings page has it, and the admin page that changes them for a member.
type ChoicesForm struct {
	Members *members.Service
	Pages   *templates.Pages
	Forum   string // the forum's name
	Now     func() time.Time
	ByAdmin bool // an administrator fills it in
}

// ChoicesFields is the data of the template "choices_fields": the values of the form's fields, and what they can be.
type ChoicesFields struct {
	Forum         string
	Action        string        // address that the form posts to
	Errors        []string      // names of invalid fields, as in the table "settings_error" of the locales
	Alerts        bool          // alerts are enabled on this site
	Origin        digest.Origin // of the schedule of the digests
	Form          settingsForm
	Pages         []int // of the threads; nil: there is only one
	List          WatchList
	Addable       []addableSection // what a search found that the member does not watch
	Everything    []digest.Cadence // what all listed watches can be set to
	OpenThreads   bool             // their list is unfolded
	Cadences      []digest.Cadence
	IntervalHours []int
	Weekdays      []time.Weekday
	Days          []int
	Hours         []int
	Lengths       []int
	Languages     []templates.LanguageName
	Zones         []string
	Modes         []digest.AlertMode
	Bundles       []digest.Bundle
	Kinds         []digest.PostKind
	Switches      []digest.Cadence // that a kind can have
}

// HasError reports whether a field is invalid.
func (p ChoicesFields) HasError(field string) bool { return slices.Contains(p.Errors, field) }

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
	URL              string // on the forum
	Added            bool   // watched only here
	Override         digest.Cadence
	InstantByDefault bool // alerts come unless overridden
	NothingByDefault bool // no messages come unless overridden

	Options []digest.Cadence // the available overrides
}

// threadsPerPage is the number of threads on one page.
const threadsPerPage = 50

// unfoldedThreads is the number of threads that are listed at once. A longer list is folded, so that phones show the other choices soon.
const unfoldedThreads = 5

// Fields returns the form filled with a member's current choices, and one page of the threads that they watch.
func (s ChoicesForm) Fields(a members.Account, list WatchList) ChoicesFields {
	defaults := s.Members.DigestDefaults()
	p := ChoicesFields{
		Forum: s.Forum, Origin: a.Origin, Form: s.newForm(a, list), List: list, Everything: s.overrides(), Alerts: s.Members.AlertsEnabled(),
		Cadences:      digest.Cadences(),
		IntervalHours: []int{1, 2, 3, 4, 6, 8, 12},
		Weekdays:      weekdays(), Days: intRange(1, 31), Hours: intRange(0, 23), Lengths: defaults.ExcerptLengths(),
		Languages: s.Pages.LanguageNames(), Zones: suggestedZones(),
		Modes: []digest.AlertMode{digest.FirstReply, digest.EveryReply, digest.NoAlerts}, Bundles: digest.Bundles(),
		Kinds: digest.PostKinds(), Switches: digest.SwitchValues(),
	}
	_, threads := s.watchRows(a, list.Find)
	p.OpenThreads = list != WatchList{Page: 1} || len(threads) <= unfoldedThreads
	if len(threads) > threadsPerPage {
		p.Pages = intRange(1, (len(threads)+threadsPerPage-1)/threadsPerPage)
	}
	return p
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
func (s ChoicesForm) newForm(a members.Account, list WatchList) settingsForm {
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
	sections, threads := s.watchRows(a, list.Find)
	first := min((list.Page-1)*threadsPerPage, len(threads))
	f.Sections, f.Threads = sections, threads[first:min(first+threadsPerPage, len(threads))]
	return f
}

// schedule is the member's schedule. What its cadence does not use (weekday, day, number of hours) is the site's default.
func (s ChoicesForm) schedule(c digest.Preferences) digest.Schedule {
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

// overrides are the values that an override can have on this site.
func (s ChoicesForm) overrides() []digest.Cadence {
	values := []digest.Cadence{digest.WithDigest, digest.Weekly, digest.Monthly, digest.Off}
	if s.Members.AlertsEnabled() {
		values = append([]digest.Cadence{digest.Instant}, values...)
	}
	return values
}

// watchRows returns the rows of what a member watches with some words in its title.
func (s ChoicesForm) watchRows(a members.Account, words string) (sections, threads []watchRow) {
	options, links := s.overrides(), s.Members.Links()
	for _, w := range a.Watches {
		if !members.ContainsWords(w.Title, words) {
			continue
		}
		row := watchRow{Field: fieldName(w), Title: templates.SafeLine(w.Title), Added: w.Added, Override: w.Override, InstantByDefault: w.Watch.Mail != 0 && s.Members.AlertsEnabled(), NothingByDefault: w.Watch.Silent, Options: options}
		if w.Section != 0 {
			row.URL = links.Section(w.Section)
			sections = append(sections, row)
		} else {
			row.URL = links.Thread(w.Thread)
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

// Page returns the query of a page of the threads.
func (p ChoicesFields) Page(n int) string {
	return WatchList{Page: n, Find: p.List.Find}.Query()
}
