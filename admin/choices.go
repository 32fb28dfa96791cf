package admin

import (
	"errors"
	"net/http"
	"strings"

	"postrider/daemon/members"
	"postrider/forum"
	"postrider/templates"
	"postrider/web"
)

// choicesView is the data of the template "admin/choices".
type choicesView struct {
	pageFrame
	web.ChoicesFields
	Name       string // of the member
	MemberPath string // of the member's page, below the root
	Seen       string // the choices that the form was filled with, see members.Account.Fingerprint
	Outdated   bool   // the choices changed since the form was made; it shows the current ones
}

func (s *Server) choicesSamples() []sample {
	full := choicesView{pageFrame: s.samplePageFrame("members"), ChoicesFields: web.SampleChoices("Forum", s.Pages), Name: "Anna", MemberPath: "/members/1"}
	outdated, faulty := full, full
	outdated.Outdated = true
	faulty.Errors = []string{"zone", "quiet", "pause", "form"}
	return []sample{{"choices", full}, {"choices", outdated}, {"choices", faulty}}
}

// choicesForm returns the form of the settings page: administrators can choose what the member can.
func (s *Server) choicesForm() web.ChoicesForm {
	return web.ChoicesForm{Members: s.memberService, Pages: s.Pages, Forum: templates.SafeLine(s.Site.Name), Now: s.Now, ByAdmin: true}
}

// choices shows a member's choices in a form.
func (s *Server) choices(v *request) {
	if a, ok := s.readAccount(v); ok {
		s.showChoices(v, http.StatusOK, a, choicesView{ChoicesFields: s.choicesForm().Fields(a, web.WatchListOf(v.r))})
	}
}

// readAccount loads the member of the request. If there is none, it writes the response.
func (s *Server) readAccount(v *request) (a members.Account, ok bool) {
	n, ok := v.number()
	if !ok {
		return a, false
	}
	a, err := s.memberService.Account(v.r.Context(), s.Now(), forum.MemberID(n))
	switch {
	case errors.Is(err, forum.ErrNoMember):
		v.messagePage(http.StatusNotFound, "not_found")
		return a, false
	case err != nil:
		v.serverError(err)
		return a, false
	}
	return a, true
}

func (s *Server) showChoices(v *request, status int, a members.Account, view choicesView) {
	view.pageFrame, view.MemberPath, view.Seen = v.newPageFrame("members"), memberPath(a.Member.ID), a.Fingerprint()
	view.Name, view.Action = templates.SafeLine(a.Member.Name), v.basePath+view.MemberPath+"/choices"
	v.render(status, "choices", view)
}

// saveChoices saves a member's choices, as if the member had chosen them. What the member chooses later applies instead.
func (s *Server) saveChoices(v *request) {
	a, ok := s.readAccount(v)
	if !ok {
		return
	}
	if v.r.PostForm.Get("seen") != a.Fingerprint() { // the member was faster
		s.showChoices(v, http.StatusConflict, a, choicesView{ChoicesFields: s.choicesForm().Fields(a, web.WatchListOf(v.r)), Outdated: true})
		return
	}
	read := s.choicesForm().Read(a, v.r.PostForm, web.WatchListOf(v.r))
	if len(read.Fields.Errors) > 0 {
		s.showChoices(v, http.StatusUnprocessableEntity, a, choicesView{ChoicesFields: read.Fields})
		return
	}
	path := memberPath(a.Member.ID)
	changes := a.Changes(read.Preferences, read.Overrides)
	if len(changes) == 0 {
		v.redirectDone(path, "choices_same", 0)
		return
	}
	if err := s.memberService.UpdatePreferences(v.r.Context(), s.Now(), a, read.Preferences, read.Overrides); err != nil {
		v.serverError(err)
		return
	}
	v.redirectDone(path, "choices_saved", len(changes), auditAction{"change choices", memberObject(a.Member.ID), strings.Join(changes, "; ")})
}
