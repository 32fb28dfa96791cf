package templates

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/internal/line"
)

// Alert cuts an alert to a budget of bytes of HTML and renders it in the member's language and zone.
func (p *Renderer) Alert(a *digest.Alert, f Footer, budget int) (Content, error) {
	w, err := p.newRender(alertMail, &a.Digest, alertLayout(a, f), f)
	if err != nil {
		return Content{}, err
	}
	w.alert, w.sections = a, make(map[forum.SectionID]string)
	for _, g := range a.Groups {
		w.sections[g.Section.ID] = g.Section.Title
	}
	w.only = a.Counts().Posts == 1
	if err := w.fillAlert(f); err != nil {
		return Content{}, err
	}
	a.Fit(digest.Budget{Size: digest.Size{Bytes: budget, Height: digest.NoHeightLimit}}, w.excerpts, w)
	c := Content{Subject: w.alertSubject(), Images: p.set.brandImages()}
	c.HTML, c.Text = w.assemble(&a.Digest)
	if w.err != nil {
		return Content{}, fmt.Errorf("rendering the alert of member %d: %w", a.Member.ID, w.err)
	}
	return c, nil
}

// alertLayout returns the form of an alert's layout.
func alertLayout(a *digest.Alert, f Footer) layoutForm {
	switch {
	case !a.MultiThread() && a.SectionOnly() && f.Mute != nil:
		return sectionThread
	case !a.MultiThread():
		return plainLayout
	case a.SectionOnly():
		return sectionThreads
	}
	return mixedThreads
}

// alertSubject is the current title of the thread, after the site's prefix if there is one. It is the same in all languages, because some
// mail clients group conversations by it. They recognize "Re:" in English only (RFC 5322, 3.6.5).
func (w *render) alertSubject() string {
	title := cmp.Or(w.alertSummary(), line.Fit(w.alert.Groups[0].Threads[0].Title, titleLimit))
	subject := strings.TrimSpace(line.Fit(w.renderer.site.SubjectPrefix, nameLimit) + " " + title)
	if w.alert.Followup {
		return "Re: " + subject
	}
	return subject
}

// fillAlert fills the slots that differ between members.
func (w *render) fillAlert(f Footer) error {
	a := w.alert
	if f.All == "" && !w.renderer.site.NoPages {
		return fmt.Errorf("member %d: no link turns off all alerts", a.Member.ID)
	}
	if err := w.fillFooter(a.Member, f); err != nil {
		return err
	}
	subject, summary, why := w.alertSubject(), w.alertSummary(), w.whyLine()
	w.fill(slotSubject, subject, subject)
	w.fill(slotPreheader, w.alertPreheader(), "")
	w.fill(slotSummary, summary, wrap(textWidth, summary))
	w.fill(slotWhy, why, wrap(textWidth, why))
	stop := w.locale.mustText(w.stopKey())
	w.fill(slotStop, stop, stop)
	w.fillMute(&a.Groups[0].Threads[0])
	return nil
}

// alertSummary returns the heading above several threads. One thread has its title as the heading.
func (w *render) alertSummary() string {
	if !w.alert.MultiThread() {
		return ""
	}
	return w.locale.mustText("alert.several", "n", w.alert.Counts().Threads)
}

// whyLine returns why the member gets the alert.
func (w *render) whyLine() string {
	if w.alert.MultiThread() && !w.alert.SectionOnly() {
		return w.locale.mustText("alert.why_several")
	}
	switch w.alert.Cause() {
	case digest.Quoted:
		return w.locale.mustText("alert.why_quote")
	case digest.Mentioned:
		return w.locale.mustText("alert.why_mention")
	case digest.ThreadWatched:
		return w.locale.mustText("alert.why_thread")
	}
	section := w.locale.isolate(line.Fit(w.alert.Groups[0].Section.Title, titleLimit))
	return w.locale.mustText("alert.why_section", "section", section)
}

// stopKey returns the locale key that names what the unsubscribe link ends.
func (w *render) stopKey() string {
	switch {
	case w.alert.MultiThread() && !w.alert.SectionOnly():
		return "alert.stop_all"
	case w.alert.Cause() == digest.SectionWatched:
		return "alert.stop_section"
	}
	return "alert.stop_thread"
}

