package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"postrider/forum"
	"postrider/source"
	"postrider/web"
)

// membersView is the data of the template "admin/members".
type membersView struct {
	pageFrame
	Query string
	Hits  []forum.Member
}

func (s *Server) membersPage() page {
	const one = "/members/{id}"
	return page{
		name: "members",
		routes: map[string]web.Methods{
			"/members":      {http.MethodGet: s.requireLogin(s.findMembers)},
			one:             {http.MethodGet: s.requireLogin(s.member)},
			one + "/digest": {http.MethodGet: s.requireLogin(s.nextDigest)},
			one + "/lift":   {http.MethodPost: s.requireLoginAndToken(s.unsuppressMember)},
		},
		doneWords: []string{"member_unsuppressed"},
		samples: append(s.memberSamples(),
			sample{"members", membersView{pageFrame: s.samplePageFrame("members"), Query: "anna", Hits: []forum.Member{{ID: 1, Name: "Anna", Email: "anna@a.example", NoMail: "banned"}}}},
			sample{"members", membersView{Query: "anna"}}, sample{"members", membersView{}}),
	}
}

// findMembers searches for members. If it finds exactly one, it redirects to the member's page.
func (s *Server) findMembers(v *request) {
	view := membersView{pageFrame: v.newPageFrame("members"), Query: strings.TrimSpace(v.r.URL.Query().Get("q"))}
	if view.Query != "" {
		var err error
		if view.Hits, err = s.find(v.r.Context(), view.Query); err == nil && len(view.Hits) == 0 {
			view.Hits, err = s.search(v.r.Context(), view.Query)
		}
		if err != nil {
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

// search finds members whose names begin with a text, up to one page.
func (s *Server) search(ctx context.Context, begins string) (hits []forum.Member, err error) {
	err = s.Forum.Read(ctx, func(snapshot *source.Snapshot) error {
		ids, err := snapshot.Search(ctx, begins, rowsPerPage)
		if err != nil || len(ids) == 0 {
			return err
		}
		hits, err = snapshot.Members(ctx, ids, s.Now())
		slices.SortFunc(hits, func(a, b forum.Member) int { return cmp.Compare(slices.Index(ids, a.ID), slices.Index(ids, b.ID)) })
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("searching members: %w", err)
	}
	return hits, nil
}

func memberPath(id forum.MemberID) string { return fmt.Sprintf("/members/%d", id) }
