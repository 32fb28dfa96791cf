package store

import (
	"context"
	"fmt"
	"time"

	"postrider/forum"
)

// DayQuery asks for what a member has had since his day began.
type DayQuery struct {
	Member  forum.MemberID
	Since   time.Time
	Claimed int // mails of his that the asker itself has claimed
}

// DayUsage is what a member has had in a day of his.
type DayUsage struct {
	Mails   int  // that arrived, or may have, or that others are handing over
	Digests bool // an edition is due to him some time
}

type dayRow struct {
	Member int64 `json:"m"`
	Since  int64 `json:"since"`
}

// Days answers for many members at once.
func (s Outbox) Days(ctx context.Context, asks []DayQuery) (map[forum.MemberID]DayUsage, error) {
	list, claimed := make([]dayRow, len(asks)), make(map[forum.MemberID]int, len(asks))
	for i, a := range asks {
		list[i], claimed[a.Member] = dayRow{int64(a.Member), a.Since.Unix()}, a.Claimed
	}
	text, err := marshalRows(list)
	if err != nil {
		return nil, err
	}
	days := make(map[forum.MemberID]DayUsage, len(asks))
	err = s.query(ctx, nil, "days", args{"rows": text}, func(scan scanFunc) error {
		var member forum.MemberID
		var d DayUsage
		var leased int
		err := scan(&member, &d.Mails, &leased, &d.Digests)
		d.Mails += max(0, leased-claimed[member])
		days[member] = d
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("counting the mails of %d members: %w", len(asks), err)
	}
	return days, nil
}
