package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"postrider/daemon"
	"postrider/digest"
)

// save takes a member's settings, or says what is wrong with them and saves nothing.
func (s *Server) save(w http.ResponseWriter, r *http.Request) {
	a, ok := s.account(w, r)
	if !ok {
		return
	}
	if err := r.ParseForm(); err != nil {
		s.deny(w, r, http.StatusBadRequest)
		return
	}
	read := s.read(a, r.PostForm, page(r))
	if len(read.faults) > 0 {
		s.showSettings(w, r, http.StatusUnprocessableEntity, a, read.form, read.faults)
		return
	}
	if err := s.Desk.Choose(r.Context(), s.Now(), a, read.want, read.wishes); err != nil {
		s.fault(w, r, a.Member.ID, err)
		return
	}
	s.doneWith(w, r, a, "saved")
}

// doneWith leads back to the settings, so that to load the page again repeats nothing.
func (s *Server) doneWith(w http.ResponseWriter, r *http.Request, a daemon.Account, what string) {
	address := s.settingsPath(a.Member.ID) + "?done=" + what
	if n := page(r); n > 1 {
		address += "&page=" + strconv.Itoa(n)
	}
	http.Redirect(w, r, address, http.StatusSeeOther)
}

// sendNow sends a member the digest that he would get later.
func (s *Server) sendNow(w http.ResponseWriter, r *http.Request) {
	a, ok := s.account(w, r)
	if !ok {
		return
	}
	sent, err := s.Desk.SendNow(r.Context(), s.Now(), a)
	switch {
	case err != nil:
		s.fault(w, r, a.Member.ID, err)
		return
	case sent == daemon.OnItsWay:
		s.Wake()
	}
	s.doneWith(w, r, a, string(sent))
}

// tryAgain lets mail go once more to an address that it came back from.
func (s *Server) tryAgain(w http.ResponseWriter, r *http.Request) {
	a, ok := s.account(w, r)
	if !ok {
		return
	}
	tried, err := s.Desk.TryAgain(r.Context(), s.Now(), a)
	switch {
	case err != nil:
		s.fault(w, r, a.Member.ID, err)
	case tried:
		s.doneWith(w, r, a, "retried")
	default: // the page says why
		http.Redirect(w, r, s.settingsPath(a.Member.ID), http.StatusSeeOther)
	}
}

// reading is a form as it was sent.
type reading struct {
	want   digest.Choices
	wishes []daemon.Watched
	form   settingsForm // as it is shown again
	faults []string     // the fields that are at fault
}

// read reads a form. What a field cannot say, and a browser would not send, is at fault like what a person mistyped.
func (s *Server) read(a daemon.Account, form url.Values, page int) reading {
	in := fields{form: form}
	r := reading{form: s.fill(a, page)}
	c := a.Holds
	schedule := digest.Schedule{
		Cadence: digest.Cadence(form.Get("cadence")), Hour: in.number("hour", 0, 23), Weekday: time.Weekday(in.number("weekday", 0, 6)),
		Day: in.number("day", 1, 31), Every: in.number("every", 1, 12),
	}
	if schedule.Validate() != nil {
		in.fault("cadence")
	}
	c.Schedule = &schedule
	c.Zone = strings.TrimSpace(form.Get("zone"))
	zone, err := time.LoadLocation(c.Zone)
	if err != nil || c.Zone == "" || c.Zone == "Local" {
		in.fault("zone")
		zone = a.Zone
	}
	if tag := in.among("locale", s.tags()); tag != r.form.Locale { // else what holds may be a language near it
		r.form.Locale, c.Locale = tag, tag
	}
	c.Format = digest.Format(in.among("format", []string{string(digest.HTML), string(digest.Text)}))
	c.Excerpt = in.number("excerpt", 1, 5000)
	if !slices.Contains(s.Desk.Site().Lengths(), c.Excerpt) && c.Excerpt != a.Holds.Excerpt {
		in.fault("excerpt")
	}
	c.OwnPosts, c.UnreadOnly, c.Announcements = in.ticked("own"), in.ticked("unread"), in.ticked("announcements")
	if s.Desk.Alerts() {
		in.alerts(&c, &r.form)
	}
	r.form.Pause = form.Get("pause")
	c.PausedUntil = in.pause(r.form.Pause, zone, s.Now())
	r.form.Choices, r.form.Schedule = c, schedule
	r.form.Own, r.form.Unread, r.form.Announce = *c.OwnPosts, *c.UnreadOnly, *c.Announcements
	r.wishes = in.wishes(a, &r.form)
	r.want, r.faults = c, in.faults
	return r
}

