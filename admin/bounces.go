package admin

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"postrider/bounce"
	"postrider/store"
	"postrider/web"
)

// bouncesView is what the template "admin/bounces" is given.
type bouncesView struct {
	pageFrame
	Members, Suppressed int
	Days                int // that Classes look back
	Classes             []store.ClassCount
	Holds               []store.DomainHold
	Part                string         // of the addresses that are listed; empty: all
	After               string         // the list begins behind this address; empty: with the first
	List                []store.Health // suppressed
	More                string         // the address behind which the list goes on; empty: it does not
	Fault               string         // what was given for an address and is none
	Domain              string
	Class               bounce.Class
	Refusals            []store.Refusal
	Pages               pager
}

// classDays is how far back the page counts refusals.
const classDays = 30

func (s *Server) bouncesPage() page {
	const name = "bounces"
	now := time.Now()
	full := bouncesView{
		pageFrame: s.sampleTop(name), Members: 9, Suppressed: 1, Days: classDays, Holds: []store.DomainHold{{Domain: "a.example", Since: now, Until: now, Reason: "a reason"}},
		List: []store.Health{{Address: "anna@a.example", Member: 1, Health: bounce.Health{SuppressedSince: now, Reason: "dead"}}}, More: "anna@a.example",
		Fault: "anna", Pages: pager{Page: 2, More: true},
	}
	for _, c := range bounce.Classes {
		full.Classes = append(full.Classes, store.ClassCount{Class: c, Refusals: 2})
		full.Refusals = append(full.Refusals, store.Refusal{Key: "digest/1/a", Source: store.FromComplaint, Class: c, Code: 550, Enhanced: "5.1.1", Reply: "no", At: now})
	}
	return page{
		name: name,
		routes: map[string]web.Methods{
			"/bounces":          {http.MethodGet: s.requireLogin(s.bounces)},
			"/bounces/lift":     {http.MethodPost: s.requireLoginAndToken(s.unsuppress)},
			"/bounces/suppress": {http.MethodPost: s.requireLoginAndToken(s.suppress)},
			"/bounces/release":  {http.MethodPost: s.requireLoginAndToken(s.release)},
		},
		doneWords: []string{"unsuppressed", "suppressed", "released"},
		samples:   []sample{{name, full}, {name, bouncesView{}}},
	}
}

// bounces shows what came back, and what follows from it.
func (s *Server) bounces(v *request) { s.showBounces(v, http.StatusOK, "") }

func (s *Server) showBounces(v *request, status int, fault string) {
	view := bouncesView{pageFrame: v.newPageFrame("bounces"), Days: classDays, Fault: fault, Pages: v.pager()}
	q := v.r.URL.Query()
	view.Part, view.After = strings.TrimSpace(q.Get("part")), q.Get("after")
	view.Domain, view.Class = strings.TrimSpace(q.Get("domain")), bounce.Class(q.Get("class"))
	if !slices.Contains(bounce.Classes, view.Class) {
		view.Class = ""
	}
	if err := s.readBounces(v, &view); err != nil {
		v.serverError(err)
		return
	}
	v.render(status, "bounces", view)
}

// readBounces reads what the page shows.
func (s *Server) readBounces(v *request, view *bouncesView) (err error) {
	ctx, now := v.r.Context(), s.Now()
	if view.Members, view.Suppressed, err = s.Store.Suppressions.Stats(ctx, now); err != nil {
		return err
	}
	if view.Classes, err = s.Store.Suppressions.RefusalClasses(ctx, now.AddDate(0, 0, -classDays)); err != nil {
		return err
	}
	if view.Holds, err = s.Store.Holds.Active(ctx, now); err != nil {
		return err
	}
	if view.List, err = s.Store.Suppressions.List(ctx, now, view.Part, view.After, rowsPerPage+1); err != nil {
		return err
	}
	if len(view.List) > rowsPerPage {
		view.List = view.List[:rowsPerPage]
		view.More = view.List[rowsPerPage-1].Address
	}
	f := store.RefusalFilter{Domain: view.Domain, Class: view.Class, Skip: view.Pages.skip(), Limit: rowsPerPage + 1}
	if view.Refusals, err = s.Store.Suppressions.Refusals(ctx, f); err != nil {
		return err
	}
	view.Refusals, view.Pages.More = splitPage(view.Refusals)
	for i, h := range view.Holds {
		view.Holds[i].Since, view.Holds[i].Until = v.local(h.Since), v.local(h.Until)
	}
	for i, h := range view.List {
		view.List[i].SuppressedSince, view.List[i].SuppressedUntil = v.local(h.SuppressedSince), v.local(h.SuppressedUntil)
	}
	for i, r := range view.Refusals {
		view.Refusals[i].At = v.local(r.At)
	}
	return nil
}

// unsuppress lets an address have mail again.
func (s *Server) unsuppress(v *request) { s.liftAddress(v, "/bounces", "unsuppressed") }

// liftAddress lets the address of a form have mail again, and leads back with a word.
func (s *Server) liftAddress(v *request, back, word string) {
	lifted, err := s.Store.Suppressions.Remove(v.r.Context(), []string{v.r.PostForm.Get("address")})
	if err != nil {
		v.serverError(err)
		return
	}
	var deeds []auditAction
	for _, a := range lifted {
		deeds = append(deeds, auditAction{"lift", "suppression", redactAddress(a)})
	}
	v.redirectDone(back, word, len(lifted), deeds...)
}

// suppress ends mail to an address.
func (s *Server) suppress(v *request) {
	address, reason := v.r.PostForm.Get("address"), strings.TrimSpace(v.r.PostForm.Get("reason"))
	h, err := store.ManualSuppression(address, reason, s.Now())
	if err != nil {
		s.showBounces(v, http.StatusUnprocessableEntity, address)
		return
	}
	if err := s.Store.Suppressions.Add(v.r.Context(), s.Now(), []store.Health{h}); err != nil {
		v.serverError(err)
		return
	}
	v.redirectDone("/bounces?part="+url.QueryEscape(h.Address), "suppressed", 1, auditAction{"suppress", "suppression", redactAddress(h.Address)})
}

// release ends a hold before its time.
func (s *Server) release(v *request) {
	domain := v.r.PostForm.Get("domain")
	lifted, err := s.Store.Holds.Release(v.r.Context(), s.Now(), domain)
	if err != nil {
		v.serverError(err)
		return
	}
	if !lifted { // its time is over
		v.redirectDone("/bounces", "released", 0)
		return
	}
	s.Wake()
	v.redirectDone("/bounces", "released", 1, auditAction{"release", "hold", domain})
}

// redactAddress is what the audit log tells of an address, for it holds none.
func redactAddress(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	first := []rune(local)
	return string(first[:min(len(first), 1)]) + "…@" + domain
}
