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
	top
	ID       int64 // of the draft that is revised; 0: it is a new one
	Variants []variantForm
	Audience audienceForm
	places
	Speed   string // mails a minute
	Canary  string // percent
	Wait    string // minutes
	Forced  bool
	Tongues []templates.Tongue
	Faults  []fault
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

// tickList is a list of groups or sections to tick.
type tickList struct {
	Field  string // of the form, and a word of "admin_ticks"
	Items  []named
	Ticked map[int64]bool
}

// Lists are the lists to tick.
func (v composeView) Lists() []tickList {
	return []tickList{
		{"group", v.Groups, v.Audience.Groups}, {"except_group", v.Groups, v.Audience.ExceptGroups}, {"section", v.Sections, v.Audience.Sections},
	}
}

// variantForm is a variant as it is filled in.
type variantForm struct {
	Number int // from 1
	digest.Variant
	Faults []string
}

// mostVariants is how many languages an announcement may have here.
const mostVariants = 20

func (s *Server) composeSamples() []sample {
	full := composeView{
		top: s.sampleTop("announcements"), ID: 1, Speed: "60", Canary: "1", Wait: "60", Forced: true, Tongues: s.Pages.Tongues(),
		Variants: []variantForm{{1, digest.Variant{Locale: "en", Title: "A title", Body: "A body"}, []string{"a fault"}}, {Number: 2}},
		Audience: audienceForm{Groups: map[int64]bool{1: true}}, places: places{[]named{{1, "A group"}}, []named{{1, "A section"}}},
	}
	for _, word := range []string{"number", "day", "list", "unknown_entries", "no_members", "speed"} {
		full.Faults = append(full.Faults, fault{word, "a text"})
	}
	return []sample{{"compose", full}, {"compose", composeView{}}}
}

// compose shows an empty form.
func (s *Server) compose(v *visit) {
	set := s.Set.Announce
	s.showCompose(v, http.StatusOK, composeView{
		Variants: []variantForm{{Number: 1, Variant: digest.Variant{Locale: s.Set.Digest.Locale}}},
		Speed:    unlessZero(set.Speed), Canary: percent(set.Canary), Wait: minutes(set.CanaryWait),
	})
}

// edit shows the form of a draft.
func (s *Server) edit(v *visit) {
	a, ok := s.draft(v)
	if !ok {
		return
	}
	view := composeView{
		ID: a.ID, Audience: writtenAudience(a.Audience, s.Zone), Forced: a.Forced,
		Speed: unlessZero(a.Speed), Canary: percent(a.Canary.Share * 100), Wait: minutes(a.Canary.Wait),
	}
	for i, x := range a.Variants {
		view.Variants = append(view.Variants, variantForm{Number: i + 1, Variant: x})
	}
	s.showCompose(v, http.StatusOK, view)
}

// draft is the announcement that is to be revised. That it cannot be is answered.
func (s *Server) draft(v *visit) (store.Announcement, bool) {
	id, ok := v.number()
	if !ok {
		return store.Announcement{}, false
	}
	a, err := s.Store.Announcement(v.r.Context(), id)
	switch {
	case errors.Is(err, store.ErrNoAnnouncement):
		v.notice(http.StatusNotFound, "not_found")
	case err != nil:
		v.fault(err)
	case a.State != store.Draft:
		v.lead(announcementPath(id))
	default:
		return a, true
	}
	return a, false
}

func (s *Server) showCompose(v *visit, status int, view composeView) {
	view.top, view.Tongues = v.top("announcements"), s.Pages.Tongues()
	var err error
	if view.places, err = s.forumPlaces(v.r.Context()); err != nil {
		v.fault(err)
		return
	}
	v.show(status, "compose", view)
}

// save keeps what was written as a new draft, or in the place of one.
func (s *Server) save(v *visit) {
	form := v.r.PostForm
	view := composeView{
		Variants: filledVariants(form["locale"], form["title"], form["body"]), Audience: filledAudience(form, v.r.MultipartForm),
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
	if form.Get("more") != "" && len(view.Variants) < mostVariants {
		view.Variants = append(view.Variants, variantForm{Number: len(view.Variants) + 1})
		s.showCompose(v, http.StatusOK, view)
		return
	}
	a, sound, err := s.written(v, &view)
	switch {
	case err != nil:
		v.fault(err)
	case !sound:
		s.showCompose(v, http.StatusUnprocessableEntity, view)
	default:
		s.keep(v, a)
	}
}

// filledVariants are the variants of a form. What was left empty is none, but for the first.
func filledVariants(locales, titles, bodies []string) []variantForm {
	var list []variantForm
	for i := range min(len(locales), len(titles), len(bodies), mostVariants) {
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

// written is the announcement of a form. Where it is not sound, the view tells what is wrong.
func (s *Server) written(v *visit, view *composeView) (a digest.Announcement, sound bool, err error) {
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
		_, err := s.Press.Notice(&digest.Announcement{Variants: []digest.Variant{x.Variant}, Forced: a.Forced}, s.Set.Digest.MaxBytes)
		if err != nil {
			x.Faults, sound = strings.Split(err.Error(), "\n"), false
		}
	}
	if sound {
		if _, err := s.Press.Notice(&a, s.Set.Digest.MaxBytes); err != nil { // two in one language
			view.Variants[0].Faults, sound = strings.Split(err.Error(), "\n"), false
		}
	}
	return a, sound && len(view.Faults) == 0, nil
}

// readPace reads speed and canary.
func (s *Server) readPace(a *digest.Announcement, view *composeView) {
	set := s.Set.Announce
	set.Speed, set.Canary = 0, 0
	number := func(text string, to *float64) {
		if text == "" {
			return
		}
		n, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", "."), 64)
		if err != nil || math.IsNaN(n) || n < 0 || n > 1e9 {
			view.Faults = append(view.Faults, fault{"number", text})
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
			view.Faults = append(view.Faults, fault{"speed", line})
		}
	}
	a.Speed, a.Canary = set.Speed, set.CanaryOf()
}

// keep writes a draft down, and has its audience counted.
func (s *Server) keep(v *visit, a digest.Announcement) {
	ctx, err := v.r.Context(), error(nil)
	if a.ID != 0 {
		err = s.Store.ReviseAnnouncement(ctx, s.Now(), v.session.Actor, a)
	} else {
		a.ID, err = s.Store.DraftAnnouncement(ctx, s.Now(), v.session.Actor, a)
	}
	if s.ordered(v, a.ID, err) {
		s.countDraft(v, a.ID)
		v.done(announcementPath(a.ID), "draft_saved", 1)
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
