package templates

import (
	"bytes"
	"fmt"
	htmltemplate "html/template"
	"strings"
	texttemplate "text/template"
	"time"

	"postrider/internal/line"
	"postrider/internal/qp"
)

const (
	alarmHTML = "mail/alarm.html"
	alarmText = "mail/alarm.txt"
)

// Alarm is the content of an email to the administrator about a problem.
type Alarm struct {
	Kind     string // for example "relay" or "held": one of alarmKinds
	Object   string // what the problem is about; empty if the kind says it all
	Resolved bool
	Detail   string // an error text, not translated
	Since    time.Time
	At       time.Time
	Host     string // the host of the daemon that reports it
	Zone     *time.Location
}

// detailLength is the maximum length of the error text in the email, in characters.
const detailLength = 600

// alarmKinds are the kinds of alarms that have texts in the locales.
var alarmKinds = []string{"forum", "self_check", "store", "relay", "auth", "quota", "held", "overdue", "queue", "volume", "stopped"}

// alarmKeys returns the locale keys that emails about alarms use.
func alarmKeys() []string {
	keys := []string{"alarm.subject", "alarm.raised", "alarm.resolved"}
	for _, kind := range alarmKinds {
		keys = append(keys, "alarm."+kind, "alarm."+kind+"_fix")
	}
	return keys
}

// bindAlarm parses the templates of emails to the administrator.
func (s *Set) bindAlarm(files overlayFS, used map[string]string) error {
	html, err := files.read(alarmHTML)
	if err != nil {
		return fmt.Errorf("reading the templates: %w", err)
	}
	text, err := files.read(alarmText)
	if err != nil {
		return fmt.Errorf("reading the templates: %w", err)
	}
	for _, l := range s.admins.list {
		h, err := htmltemplate.New(files.displayName(alarmHTML)).Funcs(l.functions()).Parse(unindent(html))
		if err != nil {
			return fmt.Errorf("parsing the templates: %w", err)
		}
		t, err := texttemplate.New(files.displayName(alarmText)).Funcs(l.functions()).Parse(text)
		if err != nil {
			return fmt.Errorf("parsing the templates: %w", err)
		}
		l.alarm = pages{html: h.Lookup("alarm"), text: t.Lookup("alarm")}
		if l.alarm.html == nil || l.alarm.text == nil {
			return fmt.Errorf("%s:1: defines no template %q", files.displayName(alarmHTML), "alarm")
		}
		keysIn(l.alarm.html.Tree, used)
		keysIn(l.alarm.text.Tree, used)
	}
	for _, key := range alarmKeys() {
		used[key] = "the program"
	}
	return nil
}

// AlarmText returns, in the site's language or the one for admins that is nearest, what is wrong and what to do about it.
func (p *Renderer) AlarmText(kind, object string) (what, fix string) {
	l, object := p.set.adminLocale(p.site.Locale), line.Fit(object, 100)
	table := strings.TrimSuffix("smtp."+object, ".") // of an alarm about a relay
	what, fix = l.mustText("alarm."+kind, "object", object), l.mustText("alarm."+kind+"_fix", "object", object, "table", table)
	if object != "" && !strings.Contains(what, object) {
		what += " (" + object + ")"
	}
	return what, fix
}

// Alarm renders an email to the administrator, in the site's language.
func (p *Renderer) Alarm(a Alarm) (Content, error) {
	l := p.set.adminLocale(p.site.Locale)
	what, fix := p.AlarmText(a.Kind, a.Object)
	event := "alarm.raised"
	if a.Resolved {
		event, fix = "alarm.resolved", ""
	}
	what = l.mustText(event, "what", what)
	moment := func(at time.Time) string { return l.calendar.write(l.calendar.momentYear, at.In(a.Zone)) }
	data := struct {
		Lang, Dir, Subject, SiteName, SiteURL, What, Fix, Detail, Since, At, Host string
	}{
		l.tag.String(), l.dir(), l.mustText("alarm.subject", "forum", p.site.Name, "what", what), p.site.Name, p.site.URL,
		what, fix, line.Fit(a.Detail, detailLength), moment(a.Since), moment(a.At), a.Host,
	}
	var html, text bytes.Buffer
	if err := l.alarm.html.Execute(&html, data); err != nil {
		return Content{}, fmt.Errorf("rendering an alarm: %w", err)
	}
	if err := l.alarm.text.Execute(&text, data); err != nil {
		return Content{}, fmt.Errorf("rendering an alarm: %w", err)
	}
	return Content{Subject: data.Subject, HTML: qp.Pieces{qp.Encode(html.String())}, Text: qp.Pieces{qp.Encode(text.String())}}, nil
}
