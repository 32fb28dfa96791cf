package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"postrider/daemon/subscription"
	"postrider/digest"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/mirror"
	"postrider/templates"
)

const (
	// asksPerSecond and askBurst limit how often one address can send the form: each time may send a message to a stranger.
	asksPerSecond = 1.0 / 60
	askBurst      = 20
)

// subscribePage is the data of the template "subscribe".
type subscribePage struct {
	Stage     string
	Forum     string
	Action    string
	Start     string
	Settings  string
	Address   string
	Name      string
	Zone      string
	Locale    string
	Cadence   digest.Cadence
	Sections  []offeredSection
	Titles    []string
	Errors    []string
	Cadences  []digest.Cadence
	Zones     []string
	Languages []templates.LanguageName
}

// HasError reports whether a field is invalid.
func (p subscribePage) HasError(field string) bool { return slices.Contains(p.Errors, field) }

// offeredSection is a section on offer, with its check box.
type offeredSection struct {
	mirror.OfferedSection
	Checked bool
}

// subscribeStages are the stages of the page after the form.
func subscribeStages() []string { return []string{"sent", "ask", "done", "already", "expired"} }

// showSubscribe shows the form.
func (s *Server) showSubscribe(w http.ResponseWriter, r *http.Request) {
	page, ok := s.subscribeForm(w, r)
	if !ok {
		return
	}
	if len(page.Sections) == 1 {
		page.Sections[0].Checked = true
	}
	s.renderSubscribe(w, r, http.StatusOK, page)
}

// subscribeForm returns the form with its defaults. If the sections cannot be read, it writes the response.
func (s *Server) subscribeForm(w http.ResponseWriter, r *http.Request) (subscribePage, bool) {
	offered, err := s.Subscriptions.Offered(r.Context())
	if err != nil {
		s.serverError(w, r, forum.Guest, err)
		return subscribePage{}, false
	}
	site := s.Members.DigestDefaults()
	page := subscribePage{
		Stage: "form", Action: s.basePath + link.SubscribePath, Cadence: site.Schedule().Cadence, Cadences: subscription.Cadences(),
		Zone: forum.ZoneName(site.Zone), Zones: suggestedZones(), Languages: s.Pages.LanguageNames(), Locale: s.language(r, forum.Guest).Tag(),
	}
	if !slices.Contains(page.Cadences, page.Cadence) {
		page.Cadence = digest.Daily
	}
	for _, section := range offered {
		section.Title, section.Parent = templates.SafeLine(section.Title), templates.SafeLine(section.Parent)
		page.Sections = append(page.Sections, offeredSection{OfferedSection: section})
	}
	return page, true
}

// subscribe asks the owner of an address to confirm. The response does not depend on the address: it says neither whether a member has
// it, nor whether a message was sent. So the form of another site may post here, too.
func (s *Server) subscribe(w http.ResponseWriter, r *http.Request) {
	if !s.askers.Allow(RequestInfoOf(r).ClientAddr, time.Now()) {
		w.Header().Set("Retry-After", "60")
		s.denyRequest(w, r, http.StatusTooManyRequests)
		return
	}
	page, ok := s.subscribeForm(w, r)
	if !ok {
		return
	}
	if err := r.ParseForm(); err != nil {
		s.denyRequest(w, r, http.StatusBadRequest)
		return
	}
	request := page.parse(r.PostForm)
	if len(page.Errors) > 0 {
		s.renderSubscribe(w, r, http.StatusUnprocessableEntity, page)
		return
	}
	if r.PostForm.Get("website") == "" { // a person: programs fill in each field
		tooMany, err := s.Subscriptions.Ask(r.Context(), s.Now(), request)
		switch {
		case err != nil:
			s.serverError(w, r, forum.Guest, err)
			return
		case tooMany:
			s.Log.Warn("too many people asked for a subscription today, all together or at one domain: see mirror.subscribe_daily")
			w.Header().Set("Retry-After", "3600")
			s.messagePage(w, r, http.StatusServiceUnavailable, forum.Guest, "error")
			return
		}
		s.Wake()
	}
	page.Stage = "sent"
	s.renderSubscribe(w, r, http.StatusOK, page)
}

