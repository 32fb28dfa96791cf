package store

import (
	"context"
	"fmt"
	"time"

	"postrider/forum"
)

// DayQuery asks how many messages a member got since their day began.
type DayQuery struct {
	Member  forum.MemberID
	Since   time.Time
	Claimed int // messages to the member that the caller itself has claimed
}

// DayUsage is what a member got since their day began.
type DayUsage struct {
	Messages int  // accepted, uncertain, or leased by another daemon
	Digests  bool // the member gets digests
}

type dayRow struct {
	Member int64 `json:"m"`
	Since  int64 `json:"since"`
}

// Days answers the queries of many members in one statement.
func (s Outbox) Days(ctx context.Context, queries []DayQuery) (map[forum.MemberID]DayUsage, error) {
	list, claimed := make([]dayRow, len(queries)), make(map[forum.MemberID]int, len(queries))
	for i, a := range queries {
		list[i], claimed[a.Member] = dayRow{int64(a.Member), a.Since.Unix()}, a.Claimed
	}
	text, err := marshalRows(list)
	if err != nil {
		return nil, err
	}
	days := make(map[forum.MemberID]DayUsage, len(queries))
	err = s.query(ctx, nil, "day_usage", args{"rows": text}, func(scan scanFunc) error {
		var member forum.MemberID
		var d DayUsage
		var leased int
		err := scan(&member, &d.Messages, &leased, &d.Digests)
		d.Messages += max(0, leased-claimed[member])
		days[member] = d
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("counting today's messages of %d members: %w", len(queries), err)
	}
	return days, nil
}
