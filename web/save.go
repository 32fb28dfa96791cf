package web

import (
	"net/http"
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

// save saves a member's settings, or shows the errors of the form and saves nothing.
func (s *Server) save(w http.ResponseWriter, r *http.Request) {
	a, ok := s.account(w, r)
	if !ok {
		return
	}
	if err := r.ParseForm(); err != nil {
		s.denyRequest(w, r, http.StatusBadRequest)
		return
	}
	read := s.parseForm(a, r.PostForm, page(r))
	if len(read.errors) > 0 {
		s.showSettings(w, r, http.StatusUnprocessableEntity, a, read.form, read.errors)
		return
	}
	if err := s.Members.UpdatePreferences(r.Context(), s.Now(), a, read.preferences, read.overrides); err != nil {
		s.serverError(w, r, a.Member.ID, err)
		return
	}
	s.redirectDone(w, r, a, "saved")
}

// redirectDone redirects to the settings, so that a reload repeats nothing.
func (s *Server) redirectDone(w http.ResponseWriter, r *http.Request, a members.Account, what string) {
	address := s.settingsPath(a.Member.ID) + "?done=" + what
	if n := page(r); n > 1 {
		address += "&page=" + strconv.Itoa(n)
	}
	http.Redirect(w, r, address, http.StatusSeeOther)
}

// sendNow queues the member's next digest immediately.
func (s *Server) sendNow(w http.ResponseWriter, r *http.Request) {
	a, ok := s.account(w, r)
	if !ok {
		return
	}
	sent, err := s.Members.SendNow(r.Context(), s.Now(), a)
	switch {
	case err != nil:
		s.serverError(w, r, a.Member.ID, err)
		return
	case sent == members.SendNowQueued:
		s.Wake()
	}
	s.redirectDone(w, r, a, string(sent))
}

// retryAddress resumes delivery to an address that bounced.
func (s *Server) retryAddress(w http.ResponseWriter, r *http.Request) {
	a, ok := s.account(w, r)
	if !ok {
		return
	}
	retried, err := s.Members.RetryAddress(r.Context(), s.Now(), a)
	switch {
	case err != nil:
		s.serverError(w, r, a.Member.ID, err)
	case retried:
		s.redirectDone(w, r, a, "retried")
	default: // the page says why
		http.Redirect(w, r, s.settingsPath(a.Member.ID), http.StatusSeeOther)
	}
}

// parsedForm is a submitted form.
type parsedForm struct {
	preferences digest.Preferences
	overrides   []members.WatchSetting
	form        settingsForm // the form to show again
	errors      []string     // names of invalid fields
}

// parseForm parses a form. A value that no browser would send is an error like any mistyped one.
func (s *Server) parseForm(a members.Account, form url.Values, page int) parsedForm {
	in := formReader{form: form}
	r := parsedForm{form: s.newForm(a, page)}
	c := a.Effective
	schedule := digest.Schedule{
		Cadence: digest.Cadence(form.Get("cadence")), Hour: in.number("hour", 0, 23), Weekday: time.Weekday(in.number("weekday", 0, 6)),
		Day: in.number("day", 1, 31), Every: in.number("every", 1, 12),
	}
	if schedule.Validate() != nil {
		in.addError("cadence")
	}
	c.Schedule = &schedule
	c.Zone = forum.ZoneNamed(strings.TrimSpace(form.Get("zone")))
	zone, err := time.LoadLocation(c.Zone)
	if err != nil || c.Zone == "" || c.Zone == "Local" {
		in.addError("zone")
		zone = a.Zone
	}
	if tag := in.oneOf("locale", s.languageTags()); tag != r.form.Locale { // otherwise the member's language may be one that we lack, shown as its nearest
		r.form.Locale, c.Locale = tag, tag
	}
	c.Format = digest.Format(in.oneOf("format", []string{string(digest.HTML), string(digest.Text)}))
	c.Excerpt = in.number("excerpt", 1, 5000)
	if !slices.Contains(s.Members.DigestDefaults().ExcerptLengths(), c.Excerpt) && c.Excerpt != a.Effective.Excerpt {
		in.addError("excerpt")
	}
	c.IncludeOwnPosts, c.UnreadOnly, c.Announcements = in.checkbox("own"), in.checkbox("unread"), in.checkbox("announcements")
	c.WeekendsOff, c.NewThreadsOnly = in.checkbox("weekends"), in.checkbox("threads_only")
	if s.Members.AlertsEnabled() {
		in.alerts(&c, &r.form)
	}
	r.form.Pause = form.Get("pause")
	c.PausedUntil = in.pause(r.form.Pause, zone, s.Now())
	r.form.Preferences, r.form.Schedule = c, schedule
	r.form.Weekends, r.form.ThreadsOnly = *c.WeekendsOff, *c.NewThreadsOnly
	r.form.Own, r.form.Unread, r.form.Announce = *c.IncludeOwnPosts, *c.UnreadOnly, *c.Announcements
	r.overrides = in.overrides(a, &r.form)
	r.preferences, r.errors = c, in.errors
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
func (s *Server) languageTags() []string { return tagsOf(s.Pages.LanguageNames()) }

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
	for _, w := range a.Watches {
		name := fieldName(w)
		if _, asked := f.form[name]; !asked {
			continue
		}
		override := digest.Cadence(f.oneOf(name, []string{
			"", string(digest.Instant), string(digest.WithDigest), string(digest.Weekly), string(digest.Monthly), string(digest.Off),
		}))
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
