package templates

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"postrider/digest"
	"postrider/forum"
	"postrider/internal/qp"
)

// shell is masthead and footer in one language, with the holes for what is the member's own.
type shell struct {
	html, text frame
	more       int // bytes of HTML that a "more" line takes at most
	stamp      int // bytes of HTML that a time takes at most
}

// frame is a shell in one form: what stands before the body, and behind it.
type frame struct {
	head, foot sheet
}

// shellData is what the template "layout" is given.
type shellData struct {
	Lang, Dir             string
	SiteName, SiteURL     string
	Subject, Preheader    hole
	Date, Summary         hole
	Member, Zone          hole
	Settings, Unsubscribe hole
	View                  hole // 0: the mail can be seen nowhere else
	Why, Stop, StopAll    hole
	Several               bool // of an alert: it holds several threads
	Forced                bool // of an announcement: it goes to those, too, who have opted out
	Body                  hole
}

// shellKey tells shells apart.
type shellKey struct {
	kind    kind
	locale  int
	special bool // it says another thing: of an alert that it holds several threads, of an announcement that it is forced
	view    bool // it says where the mail can be seen in a browser
}

func (p *Press) shell(key shellKey) (*shell, error) {
	k, l := key.kind, p.set.locales[key.locale]
	data := shellData{
		Lang: l.tag.String(), Dir: l.dir(),
		SiteName: line(p.site.Name, titleLimit), SiteURL: p.site.URL,
		Subject: holeSubject, Preheader: holePreheader, Date: holeDate, Summary: holeSummary,
		Member: holeMember, Zone: holeZone, Settings: holeSettings, Unsubscribe: holeUnsubscribe,
		Why: holeWhy, Stop: holeStop, StopAll: holeStopAll, Several: key.special, Forced: key.special,
		Body: holeBody,
	}
	if key.view {
		data.View = holeView
	}
	html, text, err := p.render(l, k, "layout", data, data)
	if err != nil {
		return nil, err
	}
	s := &shell{stamp: l.longestStamp()}
	if s.html, err = cutShell(openAddresses(html)); err != nil {
		return nil, fmt.Errorf("%s: %w", where(l.pages[k].html.Lookup("layout").Tree), err)
	}
	if s.text, err = cutShell(text); err != nil {
		return nil, fmt.Errorf("%s: %w", where(l.pages[k].text.Lookup("layout").Tree), err)
	}
	w := laying{press: p, kind: k, locale: l, shell: s}
	s.more = w.longestMore()
	return s, w.err
}

// cutShell cuts a shell at its body, and holds it to what no mail may lack.
func cutShell(s string) (frame, error) {
	if strings.Count(s, holeBody.String()) != 1 {
		return frame{}, errors.New(`template "layout" must print {{.Body}} once`)
	}
	head, foot, _ := strings.Cut(s, holeBody.String())
	f := frame{head: cut(head), foot: cut(foot)}
	if !f.has(holeSettings) || !f.has(holeUnsubscribe) {
		return frame{}, errors.New(`template "layout" must print {{.Settings}} and {{.Unsubscribe}}`)
	}
	return f, nil
}

func (f *frame) has(h hole) bool {
	return slices.Contains(f.head.holes, h) || slices.Contains(f.foot.holes, h)
}

// fillHoles writes what is the member's own, and tells the subject.
func (w *laying) fillHoles(d *digest.Digest, f Footer) (subject string, err error) {
	if err := w.fillFooter(d.Member, f); err != nil {
		return "", err
	}
	counts := d.Counts()
	what := w.locale.what(counts)
	subject = w.locale.subject(what, d)
	date := w.locale.calendar.write(w.locale.calendar.date, d.Until.In(w.zone))
	since := w.locale.calendar.write(w.locale.calendar.moment, d.From.In(w.zone))
	summary := w.locale.say("summary.line", "what", what, "time", since)
	w.fill(holeSubject, subject, subject)
	w.fill(holePreheader, w.preheader(d), "")
	w.fill(holeDate, date, date)
	w.fill(holeSummary, summary, wrap(columns, summary))
	return subject, nil
}

// fillFooter writes for whom the mail is, and where he can end or change what he gets.
func (w *laying) fillFooter(m forum.Member, f Footer, more ...string) error {
	addresses := append(more, f.Settings, f.Unsubscribe)
	if f.View != "" {
		addresses = append(addresses, f.View)
	}
	for _, address := range addresses {
		if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return fmt.Errorf("member %d: %q is no web address", m.ID, address)
		}
	}
	name := w.locale.isolate(line(cmp.Or(m.Name, "…"), nameLimit)) // a preview may be for nobody in particular
	w.fill(holeMember, name, name)
	w.fill(holeZone, w.zone.String(), w.zone.String())
	w.fill(holeSettings, f.Settings, f.Settings)
	w.fill(holeUnsubscribe, f.Unsubscribe, f.Unsubscribe)
	w.fill(holeView, f.View, f.View)
	return nil
}

func (w *laying) fill(h hole, html, text string) {
	w.personal.html[h.index()] = qp.Encode(escape(html))
	w.personal.text[h.index()] = qp.Encode(text)
}

const (
	preheaderLimit = 100 // bytes, about: what an inbox shows behind the subject
	preheaderTitle = 60  // characters of each title
)

// preheader names the first threads: the subject has counted them already.
func (w *laying) preheader(d *digest.Digest) string {
	var out string
	for i := range d.Groups {
		g := &d.Groups[i]
		for j := range g.Threads {
			if len(out) > preheaderLimit {
				return out
			}
			if out != "" {
				out += " · "
			}
			out += w.thread(&g.Threads[j]).title
		}
	}
	return out
}
