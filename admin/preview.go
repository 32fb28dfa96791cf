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
	"postrider/daemon/audience"
	"postrider/daemon/editions"
	"postrider/digest"
	"postrider/forum"
	"postrider/store"
	"postrider/templates"
)

// messagePolicy is for a message in a frame: its inline styles work; no scripts, no forms, no remote images, and an opaque origin.
const messagePolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self'"

// kindAlarm is the message to the administrator, which never enters the outbox.
const kindAlarm = "alarm"

// previewView is the data of the template "admin/settings_mails".
type previewView struct {
	pageFrame
	Form         previewForm
	Kinds        []string
	Languages    []templates.LanguageName
	Days         []int
	Frame        string // path of the message
	Subject      string
	Text         string
	Bytes        int    // of the HTML
	Skip         string // why the member would get no such message
	Error        string // error in the templates; empty: none
	NoSuchMember bool   // the forum knows no such member
	ReloadStream string // URL of the stream that reloads the page; empty: none
	Page         string // the page's own path
}

// previewForm holds the values of the form.
type previewForm struct {
	Kind   string
	Locale string // empty: the member's own
	Member string // ID or name; empty: a sample
	Days   int    // period that the message covers
	Text   bool
	Phone  bool
	Dark   bool
}

func previewKinds() []string { return append(kinds(), kindAlarm) }

func (s *Server) previewSamples() []sample {
	const name = "settings_mails"
	full := previewView{
		pageFrame: s.samplePageFrame("settings"), Form: previewForm{Kind: store.KindDigest, Member: "Anna", Phone: true, Dark: true, Days: 7}, Kinds: previewKinds(),
		Languages: s.Pages.LanguageNames(), Days: []int{1, 7}, Frame: "/html?kind=digest", Subject: "A subject", Text: "A text", Bytes: 1000, Skip: "nothing new",
	}
	text, faulty := full, full
	text.Form.Text, text.Skip = true, ""
	faulty.Error, faulty.NoSuchMember = "a fault", true
	html := full
	html.Skip, html.ReloadStream, html.Page = "", "/stream", "/page"
	return []sample{{name, full}, {name, text}, {name, faulty}, {name, html}, {name, previewView{}}}
}

// showPreview shows a message as the templates render it now.
func (s *Server) showPreview(v *request) {
	form := s.readPreview(v.r.URL.Query())
	view := previewView{pageFrame: v.newPageFrame("settings"), Form: form, Kinds: previewKinds(), Languages: s.Pages.LanguageNames(), Days: []int{1, 7, 30}, Frame: v.basePath + "/settings/mails/html?" + form.query().Encode()}
	var err error
	if view.ReloadStream, err = s.reloadStreamURL(); err != nil {
		v.Log.Warn("cannot watch the templates for changes", "err", err)
	} else if view.ReloadStream != "" {
		view.Page = v.basePath + v.r.URL.RequestURI()
		v.w.Header().Set("Content-Security-Policy", livePolicy)
	}
	p, err := s.renderTemplatePreview(v.r.Context(), form)
	switch {
	case errors.Is(err, forum.ErrNoMember):
		view.NoSuchMember = true
	case err != nil:
		view.Error = err.Error()
	default:
		view.Subject, view.Skip = p.content.Subject, p.skip
		view.Text, view.Bytes = p.content.Text.Plain(), len(p.content.HTML.Plain())
	}
	v.render(http.StatusOK, "settings_mails", view)
}

// previewHTML serves the message itself, for the frame.
func (s *Server) previewHTML(v *request) {
	form := s.readPreview(v.r.URL.Query())
	p, err := s.renderTemplatePreview(v.r.Context(), form)
	if err != nil || p.skip != "" { // the page around the frame shows why
		v.messagePage(http.StatusNotFound, "not_found")
		return
	}
	v.serveFramed(p.content.Standalone(), form.Dark)
}

// serveFramed serves a message's HTML for our frame, as a light or dark email program shows it.
func (v *request) serveFramed(html string, dark bool) {
	scheme, darkQuery := "light", "not all"
	if dark {
		scheme, darkQuery = "dark", "all"
	}
	html = strings.NewReplacer(
		"(prefers-color-scheme:dark)", darkQuery, "(prefers-color-scheme: dark)", darkQuery,
		`content="light dark"`, `content="`+scheme+`"`, "color-scheme:light dark", "color-scheme:"+scheme,
	).Replace(html)
	h := v.w.Header()
	h.Set("Content-Security-Policy", messagePolicy)
	h.Set("X-Frame-Options", "SAMEORIGIN")
	h.Set("Content-Type", "text/html; charset=utf-8")
	v.w.Write([]byte(html))
}

