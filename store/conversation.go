package store

import (
	"context"
	"fmt"
	"time"

	"postrider/digest"
	"postrider/forum"
)

// Items returns the items of alerts by the keys of the alerts, each list ordered by sighting.
func (s Alerts) Items(ctx context.Context, keys []string) (map[string][]digest.AlertItem, error) {
	text, err := marshalRows(keys)
	if err != nil {
		return nil, err
	}
	all := make(map[string][]digest.AlertItem, len(keys))
	err = s.query(ctx, nil, "alert_items", args{"keys": text}, func(scan scanFunc) error {
		var key string
		var n digest.AlertItem
		var posted int64
		err := scan(&key, &n.Member, &n.Post, &n.Thread, &n.Section, &n.Seq, &posted, &n.Cause)
		n.PostedAt = time.Unix(posted, 0).UTC()
		all[key] = append(all[key], n)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading alert items: %w", err)
	}
	return all, nil
}

// EarlierAlertKeys returns, for each alert, the keys of up to most alerts that were sent before it in the same thread, oldest
// first. An alert with several threads has none.
func (s Alerts) EarlierAlertKeys(ctx context.Context, keys []string, most int) (map[string][]string, error) {
	text, err := marshalRows(keys)
	if err != nil {
		return nil, err
	}
	all := make(map[string][]string)
	err = s.query(ctx, nil, "earlier_alerts", args{"keys": text, "most": most}, func(scan scanFunc) error {
		var key, before string
		err := scan(&key, &before)
		all[key] = append([]string{before}, all[key]...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading earlier alerts: %w", err)
	}
	return all, nil
}

// Unanswered returns, of the conversations of these items, those in which the member got an alert and has not posted since.
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
	var last []digest.LastAlert
	err = s.query(ctx, nil, "unanswered_alerts", args{"rows": text}, func(scan scanFunc) error {
		var t digest.LastAlert
		var until, sent int64
		err := scan(&t.Member, &t.Thread, &until, &sent)
		t.Until, t.SentAt = time.Unix(until, 0).UTC(), timeOrZero(sent)
		last = append(last, t)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading unanswered alerts: %w", err)
	}
	return last, nil
}

// EarlierPost is a post that was sighted before others of its thread.
type EarlierPost struct {
	Post     forum.PostID
	Seq      int64
	PostedAt time.Time
}

// Before returns, for each thread, up to most posts that were sighted just before the given sequence number, oldest first.
func (s Sightings) Before(ctx context.Context, before map[forum.ThreadID]int64, most int) (map[forum.ThreadID][]EarlierPost, error) {
	list := make([]alertItemRow, 0, len(before))
	for thread, seq := range before {
		list = append(list, alertItemRow{Thread: thread, Seq: seq})
	}
	text, err := marshalRows(list)
	if err != nil {
		return nil, err
	}
	all := make(map[forum.ThreadID][]EarlierPost)
	err = s.query(ctx, nil, "sighted_before", args{"rows": text, "most": most}, func(scan scanFunc) error {
		var thread forum.ThreadID
		var e EarlierPost
		var posted int64
		err := scan(&thread, &e.Seq, &e.Post, &posted)
		e.PostedAt = time.Unix(posted, 0).UTC()
		all[thread] = append(all[thread], e)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading earlier posts: %w", err)
	}
	return all, nil
}
