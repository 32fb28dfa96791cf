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
	ids := make([]forum.MemberID, 0, limit)
	var id forum.MemberID
	err := s.queryNamed(ctx, "roster", params{"after": after, "limit": limit}, columns{"id": &id}, func() error {
		ids = append(ids, id)
		return nil
	})
	return ids, err
}

// Profiles reads what announcements filter members by. Deleted accounts are not in the result.
func (s *Snapshot) Profiles(ctx context.Context, ids []forum.MemberID) (map[forum.MemberID]forum.Profile, error) {
	all := make(map[forum.MemberID]forum.Profile, len(ids))
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