// parse reads a submitted form into the page, and returns the request. A field that is missing has its default, so that the forms of
// other sites can be short.
func (p *subscribePage) parse(form url.Values) subscription.Request {
	in := formReader{form: form}
	p.Address, p.Name = strings.TrimSpace(form.Get("email")), strings.TrimSpace(form.Get("name"))
	address, ok := subscription.ParseAddress(p.Address)
	p.Address = subscription.Visible(p.Address)
	if !ok {
		p.Errors = append(p.Errors, "email")
	}
	if !mirror.ValidName(p.Name) {
		p.Errors = append(p.Errors, "name")
	}
	r := subscription.Request{Address: address, Name: p.Name}
	for i := range p.Sections {
		if section := &p.Sections[i]; slices.Contains(form["section"], section.Ref) {
			section.Checked = true
			r.Sections = append(r.Sections, section.ID)
		}
	}
	if len(r.Sections) == 0 {
		p.Errors = append(p.Errors, "section")
	}
	if form.Has("cadence") {
		p.Cadence = digest.Cadence(in.oneOf("cadence", cadenceWords(p.Cadences)))
	}
	if form.Get("zone") != "" {
		p.Zone = strings.TrimSpace(form.Get("zone"))
		r.Zone = forum.ZoneNamed(p.Zone)
		if _, err := time.LoadLocation(r.Zone); err != nil || r.Zone == "" || r.Zone == "Local" {
			in.addError("zone")
		}
	}
	if form.Has("locale") {
		p.Locale = in.oneOf("locale", tagsOf(p.Languages))
	}
	p.Errors = append(p.Errors, in.errors...)
	r.Cadence, r.Locale = p.Cadence, p.Locale
	return r
}

func cadenceWords(list []digest.Cadence) []string {
	words := make([]string, len(list))
	for i, c := range list {
		words[i] = string(c)
	}
	return words
}

// showConfirm shows what a link confirms, with a button: mail filters open every link.
func (s *Server) showConfirm(w http.ResponseWriter, r *http.Request) {
	result, err := s.Subscriptions.Read(r.Context(), s.Now(), r.PathValue("token"))
	stage := "ask"
	if result.Member != forum.Guest {
		stage = "already"
	}
	s.showSubscription(w, r, stage, result, err)
}

// confirm confirms a subscription.
func (s *Server) confirm(w http.ResponseWriter, r *http.Request) {
	if r.PostFormValue("confirm") == "" {
		s.showConfirm(w, r)
		return
	}
	result, err := s.Subscriptions.Confirm(r.Context(), s.Now(), r.PathValue("token"))
	stage := "already"
	if result.First {
		stage = "done"
		s.Log.Info("subscription confirmed", "member", result.Member)
	}
	s.showSubscription(w, r, stage, result, err)
}

// showSubscription shows what became of a link.
func (s *Server) showSubscription(w http.ResponseWriter, r *http.Request, stage string, result subscription.Result, err error) {
	status := http.StatusOK
	switch {
	case errors.Is(err, subscription.ErrInvalid):
		s.middleware.PenalizeForged(r)
		s.messagePage(w, r, http.StatusNotFound, forum.Guest, "invalid_link")
		return
	case errors.Is(err, subscription.ErrExpired):
		stage, status = "expired", http.StatusGone
	case err != nil:
		s.serverError(w, r, forum.Guest, err)
		return
	}
	page := subscribePage{
		Stage: stage, Action: s.basePath + link.SubscribePath + "/" + r.PathValue("token"), Start: s.basePath + link.SubscribePath,
		Address: result.Address, Cadence: result.Cadence, Locale: result.Locale,
	}
	for _, title := range result.Titles {
		page.Titles = append(page.Titles, templates.SafeLine(title))
	}
	if result.Member != forum.Guest { // the link came to the mailbox that the settings are for
		page.Settings = s.settingsPath(result.Member)
	}
	s.renderSubscribe(w, r, status, page)
}

func (s *Server) renderSubscribe(w http.ResponseWriter, r *http.Request, status int, page subscribePage) {
	page.Forum = s.Forum
	language := s.language(r, forum.Guest)
	if page.Stage != "form" && page.Locale != "" {
		language = s.Pages.Language(page.Locale, r.Header.Get("Accept-Language"))
	}
	s.render(w, status, language, "subscribe", page)
}
