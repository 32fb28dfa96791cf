package admin

import (
	"errors"
	"io"
	"math"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"postrider/digest"
	"postrider/store"
	"postrider/templates"
)

// composeView is the data of the template "admin/compose".
type composeView struct {
	pageFrame
	ID       int64 // of the edited draft; 0: a new one
	Variants []variantForm
	Audience audienceForm
	forumOptions
	Speed     string // messages a minute
	Canary    string // percent
	Wait      string // minutes
	Forced    bool
	Languages []templates.LanguageName
	Errors    []formError
}

// HasUnknownEntries reports whether list entries match no member.
func (v composeView) HasUnknownEntries() bool {
	for _, f := range v.Errors {
		if f.Name == "unknown_entries" {
			return true
		}
	}
	return false
}

// checkboxList is a list of groups or sections as checkboxes.
type checkboxList struct {
	Field   string // name of the form field, and a key of "admin_checkboxes"
	Items   []option
	Checked map[int64]bool
}

// CheckboxLists returns all lists of checkboxes.
func (v composeView) CheckboxLists() []checkboxList {
	return []checkboxList{
		{"group", v.Groups, v.Audience.Groups}, {"except_group", v.Groups, v.Audience.ExceptGroups}, {"section", v.Sections, v.Audience.Sections},
	}
}

// variantForm holds the values of a variant's fields.
type variantForm struct {
	Number int // from 1
	digest.Variant
	Errors []string
	Wrong  map[string]bool // the fields at fault, see templates.FieldError
}

// addErrors adds what is wrong with the variant, each fault once.
func (x *variantForm) addErrors(err error) {
	x.Wrong = make(map[string]bool)
	for _, e := range templates.FieldErrors(err) {
		x.Wrong[e.Field] = true
		if text := e.Error(); !slices.Contains(x.Errors, text) {
			x.Errors = append(x.Errors, text)
		}
	}
}

// maxVariants is how many languages the form accepts.
const maxVariants = 20

func (s *Server) composeSamples() []sample {
	full := composeView{
		pageFrame: s.samplePageFrame("announcements"), ID: 1, Speed: "60", Canary: "1", Wait: "60", Forced: true, Languages: s.Pages.LanguageNames(),
		Variants: []variantForm{{1, digest.Variant{Locale: "en", Title: "A title", Body: "A body"}, []string{"a fault"}, map[string]bool{"locale": true, "title": true, "body": true}}, {Number: 2}},
		Audience: audienceForm{Groups: map[int64]bool{1: true}}, forumOptions: forumOptions{[]option{{1, "A group"}}, []option{{1, "A section"}}},
	}
	for _, word := range []string{"number", "day", "list", "unknown_entries", "no_members", "speed"} {
		full.Errors = append(full.Errors, formError{word, "a text"})
	}
	return []sample{{"compose", full}, {"compose", composeView{}}}
}

// compose shows an empty form.
func (s *Server) compose(v *request) {
	defaults := s.Settings.Announce
	s.showCompose(v, http.StatusOK, composeView{
		Variants: []variantForm{{Number: 1, Variant: digest.Variant{Locale: s.Settings.Digest.Locale}}},
		Speed:    intOrEmpty(defaults.Speed), Canary: percent(defaults.Canary), Wait: minutes(defaults.CanaryWait),
	})
}

// edit shows the form of a draft.
func (s *Server) edit(v *request) {
	a, ok := s.loadDraft(v)
	if !ok {
		return
	}
	view := composeView{
		ID: a.ID, Audience: newAudienceForm(a.Audience, s.Zone), Forced: a.Forced,
		Speed: intOrEmpty(a.Speed), Canary: percent(a.Canary.Share * 100), Wait: minutes(a.Canary.Wait),
	}
	for i, x := range a.Variants {
		view.Variants = append(view.Variants, variantForm{Number: i + 1, Variant: x})
	}
	s.showCompose(v, http.StatusOK, view)
}

// loadDraft loads the draft to edit. If it cannot be edited, it writes the response.
func (s *Server) loadDraft(v *request) (store.Announcement, bool) {
	id, ok := v.number()
	if !ok {
		return store.Announcement{}, false
	}
	a, err := s.Store.Announcements.Get(v.r.Context(), id)
	switch {
	case errors.Is(err, store.ErrNoAnnouncement):
		v.messagePage(http.StatusNotFound, "not_found")
	case err != nil:
		v.serverError(err)
	case a.State != store.Draft:
		v.redirect(announcementPath(id))
	default:
		return a, true
	}
	return a, false
}

func (s *Server) showCompose(v *request, status int, view composeView) {
	view.pageFrame, view.Languages = v.newPageFrame("announcements"), s.Pages.LanguageNames()
	var err error
	if view.forumOptions, err = s.forumOptions(v.r.Context()); err != nil {
		v.serverError(err)
		return
	}
	v.render(status, "compose", view)
}

