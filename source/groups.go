package source

import (
	"context"
	"slices"
	"strings"

	"postrider/forum"
)

// MembersOfGroups finds the members of groups by the groups' names, ignoring case. Only groups whose mention the forum tells their
// members have any. The keys of the result are the names as given.
func (s *Snapshot) MembersOfGroups(ctx context.Context, names []string) (map[string][]forum.MemberID, error) {
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
