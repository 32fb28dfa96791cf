package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"postrider/forum"
	"postrider/source"
	"postrider/web"
)

// membersView is the data of the template "admin/members".
type membersView struct {
	pageFrame
	Query string
	Hits  []forum.Member
	More  bool // there are more members than Hits
	Slow  bool // the search for parts of names took too long
}

func (s *Server) membersPage() page {
	const one = "/members/{id}"
	return page{
		name: "members",
		routes: map[string]web.Methods{
			"/members":       {http.MethodGet: s.requireLogin(s.findMembers)},
			one:              {http.MethodGet: s.requireLogin(s.member)},
			one + "/digest":  {http.MethodGet: s.requireLogin(s.nextDigest)},
			one + "/lift":    {http.MethodPost: s.requireLoginAndToken(s.unsuppressMember)},
			one + "/choices": {http.MethodGet: s.requireLogin(s.choices), http.MethodPost: s.requireLoginAndToken(s.saveChoices)},
		},
		doneWords: []string{"member_unsuppressed", "choices_saved", "choices_same"},
		samples: append(append(s.memberSamples(), s.choicesSamples()...),
			sample{"members", membersView{pageFrame: s.samplePageFrame("members"), Query: "anna", Hits: []forum.Member{{ID: 1, Name: "Anna", Email: "anna@a.example", NoMail: "banned"}}}},
			sample{"members", membersView{Query: "anna", Slow: true}}, sample{"members", membersView{Query: "anna", Hits: []forum.Member{{ID: 1, Name: "Anna"}}, More: true}}, sample{"members", membersView{}}),
	}
}

// findMembers searches for members. If it finds exactly one, it redirects to the member's page.
func (s *Server) findMembers(v *request) {
	view := membersView{pageFrame: v.newPageFrame("members"), Query: strings.TrimSpace(v.r.URL.Query().Get("q"))}
	if view.Query != "" {
		if err := s.findAll(v.r.Context(), &view); err != nil {
			v.serverError(err)
			return
		}
	}
	if len(view.Hits) == 1 {
		v.redirect(memberPath(view.Hits[0].ID))
		return
	}
	v.render(http.StatusOK, "members", view)
}

// find finds members by ID, name or address.
func (s *Server) find(ctx context.Context, who string) (hits []forum.Member, err error) {
	ids, _, err := s.resolver.ResolveList(ctx, []string{who})
	if err != nil {
		return nil, err
	}
	err = s.Forum.Read(ctx, func(snapshot *source.Snapshot) error {
		if len(ids) > 0 {
			if hits, err = snapshot.Members(ctx, ids, s.Now()); err != nil {
				return err
			}
		}
		named, err := snapshot.FindMember(ctx, who, s.Now()) // a name may be a number
		if errors.Is(err, forum.ErrNoMember) {
			return nil
		}
		if err == nil && !slices.ContainsFunc(hits, func(m forum.Member) bool { return m.ID == named.ID }) {
			hits = append(hits, named)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("finding members: %w", err)
	}
	return hits, nil
}

// searchTimeout limits the search for parts of names, which may read the names of all members.
const searchTimeout = 5 * time.Second

// findAll finds the members that a query may mean: by ID, name or address, and by the beginning or, last, any part of a name.
func (s *Server) findAll(ctx context.Context, view *membersView) (err error) {
	view.Hits, err = s.find(ctx, view.Query)
	if _, notANumber := strconv.ParseInt(view.Query, 10, 64); err != nil || notANumber == nil && len(view.Hits) > 0 {
		return err
	}
	if err := s.search(ctx, view, (*source.Snapshot).Search); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, searchTimeout)
	defer cancel()
	err = s.search(limited, view, (*source.Snapshot).SearchAnyPart)
	if view.Slow = err != nil && ctx.Err() == nil && limited.Err() != nil; view.Slow {
		s.Log.Warn("the search for a part of a name took too long", "err", err)
		return nil
	}
	return err
}

// search adds the members that a search of the forum finds, up to one page.
func (s *Server) search(ctx context.Context, view *membersView, search func(*source.Snapshot, context.Context, string, int) ([]forum.MemberID, error)) error {
	var hits []forum.Member
	err := s.Forum.Read(ctx, func(snapshot *source.Snapshot) error {
		ids, err := search(snapshot, ctx, view.Query, rowsPerPage+1)
		if err != nil || len(ids) == 0 {
			return err
		}
		hits, err = snapshot.Members(ctx, ids, s.Now())
		slices.SortFunc(hits, func(a, b forum.Member) int { return cmp.Compare(slices.Index(ids, a.ID), slices.Index(ids, b.ID)) })
		return err
	})
	if err != nil {
		return fmt.Errorf("searching members: %w", err)
	}
	for _, hit := range hits {
		switch {
		case slices.ContainsFunc(view.Hits, func(m forum.Member) bool { return m.ID == hit.ID }):
		case len(view.Hits) == rowsPerPage:
			view.More = true
		default:
			view.Hits = append(view.Hits, hit)
		}
	}
	return nil
}

// memberObject is the name of a member in the audit log.
func memberObject(id forum.MemberID) string { return fmt.Sprintf("member/%d", id) }

func memberPath(id forum.MemberID) string { return fmt.Sprintf("/members/%d", id) }