// save saves a new draft or a changed one.
func (s *Server) save(v *request) {
	form := v.r.PostForm
	view := composeView{
		Variants: parseVariants(form["locale"], form["title"], form["body"]), Audience: parseAudienceForm(form, v.r.MultipartForm),
		Speed: strings.TrimSpace(form.Get("speed")), Canary: strings.TrimSpace(form.Get("canary")), Wait: strings.TrimSpace(form.Get("wait")),
		Forced: form.Get("forced") != "",
	}
	if v.r.PathValue("id") != "" {
		a, ok := s.loadDraft(v)
		if !ok {
			return
		}
		view.ID = a.ID
	}
	if form.Get("more") != "" && len(view.Variants) < maxVariants {
		view.Variants = append(view.Variants, variantForm{Number: len(view.Variants) + 1})
		s.showCompose(v, http.StatusOK, view)
		return
	}
	a, valid, err := s.parseForm(v, &view)
	switch {
	case err != nil:
		v.serverError(err)
	case !valid:
		s.showCompose(v, http.StatusUnprocessableEntity, view)
	default:
		s.saveDraft(v, a)
	}
}

// parseVariants returns the variants of a form, without empty ones, except for the first.
func parseVariants(locales, titles, bodies []string) []variantForm {
	var list []variantForm
	for i := range min(len(locales), len(titles), len(bodies), maxVariants) {
		x := digest.Variant{
			Locale: strings.TrimSpace(locales[i]), Title: strings.TrimSpace(titles[i]),
			Body: strings.Trim(strings.ReplaceAll(bodies[i], "\r\n", "\n"), "\n"),
		}
		if i == 0 || x.Title != "" || x.Body != "" {
			list = append(list, variantForm{Number: len(list) + 1, Variant: x})
		}
	}
	if len(list) == 0 {
		list = []variantForm{{Number: 1}}
	}
	return list
}

// parseForm returns the announcement of a form. If the form is not valid, the view gets the errors.
func (s *Server) parseForm(v *request, view *composeView) (a digest.Announcement, valid bool, err error) {
	a = digest.Announcement{ID: view.ID, Forced: view.Forced}
	audience, faults, err := s.audience(v.r.Context(), view.Audience)
	if err != nil {
		return a, false, err
	}
	a.Audience, view.Errors = audience, faults
	s.parseSpeedAndCanary(&a, view)
	valid = true
	for i := range view.Variants {
		x := &view.Variants[i]
		a.Variants = append(a.Variants, x.Variant)
		_, err := s.Renderer.CompileAnnouncement(&digest.Announcement{Variants: []digest.Variant{x.Variant}, Forced: a.Forced}, s.Settings.Digest.MaxBytes)
		if err != nil {
			x.addErrors(err)
			valid = false
		}
	}
	if valid {
		if _, err := s.Renderer.CompileAnnouncement(&a, s.Settings.Digest.MaxBytes); err != nil { // for example two variants in one language
			view.Variants[0].addErrors(err)
			valid = false
		}
	}
	return a, valid && len(view.Errors) == 0, nil
}

// parseSpeedAndCanary parses speed and canary.
func (s *Server) parseSpeedAndCanary(a *digest.Announcement, view *composeView) {
	defaults := s.Settings.Announce
	defaults.Speed, defaults.Canary = 0, 0
	number := func(text string, to *float64) {
		if text == "" {
			return
		}
		n, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", "."), 64)
		if err != nil || math.IsNaN(n) || n < 0 || n > 1e9 {
			view.Errors = append(view.Errors, formError{"number", text})
			return
		}
		*to = n
	}
	var speed, wait float64
	number(view.Speed, &speed)
	number(view.Canary, &defaults.Canary)
	number(view.Wait, &wait)
	defaults.Speed = int(speed)
	if defaults.Canary > 0 {
		defaults.CanaryWait = time.Duration(wait * float64(time.Minute))
	}
	if err := defaults.Validate(); err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			view.Errors = append(view.Errors, formError{"speed", line})
		}
	}
	a.Speed, a.Canary = defaults.Speed, defaults.CanaryPlan()
}

// saveDraft saves a draft and starts to count its audience.
func (s *Server) saveDraft(v *request, a digest.Announcement) {
	ctx, err := v.r.Context(), error(nil)
	if a.ID != 0 {
		err = s.Store.Announcements.Revise(ctx, s.Now(), v.session.Actor, a)
	} else {
		a.ID, err = s.Store.Announcements.Draft(ctx, s.Now(), v.session.Actor, a)
	}
	if s.actionOK(v, a.ID, err) {
		s.startCount(v, a.ID)
		v.redirectDone(announcementPath(a.ID), "draft_saved", 1)
	}
}

func percent(p float64) string { return strconv.FormatFloat(p, 'f', -1, 64) }

func minutes(d time.Duration) string { return strconv.Itoa(int(d / time.Minute)) }

// fileText returns the text of an uploaded file; empty: none.
func fileText(form *multipart.Form, name string) string {
	if form == nil || len(form.File[name]) == 0 {
		return ""
	}
	f, err := form.File[name][0].Open()
	if err != nil {
		return ""
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		return ""
	}
	return string(text)
}
