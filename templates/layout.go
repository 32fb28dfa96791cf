package templates

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"postrider/digest"
	"postrider/forum"
	"postrider/internal/line"
	"postrider/internal/qp"
)

// layout is the header and footer in one language, with slots for what differs between members.
type layout struct {
	html, text layoutParts
	moreBytes  int // maximum size of a "more" line, in bytes of HTML
	timeBytes  int // maximum size of a time, in bytes of HTML
	// actionBytes is the maximum size of what a reader can do about a thread of a digest, in bytes of HTML, without the line that counts
	// its other posts and without the address that mutes it.
	actionBytes int
}

// layoutParts is a layout as HTML or as text: the part before the body, and the part after it.
type layoutParts struct {
	head, foot compiled
}

// layoutData is the data of the template "layout".
type layoutData struct {
	Lang, Dir             string
	SiteName, SiteURL     string
	Subject, Preheader    slot
	Date, Summary         slot
	Member, Zone          slot
	Settings, Unsubscribe slot
	View                  slot // 0: the email has no web version
	Why, Stop, StopAll    slot
	Mute                  slot   // of an alert: mutes its thread, while Unsubscribe ends more; 0: there is no link
	MultiThread           bool   // of an alert: it holds several threads
	EndsAll               bool   // of an alert: Unsubscribe ends all alerts, like StopAll
	Pages                 bool   // there are Settings
	Contact               string // a person to write to, if Unsubscribe and StopAll do not unsubscribe
	RepliesRead           bool   // a person reads what members reply
	Forced                bool   // of an announcement: it also goes to members who opted out
	Buttons               bool   // it has buttons
	Brand                 brandData
	Body                  slot
}

// layoutKey identifies a layout in the cache.
type layoutKey struct {
	kind   kind
	locale int
	form   layoutForm
	view   bool // with a link to the web version
}

// layoutForm is what a layout cannot tell from its slots, because they are filled later.
type layoutForm int

const (
	plainLayout    layoutForm = iota
	sectionThread             // an alert with one thread from a watched section
	sectionThreads            // an alert with several threads, all from a watched section
	mixedThreads              // an alert with several threads whose unsubscribe link ends all alerts
	forcedNotice              // an announcement that also goes to members who opted out
	layoutForms
)

func (p *Renderer) layoutFor(key layoutKey) (*layout, error) {
	k, l := key.kind, p.set.locales[key.locale].locale()
	data := layoutData{
		Lang: l.tag.String(), Dir: l.dir(),
		SiteName: line.Fit(p.site.Name, titleLimit), SiteURL: p.site.URL,
		Subject: slotSubject, Preheader: slotPreheader, Date: slotDate, Summary: slotSummary,
		Member: slotMember, Zone: slotZone, Settings: slotSettings, Unsubscribe: slotUnsubscribe,
		Why: slotWhy, Stop: slotStop, StopAll: slotStopAll, MultiThread: key.form == sectionThreads || key.form == mixedThreads, EndsAll: key.form == mixedThreads, Forced: key.form == forcedNotice,
		RepliesRead: p.site.repliesRead(k), Pages: !p.site.NoPages, Contact: p.site.contact(), Buttons: k != digestMail,
		Brand: p.mailBrand(k), Body: slotBody,
	}
	if key.view {
		data.View = slotView
	}
	if key.form == sectionThread && data.Pages {
		data.Mute = slotMute
	}
	html, text, err := p.render(l, k, "layout", data, data)
	if err != nil {
		return nil, err
	}
	s := &layout{}
	if s.html, err = p.compileLayout(unescapeSlotsInURLs(html)); err != nil {
		return nil, fmt.Errorf("%s: %w", templateLocation(p.set.mails[k].html.Lookup("layout").Tree), err)
	}
	if s.text, err = p.compileLayout(text); err != nil {
		return nil, fmt.Errorf("%s: %w", templateLocation(p.set.mails[k].text.Lookup("layout").Tree), err)
	}
	w := render{renderer: p, kind: k, locale: l, layout: s}
	if slices.Contains(kinds()[k], "more") { // it can be cut
		s.moreBytes, s.timeBytes = w.longestMore(), l.maxTimeBytes()
	}
	if k == digestMail {
		s.actionBytes = w.longestActions()
	}
	return s, w.err
}

// compileLayout splits a layout at its body, and checks that it has the links that every email needs.
func (p *Renderer) compileLayout(s string) (layoutParts, error) {
	if strings.Count(s, slotBody.String()) != 1 {
		return layoutParts{}, errors.New(`template "layout" must print {{.Body}} once`)
	}
	head, foot, _ := strings.Cut(s, slotBody.String())
	f := layoutParts{head: compile(head), foot: compile(foot)}
	return f, p.site.checkLinks(f, s)
}

func (f *layoutParts) has(h slot) bool {
	return slices.Contains(f.head.slots, h) || slices.Contains(f.foot.slots, h)
}

// setSlots fills the slots that differ between members, and returns the subject.
func (w *render) setSlots(d *digest.Digest, f Footer) (subject string, err error) {
	if err := w.fillFooter(d.Member, f); err != nil {
		return "", err
	}
	counts := d.Counts()
	what := w.locale.countPhrase(counts)
	subject = w.locale.subject(what, d)
	date := w.locale.calendar.write(w.locale.calendar.date, d.Until.In(w.zone))
	since := w.locale.calendar.write(w.locale.calendar.moment, d.From.In(w.zone))
	summary := w.locale.mustText("summary.line", "what", what, "time", since)
	if unread := w.locale.unread(d.Unread); unread != "" {
		summary += " · " + unread // some languages write their full stop in another way
	}
	w.fill(slotSubject, subject, subject)
	w.fill(slotPreheader, w.preheader(what, d), "")
	w.fill(slotDate, date, date)
	w.fill(slotSummary, summary, wrap(textWidth, summary))
	return subject, nil
}

// fillFooter fills in the recipient, and the links to unsubscribe and to the settings.
func (w *render) fillFooter(m forum.Member, f Footer) error {
	f = w.renderer.site.onlyContact(f)
	if err := w.renderer.site.checkFooter(f); err != nil {
		return fmt.Errorf("member %d: %w", m.ID, err)
	}
	w.setMute(f.Mute)
	name := w.locale.isolate(line.Fit(cmp.Or(m.Name, w.locale.mustText("layout.any_member")), nameLimit)) // a preview may have no recipient
	w.fill(slotMember, name, name)
	zone := forum.ZoneName(w.zone.String())
	w.fill(slotZone, zone, zone)
	w.fillLink(slotSettings, f.Settings)
	w.fillLink(slotUnsubscribe, f.Unsubscribe)
	w.fillLink(slotStopAll, f.All)
	w.fillLink(slotView, f.View)
	return nil
}

func (w *render) fill(h slot, html, text string) {
	w.values.html[h.index()] = qp.Encode(escape(html))
	w.values.text[h.index()] = qp.Encode(text)
}

const (
	preheaderLimit = 100 // columns, roughly: inboxes show about as much after the subject
	preheaderTitle = 60  // characters of each title
)

// preheader returns what is new, and the first threads other than the one in the subject.
func (w *render) preheader(what string, d *digest.Digest) string {
	out, best := what, d.Best()
	for i := range d.Groups {
		g := &d.Groups[i]
		for j := range g.Threads {
			if columns(out) > preheaderLimit {
				return out
			}
			if t := &g.Threads[j]; t != best {
				out += " · " + w.thread(t).title
			}
		}
	}
	return out
}