func (s *Server) readPreview(q url.Values) previewForm {
	f := previewForm{Kind: q.Get("kind"), Locale: q.Get("locale"), Member: strings.TrimSpace(q.Get("member")), Days: 7}
	f.Text, f.Phone, f.Dark = q.Get("text") != "", q.Get("phone") != "", q.Get("dark") != ""
	if !slices.Contains(previewKinds(), f.Kind) {
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

// renderedPreview is the result of a preview.
type renderedPreview struct {
	content templates.Content
	skip    string // why there is no message; then content is empty
}

// renderTemplatePreview renders a message with templates that are loaded now, so that whoever edits them sees the result on reload.
func (s *Server) renderTemplatePreview(ctx context.Context, f previewForm) (renderedPreview, error) {
	set, err := templates.LoadBranded(s.Templates, s.Brand)
	if err != nil {
		return renderedPreview{}, err
	}
	var p renderedPreview
	if f.Member == "" {
		p.content, err = s.previewSample(set, f)
		return p, err
	}
	select { // PreviewDaemon renders one message at a time
	case s.previewLock <- struct{}{}:
		defer func() { <-s.previewLock }()
		return s.previewFor(ctx, set, f)
	case <-ctx.Done():
		return p, ctx.Err()
	}
}

// placeholderLinks replaces the unsubscribe links: a preview must not unsubscribe anybody.
func placeholderLinks(site templates.Site) templates.Footer {
	return templates.Footer{Settings: site.URL, Unsubscribe: site.URL, All: site.URL, Mute: func(forum.ThreadID) string { return site.URL }}
}

// previewSample renders the samples of the templates.
func (s *Server) previewSample(set *templates.Set, f previewForm) (templates.Content, error) {
	switch f.Kind {
	case store.KindAlert:
		site, a := set.SampleAlert()
		a.Member.Locale = f.Locale
		return set.NewRenderer(site, 0).Alert(a, placeholderLinks(site), s.Settings.Digest.MaxBytes)
	case store.KindAnnouncement:
		site, a, reader := set.SampleAnnouncement()
		reader.Member.Locale = f.Locale
		return renderAnnouncement(set.NewRenderer(site, 0), site, a, reader, s.Settings.Digest.MaxBytes)
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

func renderAnnouncement(renderer *templates.Renderer, site templates.Site, a *digest.Announcement, reader templates.Recipient, budget int) (templates.Content, error) {
	compiled, err := renderer.CompileAnnouncement(a, budget)
	if err != nil {
		return templates.Content{}, err
	}
	return renderer.Announcement(compiled, reader, placeholderLinks(site))
}

// previewFor renders a message for a member, from the posts of the last days. For an announcement it renders the sample.
func (s *Server) previewFor(ctx context.Context, set *templates.Set, f previewForm) (p renderedPreview, err error) {
	now, renderer := s.Now(), set.NewRenderer(s.Site, 0)
	from := now.AddDate(0, 0, -f.Days)
	switch f.Kind {
	case store.KindAlert:
		preview, err := s.PreviewDaemon.PreviewAlert(ctx, f.Member, from, now)
		if err != nil || preview.SkipReason != "" {
			return renderedPreview{skip: preview.SkipReason}, err
		}
		preview.Alert.Member.Locale = s.locale(f, preview.Alert.Member.Locale)
		p.content, err = renderer.Alert(preview.Alert, placeholderLinks(s.Site), s.Settings.Digest.MaxBytes)
		return p, err
	case store.KindAnnouncement:
		_, a, _ := set.SampleAnnouncement()
		preview, err := audience.New(s.Forum, s.Store, s.Settings.Digest).Preview(ctx, a, f.Member, now)
		if err != nil || preview.Reason != "" {
			return renderedPreview{skip: string(preview.Reason)}, err
		}
		preview.Member.Locale = s.locale(f, preview.Member.Locale)
		p.content, err = renderAnnouncement(renderer, s.Site, a, preview.Recipient, s.Settings.Digest.MaxBytes)
		return p, err
	}
	preview, err := editions.New(s.Forum, s.Store, s.Settings).Preview(ctx, f.Member, from, now)
	if err != nil || preview.Skip != "" {
		return renderedPreview{skip: preview.Skip}, err
	}
	preview.Digest.Member.Locale = s.locale(f, preview.Digest.Member.Locale)
	p.content, err = renderer.Digest(preview.Digest, placeholderLinks(s.Site), s.Settings.Digest.MaxBytes)
	return p, err
}

// locale is the requested language, else the member's own.
func (s *Server) locale(f previewForm, own string) string {
	if f.Locale != "" {
		return f.Locale
	}
	return own
}
