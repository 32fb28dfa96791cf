package source

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"postrider/forum"
)

// MemberIDs lists up to limit members with IDs greater than after, in ascending order. It includes every account.
func (s *Snapshot) MemberIDs(ctx context.Context, after forum.MemberID, limit int) ([]forum.MemberID, error) {
	if !s.db.has("roster") {
		return s.ascendingMembers(ctx, "watching", after, limit)
	}
	return s.ascendingMembers(ctx, "roster", after, limit)
}

// ascendingMembers runs a query that lists members. If it does not list them in ascending order, the next page would leave out some.
func (s *Snapshot) ascendingMembers(ctx context.Context, query string, after forum.MemberID, limit int) ([]forum.MemberID, error) {
	ids := make([]forum.MemberID, 0, limit)
	var id forum.MemberID
	last := after
	err := s.queryNamed(ctx, query, params{"after": after, "limit": limit}, columns{"id": &id}, func() error {
		if id <= last {
			return outOfOrder("id", int64(id), int64(last))
		}
		last = id
		ids = append(ids, id)
		return nil
	})
	return ids, err
}

// outOfOrder is the error of a query that is read page by page, and does not sort its rows.
func outOfOrder(column string, value, before int64) error {
	return fmt.Errorf("%s %d comes after %d: rows must be sorted by %s in ascending order, and begin after :after", column, value, before, column)
}

// Profiles reads what announcements filter members by. Deleted accounts are not in the result.
func (s *Snapshot) Profiles(ctx context.Context, ids []forum.MemberID) (map[forum.MemberID]forum.Profile, error) {
	all := make(map[forum.MemberID]forum.Profile, len(ids))
	if !s.db.has("profiles") {
		for _, id := range ids {
			all[id] = forum.Profile{Unknown: true}
		}
		return all, nil
	}
	var id forum.MemberID
	var posts, joined, visited int64
	r := columns{"id": &id, "posts": &posts, "joined_at": &joined, "visited_at": &visited}
	err := queryChunked(ctx, s, "profiles", "ids", ids, nil, r, func() error {
		p := forum.Profile{Posts: int(posts)}
		if joined > 0 {
			p.JoinedAt = unix(joined)
		}
		if visited > 0 {
			p.VisitedAt = unix(visited)
		}
		all[id] = p
		return nil
	})
	return all, err
}

// Groups lists the forum's permission groups, by ascending ID.
func (s *Snapshot) Groups(ctx context.Context) ([]forum.Group, error) {
	var list []forum.Group
	var g forum.Group
	err := s.queryNamed(ctx, "groups", nil, columns{"id": &g.ID, "title": &g.Title}, func() error {
		g.Title = s.name(g.Title)
		list = append(list, g)
		return nil
	})
	return list, err
}

// Memberships reads the groups of members. Members without a group are not in the result.
func (s *Snapshot) Memberships(ctx context.Context, ids []forum.MemberID) (map[forum.MemberID][]forum.GroupID, error) {
	all := make(map[forum.MemberID][]forum.GroupID, len(ids))
	var member forum.MemberID
	var in string
	err := queryChunked(ctx, s, "memberships", "members", ids, nil, columns{"member_id": &member, "in_groups": &in}, func() error {
		for part := range strings.SplitSeq(in, ",") {
			part = strings.TrimSpace(part)
			if part == "" { // MyBB leaves empty parts
				continue
			}
			id, err := strconv.ParseInt(part, 10, 64)
			if err != nil {
				return fmt.Errorf("groups of member %d are %q: %q is not a number", member, in, part)
			}
			all[member] = append(all[member], forum.GroupID(id))
		}
		return nil
	})
	return all, err
}
