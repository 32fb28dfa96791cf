package source

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"postrider/forum"
)

// Watches reads what members watch and mute. Members who do neither are not in the result.
func (s *Snapshot) Watches(ctx context.Context, ids []forum.MemberID) (map[forum.MemberID]forum.Watches, error) {
	all := make(map[forum.MemberID]forum.Watches, len(ids))
	var member forum.MemberID
	of := func() forum.Watches {
		w, known := all[member]
		if !known {
			w = forum.Watches{Sections: make(map[forum.SectionID]forum.Watch), Threads: make(map[forum.ThreadID]forum.Watch)}
			all[member] = w
		}
		return w
	}
	var section forum.SectionID
	var level int64
	mailLevel := int64(-1) // no such column
	digests := false
	r := columns{"member_id": &member, "section_id": &section, "level": &level, "mail?": &mailLevel, "digests?": &digests}
	err := queryChunked(ctx, s, "section_watches", "members", ids, nil, r, func() error {
		if level != int64(forum.NewThreads) && level != int64(forum.AllPosts) {
			return fmt.Errorf("invalid level %d: must be 1 or 2", level)
		}
		mail := mailLevel
		if mail == -1 {
			mail = level
		}
		if mail < 0 || mail > int64(forum.AllPosts) {
			return fmt.Errorf("invalid mail level %d: must be 0, 1 or 2", mail)
		}
		of().Sections[section] = s.db.watch(forum.Watch{Level: forum.Level(level), Mail: forum.Level(mail)}, digests)
		return nil
	})
	if err != nil {
		return nil, err
	}
	var thread forum.ThreadID
	mail := true
	digests = false
	r = columns{"member_id": &member, "thread_id": &thread, "mail?": &mail, "digests?": &digests}
	err = queryChunked(ctx, s, "thread_watches", "members", ids, nil, r, func() error {
		w := forum.Watch{Level: forum.AllPosts}
		if mail {
			w.Mail = forum.AllPosts
		}
		of().Threads[thread] = s.db.watch(w, digests)
		return nil
	})
	if err != nil {
		return nil, err
	}
	mutes, err := s.Mutes(ctx, ids)
	for id, m := range mutes {
		w := all[id]
		w.Muted, w.MutedSections, w.DirectInMuted = m.Muted, m.MutedSections, m.DirectInMuted
		all[id] = w
	}
	return all, err
}

// Mutes reads which threads and sections members muted on the forum, without what they watch. Members who muted nothing are not
// in the result.
func (s *Snapshot) Mutes(ctx context.Context, ids []forum.MemberID) (map[forum.MemberID]forum.Watches, error) {
	all := make(map[forum.MemberID]forum.Watches)
	var member forum.MemberID
	var thread forum.ThreadID
	var section forum.SectionID
	r := columns{"member_id": &member, "thread_id": &thread, "section_id?": &section}
	err := queryChunked(ctx, s, "mutes", "members", ids, nil, r, func() error {
		w, known := all[member]
		if !known {
			w = forum.Watches{Muted: make(map[forum.ThreadID]bool), MutedSections: make(map[forum.SectionID]bool), DirectInMuted: s.db.kind.tellsMuted}
			all[member] = w
		}
		if thread != 0 {
			w.Muted[thread] = true
		} else {
			w.MutedSections[section] = true
		}
		return nil
	})
	return all, err
}

// watch returns a watch with the effect of [forum] mail_flag_off. digests: the member asked the forum for digests of it.
func (db *DB) watch(w forum.Watch, digests bool) forum.Watch {
	w.Silent = w.Mail == 0 && !digests && db.mailFlagOff == MailFlagOffNothing
	return w
}

