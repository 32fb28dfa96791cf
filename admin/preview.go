package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"postrider/alarm"
	"postrider/daemon"
	"postrider/digest"
	"postrider/store"
	"postrider/templates"
)

// mailPolicy is for a mail in a frame: its inline styles work; no script, no form, no picture from anywhere, and an origin of
// its own.
const mailPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self'"

// kindAlarm is the mail to the administrator, which is in no outbox.
const kindAlarm = "alarm"

// previewView is what the template "admin/settings_mails" is given.
type previewView struct {
	pageFrame
	Form    previewForm
	Kinds   []string
	Tongues []templates.LanguageName
	Days    []int
	Frame   string // address of the mail itself
	Subject string
	Text    string
	Bytes   int    // of the HTML
	Skip    string // why the member would get no such mail
	Fault   string // of the templates; empty: none
	Nobody  bool   // the forum knows no such member
	Stream  string // which tells when it is to be loaded anew; empty: none does
	Page    string // its own address
}

// previewForm is the form as it is filled in.
type previewForm struct {
	Kind   string
	Locale string // empty: the member's own
	Member string // number or name; empty: a sample
	Days   int    // that the mail reaches back
	Text   bool
	Phone  bool
	Dark   bool
}

func mailKinds() []string { return append(kinds(), kindAlarm) }

func (s *Server) previewSamples() []sample {
	const name = "settings_mails"
	full := previewView{
		pageFrame: s.sampleTop("settings"), Form: previewForm{Kind: store.KindDigest, Member: "Anna", Phone: true, Dark: true, Days: 7}, Kinds: mailKinds(),
		Tongues: s.Pages.LanguageNames(), Days: []int{1, 7}, Frame: "/html?kind=digest", Subject: "A subject", Text: "A text", Bytes: 1000, Skip: "nothing new",
	}
	text, faulty := full, full
	text.Form.Text, text.Skip = true, ""
	faulty.Fault, faulty.Nobody = "a fault", true
	html := full
	html.Skip, html.Stream, html.Page = "", "/stream", "/page"
	return []sample{{name, full}, {name, text}, {name, faulty}, {name, html}, {name, previewView{}}}
}

// mails shows a mail as the templates make it now.
func (s *Server) mails(v *request) {
	form := s.readPreview(v.r.URL.Query())
	view := previewView{pageFrame: v.newPageFrame("settings"), Form: form, Kinds: mailKinds(), Tongues: s.Pages.LanguageNames(), Days: []int{1, 7, 30}, Frame: v.base + "/settings/mails/html?" + form.query().Encode()}
	var err error
	if view.Stream, err = s.reloadStreamURL(); err != nil {
		v.Log.Warn("the preview cannot tell when a template is saved", "err", err)
	} else if view.Stream != "" {
		view.Page = v.base + v.r.URL.RequestURI()
		v.w.Header().Set("Content-Security-Policy", livePolicy)
	}
	p, err := s.preview(v.r.Context(), form)
	switch {
	case errors.Is(err, daemon.ErrNoMember):
		view.Nobody = true
	case err != nil:
		view.Fault = err.Error()
	default:
		view.Subject, view.Skip = p.content.Subject, p.skip
		view.Text, view.Bytes = p.content.Text.Plain(), len(p.content.HTML.Plain())
	}
	v.render(http.StatusOK, "settings_mails", view)
}

// mailHTML is the mail itself, for the frame.
func (s *Server) mailHTML(v *request) {
	form := s.readPreview(v.r.URL.Query())
	p, err := s.preview(v.r.Context(), form)
	if err != nil || p.skip != "" { // the page around it tells
		v.messagePage(http.StatusNotFound, "not_found")
		return
	}
	v.serveFramed(p.content.HTML.Plain(), form.Dark)
}

// serveFramed answers with a mail's HTML, for a frame of ours, as a mail program shows it that is light or dark.
func (v *request) serveFramed(html string, dark bool) {
	scheme, holds := "light", "not all"
	if dark {
		scheme, holds = "dark", "all"
	}
	html = strings.NewReplacer(
		"(prefers-color-scheme:dark)", holds, "(prefers-color-scheme: dark)", holds,
		`content="light dark"`, `content="`+scheme+`"`, "color-scheme:light dark", "color-scheme:"+scheme,
	).Replace(html)
	h := v.w.Header()
	h.Set("Content-Security-Policy", mailPolicy)
	h.Set("X-Frame-Options", "SAMEORIGIN")
	h.Set("Content-Type", "text/html; charset=utf-8")
	v.w.Write([]byte(html))
}

func (s *Server) readPreview(q url.Values) previewForm {
	f := previewForm{Kind: q.Get("kind"), Locale: q.Get("locale"), Member: strings.TrimSpace(q.Get("member")), Days: 7}
	f.Text, f.Phone, f.Dark = q.Get("text") != "", q.Get("phone") != "", q.Get("dark") != ""
	if !slices.Contains(mailKinds(), f.Kind) {
		f.Kind = store.KindDigest
	}
	if !slices.ContainsFunc(s.Pages.LanguageNames(), func(t templates.LanguageName) bool { return t.Tag == f.Locale }) {
		f.Locale = ""
	}
	if days := q.Get("days"); days == "1" || days == "30" {
		fmt.Sscan(days, &f.Days)
	}
	if f.Kind == kindAlarm {
		f.Member = ""
	}
	return f
}

