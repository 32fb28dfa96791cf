package source

import (
	"context"
	"slices"
	"strings"

	"postrider/forum"
)

// MembersOfGroups finds the members of groups that posts mention by ID, if the forum tells them of the mention.
func (s *Snapshot) MembersOfGroups(ctx context.Context, ids []forum.GroupID) (map[forum.GroupID][]forum.MemberID, error) {
	found := make(map[forum.GroupID][]forum.MemberID)
	if !s.db.has("members_of_groups") {
		return found, nil
	}
	var group forum.GroupID
	var id forum.MemberID
	err := queryChunked(ctx, s, "members_of_groups", "groups", ids, nil, columns{"group_id": &group, "member_id": &id}, func() error {
		found[group] = append(found[group], id)
		return nil
	})
	return found, err
}

// MembersOfNamedGroups finds the members of groups by the groups' names, ignoring case. Only groups whose mention the forum tells their
// members have any. The keys of the result are the names as given.
func (s *Snapshot) MembersOfNamedGroups(ctx context.Context, names []string) (map[string][]forum.MemberID, error) {
	found := make(map[string][]forum.MemberID)
	if len(names) == 0 || !s.db.has("group_members") {
		return found, nil
	}
	asked := make(map[string][]string, len(names))
	for _, name := range names {
		asked[strings.ToLower(name)] = append(asked[strings.ToLower(name)], name)
	}
	var id forum.MemberID
	var name string
	r := columns{"name": &name, "member_id": &id}
	for part := range slices.Chunk(spellings(asked, s.db.kind.stored), chunkSize) {
		err := s.queryTexts(ctx, "group_members", "names", part, r, func() error {
			for _, as := range asked[strings.ToLower(name)] {
				found[as] = append(found[as], id)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}
