package store

import (
	"context"
	"fmt"
	"time"

	"postrider/digest"
	"postrider/forum"
)

// Unanswered asks which of these conversations an alert has gone out in that the member has not answered by writing there.
func (s Alerts) Unanswered(ctx context.Context, notices []digest.AlertItem) ([]digest.LastAlert, error) {
	asked := make(map[conversation]bool)
	var list []alertRow
	for _, n := range notices {
		if c := (conversation{n.Member, n.Thread}); !asked[c] {
			asked[c] = true
			list = append(list, alertRow{Member: n.Member, Thread: n.Thread})
		}
	}
	if len(list) == 0 {
		return nil, nil
	}
	text, err := marshalRows(list)
	if err != nil {
		return nil, err
	}
	var told []digest.LastAlert
	err = s.query(ctx, nil, "told", args{"rows": text}, func(scan scanFunc) error {
		var t digest.LastAlert
		var until int64
		err := scan(&t.Member, &t.Thread, &until)
		t.Until = time.Unix(until, 0).UTC()
		told = append(told, t)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading who was told: %w", err)
	}
	return told, nil
}

// InstantOverrides are the members after one and up to another who want some of these threads or sections at once.
func (s Preferences) InstantOverrides(ctx context.Context, threads []forum.ThreadID, sections []forum.SectionID, after, until forum.MemberID) ([]forum.MemberID, error) {
	var list []forum.MemberID
	a := args{"threads": marshalIDs(threads), "sections": marshalIDs(sections), "after": int64(after), "until": int64(until)}
	err := s.query(ctx, nil, "instant_wishes", a, func(scan scanFunc) error {
		var id forum.MemberID
		err := scan(&id)
		list = append(list, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading wishes: %w", err)
	}
	return list, nil
}
