package source

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"postrider/forum"
	"postrider/internal/finding"
	"postrider/markup"
)

// ThreadMarks reads what the forum shows next to the titles of threads. Threads without any mark are not in the result.
func (s *Snapshot) ThreadMarks(ctx context.Context, ids []forum.ThreadID) (map[forum.ThreadID]forum.ThreadMarks, error) {
	found := make(map[forum.ThreadID]forum.ThreadMarks)
	var id forum.ThreadID
	var m forum.ThreadMarks
	err := queryChunked(ctx, s, "prefixes", "ids", ids, nil, columns{"id": &id, "prefix": &m.Prefix}, func() error {
		found[id] = forum.ThreadMarks{Prefix: s.title(m.Prefix)}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, queryChunked(ctx, s, "solved", "ids", ids, nil, columns{"id": &id}, func() error {
		m = found[id]
		m.Solved = true
		found[id] = m
		return nil
	})
}

// pollLimit is the maximum length of a poll's question, in characters.
const pollLimit = 300

// addExtras adds the names of attached files and the questions of polls.
func (s *Snapshot) addExtras(ctx context.Context, ids []forum.PostID, found map[forum.PostID]*forum.Content) error {
	var id forum.PostID
	var text string
	err := queryChunked(ctx, s, "attachments", "ids", ids, nil, columns{"post_id": &id, "name": &text}, func() error {
		if c := found[id]; c != nil && len(c.Attachments) < forum.AttachmentNames {
			c.Attachments = append(c.Attachments, s.name(text))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return queryChunked(ctx, s, "polls", "ids", ids, nil, columns{"id": &id, "question": &text}, func() error {
		if c := found[id]; c != nil {
			c.Poll = s.parse(text, s.db.markupLinks()).Summary(markup.Labels{}, pollLimit)
		}
		return nil
	})
}

// findLost finds the extra queries that cannot be run, because the forum lacks a table or a column or the account a right.
func (db *DB) findLost(ctx context.Context, d *dialect) error {
	d.lost = make(map[string]error)
	return db.transaction(ctx, func(s *Snapshot) error {
		for _, q := range contract() {
			if _, defined := db.queries[q.name]; !defined || !slices.Contains(extraQueries, q.name) {
				continue
			}
			err := s.probeQuery(ctx, q)
			if absence(err) == absentNothing && err != nil {
				return fmt.Errorf("query %s: %w", q.name, err)
			}
			if err != nil {
				d.lost[q.name] = err
			}
		}
		return nil
	})
}

// checkExtras says what emails lack because an extra query cannot be run.
func (db *DB) checkExtras(ctx context.Context) []finding.Finding {
	d, err := db.currentDialect(ctx)
	if err != nil {
		return nil // checkCodes reports it
	}
	without := map[string]string{
		"prefixes":    "emails do not show prefixes of threads",
		"solved":      "emails do not show which threads are solved",
		"attachments": "emails do not name attached files",
		"polls":       "emails do not show the questions of polls",
	}
	var all []finding.Finding
	var absent []string
	for _, name := range extraQueries {
		switch why := d.lost[name]; {
		case why == nil:
		case absence(why) == absentTable: // an older version, or an add-on that is not installed
			absent = append(absent, fmt.Sprintf("%s (%v)", without[name], why))
		default:
			all = append(all, finding.Warn(name, fmt.Sprintf("%s: %v", without[name], why),
				fmt.Sprintf("grant SELECT on this table to the account in [forum] dsn, or replace the query %q in the file of [forum] queries", name)))
		}
	}
	if len(absent) > 0 {
		all = append(all, finding.OK("extras", strings.Join(absent, "\n")))
	}
	return all
}