func (f previewForm) query() url.Values {
	q := url.Values{"kind": {f.Kind}, "locale": {f.Locale}, "member": {f.Member}, "days": {fmt.Sprint(f.Days)}}
	if f.Dark {
		q.Set("dark", "yes")
	}
	return q
}

// previewed is a mail as it would be.
type previewed struct {
	content templates.Content
	skip    string // why it would not be; then there is no content
}

// preview makes a mail of templates that are read now, so that whoever edits them sees at once what they do.
func (s *Server) preview(ctx context.Context, f previewForm) (previewed, error) {
	set, err := templates.Load(s.Templates)
	if err != nil {
		return previewed{}, err
	}
	var p previewed
	if f.Member == "" {
		p.content, err = s.previewSample(set, f)
		return p, err
	}
	select { // what builds mails serves one at a time
	case s.building <- struct{}{}:
		defer func() { <-s.building }()
		return s.previewFor(ctx, set, f)
	case <-ctx.Done():
		return p, ctx.Err()
	}
}

// placeholderLinks stands for the links to unsubscribe: a preview unsubscribes nobody.
func placeholderLinks(site templates.Site) templates.Footer {
	return templates.Footer{Settings: site.URL, Unsubscribe: site.URL, All: site.URL}
}

// previewSample makes a mail of the samples that the templates come with.
func (s *Server) previewSample(set *templates.Set, f previewForm) (templates.Content, error) {
	switch f.Kind {
	case store.KindAlert:
		site, a := set.SampleAlert()
		a.Member.Locale = f.Locale
		return set.NewRenderer(site, 0).Alert(a, placeholderLinks(site), s.Settings.Digest.MaxBytes)
	case store.KindAnnouncement:
		site, a, reader := set.SampleAnnouncement()
		reader.Member.Locale = f.Locale
		return announcement(set.NewRenderer(site, 0), site, a, reader, s.Settings.Digest.MaxBytes)
	case kindAlarm:
		site := s.Site
		site.Locale = f.Locale
		now := s.Now()
		return set.NewRenderer(site, 0).Alarm(templates.Alarm{
			Kind: string(alarm.Held), Object: "gmail.com", Detail: "421 4.7.28 unusual rate of mail", Since: now.Add(-time.Minute), At: now, Host: "localhost", Zone: s.Zone,
		})
	}
	site, d := set.Sample()
	d.Member.Locale = f.Locale
	return set.NewRenderer(site, 0).Digest(d, placeholderLinks(site), s.Settings.Digest.MaxBytes)
}

func announcement(press *templates.Renderer, site templates.Site, a *digest.Announcement, reader templates.Recipient, budget int) (templates.Content, error) {
	notice, err := press.CompileAnnouncement(a, budget)
	if err != nil {
		return templates.Content{}, err
	}
	return press.Announcement(notice, reader, placeholderLinks(site))
}

// previewFor makes a mail for a member, of what was posted in the last days; as an announcement he gets the sample.
func (s *Server) previewFor(ctx context.Context, set *templates.Set, f previewForm) (p previewed, err error) {
	now, press := s.Now(), set.NewRenderer(s.Site, 0)
	from := now.AddDate(0, 0, -f.Days)
	switch f.Kind {
	case store.KindAlert:
		made, err := s.PreviewDaemon.PreviewAlert(ctx, f.Member, from, now)
		if err != nil || made.SkipReason != "" {
			return previewed{skip: made.SkipReason}, err
		}
		made.Alert.Member.Locale = s.locale(f, made.Alert.Member.Locale)
		p.content, err = press.Alert(made.Alert, placeholderLinks(s.Site), s.Settings.Digest.MaxBytes)
		return p, err
	case store.KindAnnouncement:
		_, a, _ := set.SampleAnnouncement()
		made, err := daemon.NewHerald(s.Forum, s.Store, s.Settings.Digest).Preview(ctx, a, f.Member, now)
		if err != nil || made.Reason != "" {
			return previewed{skip: string(made.Reason)}, err
		}
		made.Member.Locale = s.locale(f, made.Member.Locale)
		p.content, err = announcement(press, s.Site, a, made.Recipient, s.Settings.Digest.MaxBytes)
		return p, err
	}
	made, err := daemon.NewBuilder(s.Forum, s.Store, s.Settings.Digest).Preview(ctx, f.Member, from, now)
	if err != nil || made.Skip != "" {
		return previewed{skip: made.Skip}, err
	}
	made.Digest.Member.Locale = s.locale(f, made.Digest.Member.Locale)
	p.content, err = press.Digest(made.Digest, placeholderLinks(s.Site), s.Settings.Digest.MaxBytes)
	return p, err
}

// locale is the language that is asked for, else the member's own.
func (s *Server) locale(f previewForm, own string) string {
	if f.Locale != "" {
		return f.Locale
	}
	return own
}
