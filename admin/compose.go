package admin

import (
	"errors"
	"io"
	"math"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"time"

	"postrider/digest"
	"postrider/store"
	"postrider/templates"
)

// composeView is what the template "admin/compose" is given.
type composeView struct {
	pageFrame
	ID       int64 // of the draft that is revised; 0: it is a new one
	Variants []variantForm
	Audience audienceForm
	forumOptions
	Speed   string // mails a minute
	Canary  string // percent
	Wait    string // minutes
	Forced  bool
	Tongues []templates.LanguageName
	Faults  []formError
}

// Unknown tells whether entries of lists name nobody.
func (v composeView) Unknown() bool {
	for _, f := range v.Faults {
		if f.Word == "unknown_entries" {
			return true
		}
	}
	return false
}

// checkboxList is a list of groups or sections to tick.
type checkboxList struct {
	Field  string // of the form, and a word of "admin_ticks"
	Items  []option
	Ticked map[int64]bool
}

// Lists are the lists to tick.
func (v composeView) Lists() []checkboxList {
	return []checkboxList{
		{"group", v.Groups, v.Audience.Groups}, {"except_group", v.Groups, v.Audience.ExceptGroups}, {"section", v.Sections, v.Audience.Sections},
	}
}

// variantForm is a variant as it is filled in.
type variantForm struct {
	Number int // from 1
	digest.Variant
	Faults []string
}

// maxVariants is how many languages an announcement may have here.
const maxVariants = 20

func (s *Server) composeSamples() []sample {
	full := composeView{
		pageFrame: s.sampleTop("announcements"), ID: 1, Speed: "60", Canary: "1", Wait: "60", Forced: true, Tongues: s.Pages.LanguageNames(),
		Variants: []variantForm{{1, digest.Variant{Locale: "en", Title: "A title", Body: "A body"}, []string{"a fault"}}, {Number: 2}},
		Audience: audienceForm{Groups: map[int64]bool{1: true}}, forumOptions: forumOptions{[]option{{1, "A group"}}, []option{{1, "A section"}}},
	}
	for _, word := range []string{"number", "day", "list", "unknown_entries", "no_members", "speed"} {
		full.Faults = append(full.Faults, formError{word, "a text"})
	}
	return []sample{{"compose", full}, {"compose", composeView{}}}
}

// compose shows an empty form.
func (s *Server) compose(v *request) {
	set := s.Settings.Announce
	s.showCompose(v, http.StatusOK, composeView{
		Variants: []variantForm{{Number: 1, Variant: digest.Variant{Locale: s.Settings.Digest.Locale}}},
		Speed:    intOrEmpty(set.Speed), Canary: percent(set.Canary), Wait: minutes(set.CanaryWait),
	})
}

// edit shows the form of a draft.
func (s *Server) edit(v *request) {
	a, ok := s.draft(v)
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

// draft is the announcement that is to be revised. That it cannot be is answered.
func (s *Server) draft(v *request) (store.Announcement, bool) {
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
	view.pageFrame, view.Tongues = v.newPageFrame("announcements"), s.Pages.LanguageNames()
	var err error
	if view.forumOptions, err = s.forumPlaces(v.r.Context()); err != nil {
		v.serverError(err)
		return
	}
	v.render(status, "compose", view)
}

// save keeps what was written as a new draft, or in the place of one.
func (s *Server) save(v *request) {
	form := v.r.PostForm
	view := composeView{
		Variants: parseVariants(form["locale"], form["title"], form["body"]), Audience: parseAudienceForm(form, v.r.MultipartForm),
		Speed: strings.TrimSpace(form.Get("speed")), Canary: strings.TrimSpace(form.Get("canary")), Wait: strings.TrimSpace(form.Get("wait")),
		Forced: form.Get("forced") != "",
	}
	if v.r.PathValue("id") != "" {
		a, ok := s.draft(v)
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
	a, sound, err := s.parseForm(v, &view)
	switch {
	case err != nil:
		v.serverError(err)
	case !sound:
		s.showCompose(v, http.StatusUnprocessableEntity, view)
	default:
		s.saveDraft(v, a)
	}
}

// parseVariants are the variants of a form. What was left empty is none, but for the first.
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

// parseForm is the announcement of a form. Where it is not sound, the view tells what is wrong.
func (s *Server) parseForm(v *request, view *composeView) (a digest.Announcement, sound bool, err error) {
	a = digest.Announcement{ID: view.ID, Forced: view.Forced}
	audience, faults, err := s.audience(v.r.Context(), view.Audience)
	if err != nil {
		return a, false, err
	}
	a.Audience, view.Faults = audience, faults
	s.readPace(&a, view)
	sound = true
	for i := range view.Variants {
		x := &view.Variants[i]
		a.Variants = append(a.Variants, x.Variant)
		_, err := s.Press.CompileAnnouncement(&digest.Announcement{Variants: []digest.Variant{x.Variant}, Forced: a.Forced}, s.Settings.Digest.MaxBytes)
		if err != nil {
			x.Faults, sound = strings.Split(err.Error(), "\n"), false
		}
	}
	if sound {
		if _, err := s.Press.CompileAnnouncement(&a, s.Settings.Digest.MaxBytes); err != nil { // two in one language
			view.Variants[0].Faults, sound = strings.Split(err.Error(), "\n"), false
		}
	}
	return a, sound && len(view.Faults) == 0, nil
}

// readPace reads speed and canary.
func (s *Server) readPace(a *digest.Announcement, view *composeView) {
	set := s.Settings.Announce
	set.Speed, set.Canary = 0, 0
	number := func(text string, to *float64) {
		if text == "" {
			return
		}
		n, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", "."), 64)
		if err != nil || math.IsNaN(n) || n < 0 || n > 1e9 {
			view.Faults = append(view.Faults, formError{"number", text})
			return
		}
		*to = n
	}
	var speed, wait float64
	number(view.Speed, &speed)
	number(view.Canary, &set.Canary)
	number(view.Wait, &wait)
	set.Speed = int(speed)
	if set.Canary > 0 {
		set.CanaryWait = time.Duration(wait * float64(time.Minute))
	}
	if err := set.Validate(); err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			view.Faults = append(view.Faults, formError{"speed", line})
		}
	}
	a.Speed, a.Canary = set.Speed, set.CanaryPlan()
}

// saveDraft writes a draft down, and has its audience counted.
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

// fileOf is the text of a file that a form brought; empty: none.
func fileOf(form *multipart.Form, name string) string {
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
