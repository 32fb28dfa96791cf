package web

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"postrider/daemon/members"
	"postrider/digest"
	"postrider/forum"
	"postrider/templates"
)

// SubmittedChoices is a submitted form.
type SubmittedChoices struct {
	Preferences digest.Preferences
	Overrides   []members.WatchSetting
	Fields      ChoicesFields // the form to show again, with errors
}

// Read reads a submitted form. A value that no browser would send is an error like any mistyped one.
func (s ChoicesForm) Read(a members.Account, form url.Values, list WatchList) SubmittedChoices {
	in := formReader{form: form}
	r := SubmittedChoices{Fields: s.Fields(a, list)}
	shown := &r.Fields.Form
	c := a.Effective
	schedule := digest.Schedule{
		Cadence: digest.Cadence(form.Get("cadence")), Hour: in.number("hour", 0, 23), Weekday: time.Weekday(in.number("weekday", 0, 6)),
		Day: in.number("day", 1, 31), Every: in.number("every", 1, 12),
	}
	if schedule.Validate() != nil {
		in.addError("cadence")
	}
	c.Schedule, c.SetByAdmin = &schedule, s.ByAdmin
	typed := strings.TrimSpace(form.Get("zone"))
	c.Zone = forum.ZoneNamed(typed)
	zone, err := time.LoadLocation(c.Zone)
	if err != nil || c.Zone == "" || c.Zone == "Local" {
		in.addError("zone")
		zone = a.Zone
	}
	if tag := in.oneOf("locale", s.languageTags()); tag != shown.Locale { // otherwise the member's language may be one that we lack, shown as its nearest
		shown.Locale, c.Locale = tag, tag
	}
	c.Format = digest.Format(in.oneOf("format", []string{string(digest.HTML), string(digest.Text)}))
	c.Excerpt = in.number("excerpt", digest.TitlesOnly, digest.WholePosts)
	if !slices.Contains(s.Members.DigestDefaults().ExcerptLengths(), c.Excerpt) && c.Excerpt != a.Effective.Excerpt {
		in.addError("excerpt")
	}
	c.IncludeOwnPosts, c.UnreadOnly, c.Announcements = in.checkbox("own"), in.checkbox("unread"), in.checkbox("announcements")
	c.WeekendsOff, c.NewThreadsOnly = in.checkbox("weekends"), in.checkbox("threads_only")
	if s.Members.AlertsEnabled() {
		in.alerts(&c, shown)
	}
	shown.Weekends, shown.ThreadsOnly = *c.WeekendsOff, *c.NewThreadsOnly
	shown.Pause = form.Get("pause")
	c.PausedUntil = in.pause(shown.Pause, zone, s.Now())
	shown.Preferences, shown.Schedule = c, schedule
	shown.Preferences.Zone = typed
	shown.Own, shown.Unread, shown.Announce = *c.IncludeOwnPosts, *c.UnreadOnly, *c.Announcements
	r.Overrides = in.overrides(a, shown)
	r.Preferences, r.Fields.Errors = c, in.errors
	return r
}

// alerts parses the fields of alerts.
func (f *formReader) alerts(c *digest.Preferences, form *settingsForm) {
	c.Alerts = digest.AlertMode(f.oneOf("alerts", []string{string(digest.FirstReply), string(digest.EveryReply), string(digest.NoAlerts)}))
	c.Bundle = digest.Bundle(f.oneOf("bundle", words(digest.Bundles())))
	for _, kind := range digest.PostKinds() {
		c.Switches.Set(kind, digest.Cadence(f.oneOf(string(kind), words(digest.SwitchValues()))))
	}
	form.Quiet, form.From, form.Until = *f.checkbox("quiet"), f.number("quiet_from", 0, 23), f.number("quiet_until", 0, 23)
	c.Quiet = &digest.QuietHours{}
	if !form.Quiet {
		return
	}
	*c.Quiet = digest.QuietHours{From: form.From, Until: form.Until}
	if form.From == form.Until {
		f.addError("quiet")
	}
}

// words returns the values of a field as they are in a form.
func words[T ~string](values []T) []string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = string(v)
	}
	return list
}

// languageTags are the tags of all languages.
func (s ChoicesForm) languageTags() []string { return tagsOf(s.Pages.LanguageNames()) }

func tagsOf(list []templates.LanguageName) []string {
	var tags []string
	for _, t := range list {
		tags = append(tags, t.Tag)
	}
	return tags
}

// formReader reads the fields of a form and collects the names of invalid ones.
type formReader struct {
	form   url.Values
	errors []string
}

// addError records an invalid field. People can mistype only three of them; a browser sends all others as we rendered them.
func (f *formReader) addError(name string) {
	if name != "zone" && name != "quiet" && name != "pause" {
		name = "form"
	}
	if !slices.Contains(f.errors, name) {
		f.errors = append(f.errors, name)
	}
}

func (f *formReader) number(name string, low, high int) int {
	n, err := strconv.Atoi(f.form.Get(name))
	if err != nil || n < low || n > high {
		f.addError(name)
		return low
	}
	return n
}

// oneOf reads a field whose value must be in a list.
func (f *formReader) oneOf(name string, list []string) string {
	word := f.form.Get(name)
	if !slices.Contains(list, word) {
		f.addError(name)
	}
	return word
}

func (f *formReader) checkbox(name string) *bool {
	yes := f.form.Get(name) != ""
	return &yes
}

// maxPause is the longest pause. A member who wants no email for longer unsubscribes.
const maxPause = 366 * 24 * time.Hour

// pause parses the day until which email is paused; empty: it is not.
func (f *formReader) pause(text string, zone *time.Location, now time.Time) time.Time {
	if text == "" {
		return time.Time{}
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		f.addError("pause")
		return time.Time{}
	}
	until := digest.Midnight(day, zone).UTC()
	if until.Before(now) || until.After(now.Add(maxPause)) {
		f.addError("pause")
	}
	return until
}

// overrides returns the overrides in the form that differ from the saved ones.
func (f *formReader) overrides(a members.Account, form *settingsForm) []members.WatchSetting {
	var changed []members.WatchSetting
	values := []string{
		"", string(digest.Instant), string(digest.WithDigest), string(digest.Weekly), string(digest.Monthly), string(digest.Off),
	}
	var all digest.Cadence // empty: each as it is
	if f.form.Has("all") { // not if nothing is listed
		all = digest.Cadence(f.oneOf("all", values))
	}
	for _, w := range a.Watches {
		name := fieldName(w)
		if _, asked := f.form[name]; !asked {
			continue
		}
		override := cmp.Or(all, digest.Cadence(f.oneOf(name, values)))
		if override != w.Override {
			w.Override = override
			changed = append(changed, w)
		}
		setRow(form.Sections, name, override)
		setRow(form.Threads, name, override)
	}
	return changed
}

func setRow(rows []watchRow, name string, override digest.Cadence) {
	for i := range rows {
		if rows[i].Field == name {
			rows[i].Override = override
		}
	}
}
