package templates

import (
	"fmt"
	"strings"
	"time"

	"postrider/internal/line"
	"postrider/internal/qp"
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
	own, err := readSource(files, alarmMail)
	if err != nil {
		return err
	}
	all, err := parsePages(files, own)
	if err != nil {
		return err
	}
	if err := all.check(files, alarmMail, []string{"alarm"}, used); err != nil {
		return err
	}
	for _, key := range alarmKeys() {
		used[key] = "the program"
	}
	s.mails[alarmMail] = mailTemplates{pages: all}
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
	html, text, err := p.render(l, alarmMail, "alarm", data, data)
	if err != nil {
		return Content{}, fmt.Errorf("rendering an alarm: %w", err)
	}
	return Content{Subject: data.Subject, HTML: qp.Pieces{qp.Encode(html)}, Text: qp.Pieces{qp.Encode(text)}}, nil
}