// alertPreheader returns the author and the first words of the first post, or its thread's title if it has no words.
func (w *render) alertPreheader() string {
	p := &w.alert.Groups[0].Threads[0].Posts[0]
	words := w.post(p, w.excerpts[0]).title
	if words == "" {
		words = line.Fit(w.alert.Groups[0].Threads[0].Title, preheaderTitle)
	}
	return w.displayName(p.AuthorName) + ": " + words
}

// alertThreadData is the data of the template "thread" of an alert.
type alertThreadData struct {
	Prefix, Title, URL  string // URL: the first new post
	Section, SectionURL string
	Locked, Solved      bool
	Why                 string // only if there are several threads
}

func (w *render) alertThread(t *digest.Thread) *fragment {
	first, section, why := firstNew(t), w.sections[t.Section], ""
	if w.alert.MultiThread() {
		why = w.locale.mustText(causeKey(t.Cause()))
	}
	key := headingKey{
		kind: w.kind, template: "thread", locale: w.locale.index, id: int64(t.ID), first: int64(first),
		title: t.Title, name: section + "\x00" + why, prefix: t.Marks.Prefix,
		marks: highlights(0).with(markLocked, t.Locked).with(markSolved, t.Marks.Solved),
	}
	return w.head(key, func() any {
		return alertThreadData{
			Prefix: w.locale.isolate(line.Fit(t.Marks.Prefix, nameLimit)), Locked: t.Locked, Solved: t.Marks.Solved,
			Title: line.Fit(t.Title, titleLimit), URL: w.renderer.site.Links.Post(t.ID, first),
			Section: line.Fit(section, titleLimit), SectionURL: w.renderer.site.Links.Section(t.Section), Why: why,
		}
	})
}

// causeKey returns the locale key of the cause for one of several threads.
func causeKey(c digest.AlertCause) string {
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

// quoted renders the part of the quoted post that a post of an alert does not show itself; nil: nothing is left.
func (w *render) quoted(p *digest.Post, excerpt int) *fragment {
	if p.Quoted == nil {
		return nil
	}
	key := w.keyOf("quoted", p.Quoted, excerpt)
	key.in, key.inVersion = p.ID, p.Version
	f, ok := w.renderer.posts.Get(key)
	if ok {
		return f
	}
	shown := p.Body().Excerpt(excerpt).QuotedText(int64(p.Quoted.ID))
	if rest := p.Quoted.Body().WithoutPrefix(shown); shown == "" || !rest.Empty() {
		f = w.renderPost(key, p.Quoted, rest.Excerpt(min(excerpt, w.renderer.excerpt)))
	}
	if w.err == nil {
		w.renderer.posts.Add(key, f)
	}
	return f
}

// timedFragment is a fragment with the time for its slots.
type timedFragment struct {
	*fragment
	at time.Time
}

// trailer returns what follows the posts of a thread in an alert: the link to the forum, and earlier unread posts.
func (w *render) trailer(t *digest.Thread) []timedFragment {
	if w.kind != alertMail {
		return nil
	}
	first := firstNew(t)
	button := headingKey{kind: w.kind, template: "button", locale: w.locale.index, id: int64(t.ID), first: int64(first)}
	data := buttonData{URL: w.renderer.site.Links.Post(t.ID, first), Only: w.only}
	if w.only {
		button.n = 1
	}
	if w.alert.MultiThread() { // the footer mutes a single one
		data.Mute = w.muteSlot()
		button.mute = data.Mute != 0
	}
	list := []timedFragment{{w.head(button, func() any { return data }), time.Time{}}}
	if len(t.Earlier) == 0 {
		return list
	}
	before := headingKey{kind: w.kind, template: "before", locale: w.locale.index}
	list = append(list, timedFragment{w.head(before, func() any { return moreData{} }), time.Time{}})
	for i := range t.Earlier {
		p := &t.Earlier[i]
		list = append(list, timedFragment{w.renderPostAs("earlier", p, min(w.excerpts[0], w.renderer.excerpt)/2), p.PostedAt})
	}
	return list
}