// alerts reads how alerts come.
func (f *fields) alerts(c *digest.Choices, form *settingsForm) {
	c.Alerts = digest.AlertMode(f.among("alerts", []string{string(digest.FirstReply), string(digest.EveryReply), string(digest.NoAlerts)}))
	form.Quiet, form.From, form.Until = *f.ticked("quiet"), f.number("quiet_from", 0, 23), f.number("quiet_until", 0, 23)
	c.Quiet = &digest.Quiet{}
	if !form.Quiet {
		return
	}
	*c.Quiet = digest.Quiet{From: form.From, Until: form.Until}
	if form.From == form.Until {
		f.fault("quiet")
	}
}

// tags name the languages there are.
func (s *Server) tags() []string {
	var tags []string
	for _, t := range s.Pages.Tongues() {
		tags = append(tags, t.Tag)
	}
	return tags
}

// fields reads the fields of a form, and notes those that are at fault.
type fields struct {
	form   url.Values
	faults []string
}

// fault notes a field that a person can get wrong; all others a browser sends as they were given to it.
func (f *fields) fault(name string) {
	if name != "zone" && name != "quiet" && name != "pause" {
		name = "form"
	}
	if !slices.Contains(f.faults, name) {
		f.faults = append(f.faults, name)
	}
}

func (f *fields) number(name string, least, most int) int {
	n, err := strconv.Atoi(f.form.Get(name))
	if err != nil || n < least || n > most {
		f.fault(name)
		return least
	}
	return n
}

// among reads a word that must be one of a list.
func (f *fields) among(name string, list []string) string {
	word := f.form.Get(name)
	if !slices.Contains(list, word) {
		f.fault(name)
	}
	return word
}

func (f *fields) ticked(name string) *bool {
	yes := f.form.Get(name) != ""
	return &yes
}

// mostPaused is how long mail can be paused: somebody who wants none for longer unsubscribes.
const mostPaused = 366 * 24 * time.Hour

// pause reads the day until which mail is paused; empty: it is not.
func (f *fields) pause(text string, zone *time.Location, now time.Time) time.Time {
	if text == "" {
		return time.Time{}
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		f.fault("pause")
		return time.Time{}
	}
	until := digest.Midnight(day, zone).UTC()
	if until.Before(now) || until.After(now.Add(mostPaused)) {
		f.fault("pause")
	}
	return until
}

// wishes reads how he wants to hear of what he watches, as far as the form asked and his answer is new.
func (f *fields) wishes(a daemon.Account, form *settingsForm) []daemon.Watched {
	var changed []daemon.Watched
	for _, w := range a.Watches {
		name := field(w)
		if _, asked := f.form[name]; !asked {
			continue
		}
		wish := digest.Cadence(f.among(name, []string{
			"", string(digest.Instant), string(digest.Usual), string(digest.Weekly), string(digest.Monthly), string(digest.Off),
		}))
		if wish != w.Wish {
			w.Wish = wish
			changed = append(changed, w)
		}
		show(form.Sections, name, wish)
		show(form.Threads, name, wish)
	}
	return changed
}

func show(rows []watchRow, name string, wish digest.Cadence) {
	for i := range rows {
		if rows[i].Field == name {
			rows[i].Wish = wish
		}
	}
}