// Ignores reads which members each member ignores. Members who ignore no one are not in the result.
func (s *Snapshot) Ignores(ctx context.Context, ids []forum.MemberID) (map[forum.MemberID]map[forum.MemberID]bool, error) {
	all := make(map[forum.MemberID]map[forum.MemberID]bool)
	var member forum.MemberID
	var ignored string
	err := queryChunked(ctx, s, "ignores", "members", ids, nil, columns{"member_id": &member, "ignored": &ignored}, func() error {
		for part := range strings.SplitSeq(ignored, ",") {
			id, err := strconv.ParseInt(strings.TrimSpace(part), 10, 64)
			if err != nil || id <= 0 { // MyBB leaves empty parts for deleted accounts
				continue
			}
			if all[member] == nil {
				all[member] = make(map[forum.MemberID]bool)
			}
			all[member][forum.MemberID(id)] = true
		}
		return nil
	})
	return all, err
}

// ReadMarks reads how far members have read on the site. Every member in ids is in the result.
func (s *Snapshot) ReadMarks(ctx context.Context, ids []forum.MemberID, now time.Time) (map[forum.MemberID]forum.ReadMarks, error) {
	var days int
	if s.db.kind.visitReads || s.db.has("thread_reads") || s.db.has("section_reads") {
		days = keptForever
	}
	if err := s.queryNamed(ctx, "read_days", nil, columns{"days": &days}, func() error { return nil }); err != nil {
		return nil, err
	}
	since := now.UTC().AddDate(0, 0, -days)
	all, err := s.ReadMarksSince(ctx, ids, since)
	for id, marks := range all {
		marks.KeptSince = since
		all[id] = marks
	}
	return all, err
}

// Visits reads when members last visited the forum. Members without a known visit are not in the result.
func (s *Snapshot) Visits(ctx context.Context, ids []forum.MemberID) (map[forum.MemberID]time.Time, error) {
	all := make(map[forum.MemberID]time.Time, len(ids))
	var member forum.MemberID
	var at int64
	err := queryChunked(ctx, s, "visits", "members", ids, nil, columns{"member_id": &member, "visited_at": &at}, func() error {
		if at > 0 {
			all[member] = unix(at)
		}
		return nil
	})
	return all, err
}

// ReadMarksSince reads what members have read on the site since a moment, without setting KeptSince. Every member in ids is in the
// result.
func (s *Snapshot) ReadMarksSince(ctx context.Context, ids []forum.MemberID, moment time.Time) (map[forum.MemberID]forum.ReadMarks, error) {
	all := make(map[forum.MemberID]forum.ReadMarks, len(ids))
	for _, id := range ids {
		all[id] = forum.ReadMarks{Threads: make(map[forum.ThreadID]time.Time), Sections: make(map[forum.SectionID]time.Time)}
	}
	since := params{"since": moment.Unix()}
	var member forum.MemberID
	var at int64
	var section forum.SectionID
	err := queryChunked(ctx, s, "section_reads", "members", ids, since, columns{"member_id": &member, "section_id": &section, "read_at": &at}, func() error {
		if at := unix(at); at.After(all[member].Sections[section]) { // phpBB has one for the section and one for all
			all[member].Sections[section] = at
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var thread forum.ThreadID
	err = queryChunked(ctx, s, "thread_reads", "members", ids, since, columns{"member_id": &member, "thread_id": &thread, "read_at": &at}, func() error {
		all[member].Threads[thread] = unix(at)
		return nil
	})
	if err == nil && s.db.kind.visitReads {
		err = s.markVisits(ctx, ids, all)
	}
	return all, err
}

// Participation returns which of the threads each member has started or written a visible post in.
func (s *Snapshot) Participation(ctx context.Context, members []forum.MemberID, threads []forum.ThreadID) (map[forum.MemberID]map[forum.ThreadID]bool, error) {
	if !s.db.has("took_part") {
		return s.startersOf(ctx, members, threads)
	}
	all := make(map[forum.MemberID]map[forum.ThreadID]bool)
	var member forum.MemberID
	var thread forum.ThreadID
	keep := func() error {
		if all[member] == nil {
			all[member] = make(map[forum.ThreadID]bool)
		}
		all[member][thread] = true
		return nil
	}
	r := columns{"member_id": &member, "thread_id": &thread}
	for some := range slices.Chunk(threads, chunkSize) {
		if err := queryChunked(ctx, s, "took_part", "members", members, params{"threads": some}, r, keep); err != nil {
			return nil, err
		}
	}
	return all, nil
}
