package source

import (
	"context"
	"fmt"
	"strings"
	"time"

	"postrider/forum"
)

// The values of [forum] opt_out: what an opt-out in the forum's settings applies to.
const (
	OptOutByKind = "by_kind" // the kind of email that the forum's own switch is about
	OptOutAll    = "all"     // all email
)

// parseOptOuts parses the column opt_outs of the query members.
func parseOptOuts(column string) (kinds forum.Kinds, err error) {
	for word := range strings.SplitSeq(column, ",") {
		switch strings.TrimSpace(word) {
		case "":
		case "announcements":
			kinds |= forum.Announcements
		case "alerts":
			kinds |= forum.Alerts
		case "digests":
			kinds |= forum.Digests
		default:
			return 0, fmt.Errorf("invalid opt_outs %q: must be announcements, alerts or digests, separated by commas", column)
		}
	}
	return kinds, nil
}

// applyOptOuts sets what the member opted out of. A query from before there were kinds reports an opt-out in no_mail.
func (db *DB) applyOptOuts(m *forum.Member, kinds forum.Kinds) {
	m.OptOuts = kinds
	if m.NoMail == OptedOut {
		m.NoMail, m.OptOuts, m.Digests = "", forum.AllKinds, forum.NoDigests
	}
	if db.optOut == OptOutAll && m.OptOuts != 0 {
		m.OptOuts = forum.AllKinds
	}
}

// mailable counts the members who may get email. Some of them opted out of a kind.
type mailable struct {
	members, withOptOuts int
	of                   int // counted among this many members only; 0: all
}

func (s *Snapshot) mailable(ctx context.Context, now time.Time) (mailable, error) {
	if !s.db.has("mailable") {
		return s.sampleMailable(ctx, now)
	}
	var members int
	acceptingAll := -1
	r := columns{"members": &members, "accepting_all?": &acceptingAll}
	err := s.queryNamed(ctx, "mailable", params{"now": now.Unix()}, r, func() error { return nil })
	switch {
	case acceptingAll < 0: // the administrator's query does not count them
		return mailable{members: members}, err
	case s.db.optOut == OptOutAll:
		return mailable{members: acceptingAll}, err
	}
	return mailable{members: members, withOptOuts: members - acceptingAll}, err
}

// sampleMailable counts among the first members, for a forum without the query mailable.
func (s *Snapshot) sampleMailable(ctx context.Context, now time.Time) (n mailable, err error) {
	ids, err := s.MemberIDs(ctx, 0, chunkSize)
	if err != nil {
		return n, err
	}
	members, err := s.Members(ctx, ids, now)
	for _, m := range members {
		if m.NoEmail() != "" && m.NoMail != NotARecipient {
			continue
		}
		n.members++
		if m.OptOuts != 0 {
			n.withOptOuts++
		}
	}
	if len(ids) == chunkSize {
		n.of = chunkSize
	}
	return n, err
}

// recipients reads which members may get email according to the administrator's query. It is nil if there is no such query.
func (s *Snapshot) recipients(ctx context.Context, ids []forum.MemberID) (map[forum.MemberID]bool, error) {
	if !s.db.has("recipients") {
		return nil, nil
	}
	all := make(map[forum.MemberID]bool)
	var id forum.MemberID
	err := queryChunked(ctx, s, "recipients", "ids", ids, nil, columns{"id": &id}, func() error {
		all[id] = true
		return nil
	})
	return all, err
}
