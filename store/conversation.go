package store

import (
	"context"
	"fmt"
	"time"

	"postrider/digest"
	"postrider/forum"
)

// Items are what alerts are to bring, by their keys and by the numbers of the sightings.
func (s Alerts) Items(ctx context.Context, keys []string) (map[string][]digest.AlertItem, error) {
	text, err := marshalRows(keys)
	if err != nil {
		return nil, err
	}
	all := make(map[string][]digest.AlertItem, len(keys))
	err = s.query(ctx, nil, "notices", args{"keys": text}, func(scan scanFunc) error {
		var key string
		var n digest.AlertItem
		var posted int64
		err := scan(&key, &n.Member, &n.Post, &n.Thread, &n.Section, &n.Seq, &posted, &n.Cause)
		n.PostedAt = time.Unix(posted, 0).UTC()
		all[key] = append(all[key], n)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading notices: %w", err)
	}
	return all, nil
}

// EarlierAlertKeys gives, of each alert, up to so many that went out before it in the same thread, the oldest first. One that
// holds several threads has none.
func (s Alerts) EarlierAlertKeys(ctx context.Context, keys []string, most int) (map[string][]string, error) {
	text, err := marshalRows(keys)
	if err != nil {
		return nil, err
	}
	all := make(map[string][]string)
	err = s.query(ctx, nil, "replied", args{"keys": text, "most": most}, func(scan scanFunc) error {
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

// EarlierPost is a post that was sighted before others of its thread.
type EarlierPost struct {
	Post     forum.PostID
	Seq      int64
	PostedAt time.Time
}

// Before are the newest posts, up to so many, that were sighted in threads before the numbers given, the oldest first.
func (s Sightings) Before(ctx context.Context, before map[forum.ThreadID]int64, most int) (map[forum.ThreadID][]EarlierPost, error) {
	list := make([]noticeRow, 0, len(before))
	for thread, seq := range before {
		list = append(list, noticeRow{Thread: thread, Seq: seq})
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

type subjectRow struct {
	Thread forum.ThreadID `json:"t"`
	Title  string         `json:"title"`
}

// SaveSubjects gives what the first alert of each thread called it: the title it has now, if there was none before.
func (s Alerts) SaveSubjects(ctx context.Context, titles map[forum.ThreadID]string) (map[forum.ThreadID]string, error) {
	kept, err := s.Subjects(ctx, titles)
	if err != nil || len(kept) == len(titles) {
		return kept, err
	}
	var fresh []subjectRow
	for id, title := range titles {
		if _, known := kept[id]; !known {
			fresh = append(fresh, subjectRow{id, sanitizeText(title)})
		}
	}
	if err := execRows(ctx, s.database, nil, "keep_subjects", fresh); err != nil {
		return nil, fmt.Errorf("keeping subjects: %w", err)
	}
	return s.Subjects(ctx, titles)
}

// Subjects gives what the first alerts of threads called them, as far as there were any.
func (s Alerts) Subjects(ctx context.Context, titles map[forum.ThreadID]string) (map[forum.ThreadID]string, error) {
	threads := make([]forum.ThreadID, 0, len(titles))
	for id := range titles {
		threads = append(threads, id)
	}
	kept := make(map[forum.ThreadID]string, len(titles))
	err := s.query(ctx, nil, "subjects", args{"ids": marshalIDs(threads)}, func(scan scanFunc) error {
		var id forum.ThreadID
		var title string
		err := scan(&id, &title)
		kept[id] = title
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading subjects: %w", err)
	}
	return kept, nil
}
