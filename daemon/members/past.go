package members

import (
	"context"
	"slices"
	"time"

	"postrider/forum"
	"postrider/store"
)

// PastMessage is a message that a relay accepted for a member.
type PastMessage struct {
	Key   string // in the outbox
	Kind  string // "digest", "alert" or "announcement"
	At    time.Time
	Posts int
}

// PastMessages lists the latest messages to a member that are still stored, the newest first.
func (d *Service) PastMessages(ctx context.Context, member forum.MemberID, limit int) (list []PastMessage, err error) {
	all, err := d.store.Outbox.MemberMessages(ctx, member, time.Unix(0, 0))
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b store.Message) int { return b.Settled.Compare(a.Settled) })
	for _, m := range all {
		if m.State == store.StateAccepted && m.Kind != store.KindConfirmation && len(list) < limit {
			list = append(list, PastMessage{m.Key, m.Kind, m.Settled, m.Last.Posts})
		}
	}
	return list, nil
}
