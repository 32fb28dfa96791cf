package source

import (
	"context"
	"strings"

	"postrider/forum"
	"postrider/internal/finding"
)

// SampleAddresses returns the addresses of the newest post that anyone can see, of its thread, its section and its author. They are a
// few at most.
func (db *DB) SampleAddresses(ctx context.Context) ([]string, error) {
	var list []string
	err := db.Read(ctx, func(s *Snapshot) error {
		last, err := s.LastPostID(ctx)
		if err != nil || last == 0 {
			return err
		}
		recent, err := s.PostsAfter(ctx, max(0, last-1000), sampleRows)
		if err != nil {
			return err
		}
		for i := len(recent) - 1; i >= 0; i-- {
			a := recent[i]
			if !a.Visible {
				continue
			}
			if err := s.readAddresses(ctx, a); err != nil {
				return err
			}
			list = append(list, db.links.Section(a.Section), db.links.Thread(a.Thread), db.links.Post(a.Thread, a.Post))
			if a.Author != forum.Guest {
				list = append(list, db.links.Member(a.Author))
			}
			return nil
		}
		return nil
	})
	var known []string
	for _, address := range list {
		if address != "" {
			known = append(known, address)
		}
	}
	return known, err
}

// readAddresses reads a post with its thread and section, as far as the forum stores their addresses.
func (s *Snapshot) readAddresses(ctx context.Context, a forum.Arrival) error {
	_, err := s.Sections(ctx)
	if err == nil {
		_, err = s.Threads(ctx, []forum.ThreadID{a.Thread})
	}
	if err == nil {
		_, err = s.Posts(ctx, []forum.PostID{a.Post})
	}
	return err
}

// CheckMissing says what applies for each query that a home-made forum lacks.
func (db *DB) CheckMissing() []finding.Finding {
	if !db.kind.homemade {
		return nil // others lack what their software lacks
	}
	var lines []string
	for _, q := range contract() {
		if !db.has(q.name) && q.without != "" {
			lines = append(lines, q.name+": "+q.without)
		}
	}
	if db.kind.public {
		lines = append(lines, "rights: Everyone may read every section that is not closed (\"public: yes\").")
	}
	if len(lines) == 0 {
		return nil
	}
	return []finding.Finding{finding.OK("optional queries", "these are not there:\n"+strings.Join(lines, "\n"))}
}
