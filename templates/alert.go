package templates

import (
	"fmt"
	"time"

	"postrider/digest"
	"postrider/forum"
)

// Alert cuts an alert to a budget of bytes of HTML and lays it in the member's language and zone.
func (p *Press) Alert(a *digest.Alert, f Footer, budget int) (Content, error) {
	w, err := p.begin(alertMail, &a.Digest, a.Several(), f)
	if err != nil {
		return Content{}, err
	}
	w.alert, w.sections = a, make(map[forum.SectionID]string)
	for _, g := range a.Groups {
		w.sections[g.Section.ID] = g.Section.Title
	}
	if err := w.fillAlert(f); err != nil {
		return Content{}, err
	}
	a.Fit(budget, w.excerpts, w)
	c := Content{Subject: w.alertSubject()}
	c.HTML, c.Text = w.lay(&a.Digest)
	if w.err != nil {
		return Content{}, fmt.Errorf("laying the alert of member %d: %w", a.Member.ID, w.err)
	}
	return c, nil
}

// alertSubject is the same in all languages and for all alerts of a thread: mail programs tell conversations by it. They
// know "Re:" in no language but English (RFC 5322, 3.6.5).
func (w *laying) alertSubject() string {
	title := line(w.alert.Title, titleLimit)
	if w.alert.Several() {
		title = w.locale.say("alert.several", "n", w.alert.Counts().Threads)
	}
	subject := "[" + line(w.press.site.Name, nameLimit) + "] " + title
	if w.alert.Again {
		return "Re: " + subject
	}
	return subject
}

// fillAlert writes what is the member's own.
func (w *laying) fillAlert(f Footer) error {
	a := w.alert
	if err := w.fillFooter(a.Member, f, f.All); err != nil {
		return err
	}
	subject, summary, why := w.alertSubject(), w.alertSummary(), w.alertWhy()
	w.fill(holeSubject, subject, subject)
	w.fill(holePreheader, w.alertPreheader(), "")
	w.fill(holeSummary, summary, wrap(columns, summary))
	w.fill(holeWhy, why, wrap(columns, why))
	stop := w.locale.say(w.stopKey())
	w.fill(holeStop, stop, stop)
	w.fill(holeStopAll, f.All, f.All)
	return nil
}

// alertSummary says who wrote what.
func (w *laying) alertSummary() string {
	a := w.alert
	counts := a.Counts()
	if a.Several() {
		return w.locale.say("alert.several", "n", counts.Threads)
	}
	t := &a.Groups[0].Threads[0]
	cause := a.Cause()
	name := w.name(author(t, cause))
	section := w.locale.isolate(line(a.Groups[0].Section.Title, titleLimit))
	switch cause {
	case digest.Quoted:
		return w.locale.say("alert.quote", "name", name)
	case digest.Mentioned:
		return w.locale.say("alert.mention", "name", name)
	case digest.ThreadWatched:
		return w.locale.say("alert.thread", "name", name, "n", counts.Posts)
	}
	if t.New {
		return w.locale.say("alert.opened", "name", name, "section", section, "n", counts.Posts)
	}
	return w.locale.say("alert.section", "name", name, "section", section, "n", counts.Posts)
}

// author is who wrote the first post of a thread that has a cause.
func author(t *digest.Thread, cause digest.Cause) string {
	for _, p := range t.Posts {
		if p.Cause == cause {
			return p.AuthorName
		}
	}
	return ""
}

// alertWhy says why he is told.
func (w *laying) alertWhy() string {
	if w.alert.Several() {
		return w.locale.say("alert.why_several")
	}
	switch w.alert.Cause() {
	case digest.Quoted:
		return w.locale.say("alert.why_quote")
	case digest.Mentioned:
		return w.locale.say("alert.why_mention")
	case digest.ThreadWatched:
		return w.locale.say("alert.why_thread")
	}
	section := w.locale.isolate(line(w.alert.Groups[0].Section.Title, titleLimit))
	return w.locale.say("alert.why_section", "section", section)
}

// stopKey says what the unsubscribe link ends.
func (w *laying) stopKey() string {
	switch cause := w.alert.Cause(); {
	case w.alert.Several():
		return "alert.stop_all"
	case cause == digest.SectionWatched:
		return "alert.stop_section"
	}
	return "alert.stop_thread"
}

// alertPreheader is what the first post says, and who says it.
func (w *laying) alertPreheader() string {
	p := &w.alert.Groups[0].Threads[0].Posts[0]
	return w.name(p.AuthorName) + ": " + w.post(p, w.excerpts[0]).title
}

// alertThreadData is what the template "thread" of an alert is given.
type alertThreadData struct {
	Title, URL          string // URL: the first new post
	Section, SectionURL string
	Why                 string // only where there are several threads
}

func (w *laying) alertThread(t *digest.Thread) *fragment {
	first, section, why := firstNew(t), w.sections[t.Section], ""
	if w.alert.Several() {
		why = w.locale.say(asKey(t.Cause()))
	}
	key := headKey{
		kind: w.kind, template: "thread", locale: w.locale.index, id: int64(t.ID), first: int64(first),
		title: t.Title, name: section + "\x00" + why,
	}
	return w.head(key, func() any {
		return alertThreadData{
			Title: line(t.Title, titleLimit), URL: w.press.site.Links.Post(t.ID, first),
			Section: line(section, titleLimit), SectionURL: w.press.site.Links.Section(t.Section), Why: why,
		}
	})
}

// asKey says as what he is told of one of several threads.
func asKey(c digest.Cause) string {
	switch c {
	case digest.Quoted:
		return "alert.cause_quote"
	case digest.Mentioned:
		return "alert.cause_mention"
	case digest.ThreadWatched:
		return "alert.cause_thread"
	}
	return "alert.cause_section"
}

// quoted renders what a post of an alert quotes, as far as it does not show it itself; nil: nothing is left.
func (w *laying) quoted(p *digest.Post, excerpt int) *fragment {
	if p.Quoted == nil {
		return nil
	}
	key := w.keyOf("quoted", p.Quoted, excerpt)
	key.in, key.inVersion = p.ID, p.Version
	f, ok := w.press.posts.Get(key)
	if ok {
		return f
	}
	shown := p.Content.Body.Excerpt(excerpt).Shown(int64(p.Quoted.ID))
	if rest := p.Quoted.Content.Body.Rest(shown); shown == "" || !rest.Empty() {
		f = w.renderPost(key, p.Quoted, rest.Excerpt(excerpt))
	}
	if w.err == nil {
		w.press.posts.Add(key, f)
	}
	return f
}

// timed is a fragment with the time in its holes.
type timed struct {
	*fragment
	at time.Time
}

// behind is what stands behind the posts of a thread in an alert: the way to the forum, and what he has not read before.
func (w *laying) behind(t *digest.Thread) []timed {
	if w.kind != alertMail {
		return nil
	}
	first := firstNew(t)
	button := headKey{kind: w.kind, template: "button", locale: w.locale.index, id: int64(t.ID), first: int64(first)}
	list := []timed{{w.head(button, func() any { return moreData{URL: w.press.site.Links.Post(t.ID, first)} }), time.Time{}}}
	if len(t.Earlier) == 0 {
		return list
	}
	before := headKey{kind: w.kind, template: "before", locale: w.locale.index}
	list = append(list, timed{w.head(before, func() any { return moreData{} }), time.Time{}})
	for i := range t.Earlier {
		p := &t.Earlier[i]
		list = append(list, timed{w.postAs("earlier", p, w.excerpts[1]), p.PostedAt})
	}
	return list
}
