package admin

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"postrider/bounce"
	"postrider/forum"
	"postrider/store"
	"postrider/web"
)

// bouncesView is the data of the template "admin/bounces".
type bouncesView struct {
	pageFrame
	labels
	Members, Suppressed int
	Days                int // covered by Classes
	Classes             []store.ClassCount
	Holds               []store.DomainHold
	TwoRelays           bool           // each of them says which relay it is about
	Search              string         // list only addresses that contain this; empty: all
	After               string         // the list starts after this address; empty: with the first
	List                []store.Health // suppressed
	NextAfter           string         // the next page starts after this address; empty: there is none
	InvalidAddress      string         // the entered address that is invalid
	Domain              string
	Class               bounce.Class
	Refusals            []store.Refusal
	Pages               pager
}

// classDays is how many days of rejected messages the page counts.
const classDays = 30

func (s *Server) bouncesPage() page {
	const name = "bounces"
	now := time.Now()
	full := bouncesView{
		pageFrame: s.samplePageFrame(name), Members: 9, Suppressed: 1, Days: classDays, TwoRelays: true,
		Holds: []store.DomainHold{{Domain: "a.example", Since: now, Until: now, Reason: "a reason"}, {Relay: store.AnnouncementRelay, Domain: "a.example", Since: now, Until: now}},
		List:  []store.Health{{Address: "anna@a.example", Member: 1, Health: bounce.Health{SuppressedSince: now, Reason: "dead"}}}, NextAfter: "anna@a.example",
		InvalidAddress: "anna", Pages: pager{Page: 2, More: true},
	}
	for _, c := range bounce.Classes {
		full.Classes = append(full.Classes, store.ClassCount{Class: c, Refusals: 2})
		full.Refusals = append(full.Refusals, store.Refusal{Key: "digest/1/a", Source: store.FromComplaint, Class: c, Code: 550, Enhanced: "5.1.1", Reply: "no", Stage: "RCPT TO", At: now})
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

// bounces shows rejected messages, suppressions and holds.
func (s *Server) bounces(v *request) { s.showBounces(v, http.StatusOK, "") }

func (s *Server) showBounces(v *request, status int, fault string) {
	view := bouncesView{pageFrame: v.newPageFrame("bounces"), Days: classDays, InvalidAddress: fault, Pages: v.pager()}
	q := v.r.URL.Query()
	view.Search, view.After = strings.TrimSpace(q.Get("part")), q.Get("after")
	view.Domain, view.Class = strings.TrimSpace(q.Get("domain")), bounce.Class(q.Get("class"))
	if !slices.Contains(bounce.Classes, view.Class) {
		view.Class = ""
	}
	if err := s.readBounces(v, &view); err != nil {
		v.serverError(err)
		return
	}
	view.labels = v.bounceLabels(&view)
	v.render(status, "bounces", view)
}

// bounceLabels reads the labels of the rejected messages and of the members whose addresses are suppressed.
func (v *request) bounceLabels(view *bouncesView) labels {
	var keys []string
	for _, r := range view.Refusals {
		keys = append(keys, r.Key)
	}
	var members []forum.MemberID
	for _, h := range view.List {
		members = append(members, h.Member)
	}
	return v.labels(keys, members...)
}

// readBounces loads what the page shows.
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
	if view.TwoRelays = s.Settings.TwoRelays(); !view.TwoRelays {
		view.Holds = slices.DeleteFunc(view.Holds, func(h store.DomainHold) bool { return h.Relay != store.SharedRelay })
	}
	if view.List, err = s.Store.Suppressions.List(ctx, now, view.Search, view.After, rowsPerPage+1); err != nil {
		return err
	}
	if len(view.List) > rowsPerPage {
		view.List = view.List[:rowsPerPage]
		view.NextAfter = view.List[rowsPerPage-1].Address
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

// unsuppress removes an address from the suppression list.
func (s *Server) unsuppress(v *request) { s.unsuppressAddress(v, "/bounces", "unsuppressed") }

// unsuppressAddress removes the address in a form from the suppression list, and redirects.
func (s *Server) unsuppressAddress(v *request, back, confirmation string) {
	removed, err := s.Store.Suppressions.Remove(v.r.Context(), []string{v.r.PostForm.Get("address")})
	if err != nil {
		v.serverError(err)
		return
	}
	var actions []auditAction
	for _, a := range removed {
		actions = append(actions, auditAction{"lift", "suppression", redactAddress(a)})
	}
	v.redirectDone(back, confirmation, len(removed), actions...)
}

// suppress adds an address to the suppression list.
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

// release ends a hold early. Messages that wait for it are due.
func (s *Server) release(v *request) {
	hold := store.DomainHold{Relay: v.r.PostForm.Get("relay"), Domain: v.r.PostForm.Get("domain")}
	released, err := s.Store.Holds.Release(v.r.Context(), s.Now(), hold.Key())
	if err != nil {
		v.serverError(err)
		return
	}
	if !released { // it has ended already
		v.redirectDone("/bounces", "released", 0)
		return
	}
	s.Wake()
	object := hold.Domain
	if hold.Relay != store.SharedRelay {
		object += " " + hold.Table()
	}
	v.redirectDone("/bounces", "released", 1, auditAction{"release", "hold", object})
}

// redactAddress shortens an address for the audit log, which stores none.
func redactAddress(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	first := []rune(local)
	return string(first[:min(len(first), 1)]) + "…@" + domain
}
