package daemon

import (
	"context"
	"fmt"

	"postrider/forum"
	"postrider/source"
)

// groups reads the groups of members.
func (b *base) groups(ctx context.Context, members []forum.MemberID) (all map[forum.MemberID][]forum.GroupID, err error) {
	err = b.Forum.Read(ctx, func(s *source.Snapshot) error {
		all, err = s.Memberships(ctx, members)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading groups: %w", err)
	}
	return all, nil
}
