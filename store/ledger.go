package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"postrider/forum"
)

// BroughtPosts returns the posts of a member's digests by the key of the message, whatever became of it. Digests that were sent
// before the store recorded their posts are missing.
func (s Outbox) BroughtPosts(ctx context.Context, member forum.MemberID) (map[string][]forum.PostID, error) {
	all := make(map[string][]forum.PostID)
	err := s.query(ctx, nil, "brought_posts", args{"member": int64(member)}, func(scan scanFunc) error {
		var key, text string
		err := scan(&key, &text)
		if err == nil {
			all[key], err = parsePostIDs(text)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the posts of digests: %w", err)
	}
	return all, nil
}

// OfEditions returns the deferred posts that settled editions of a member had to bring, and have brought or skipped.
func (s Deferred) OfEditions(ctx context.Context, member forum.MemberID) ([]DeferredPost, error) {
	var list []DeferredPost
	err := s.query(ctx, nil, "settled_deferred", args{"member": int64(member)}, func(scan scanFunc) error {
		o := DeferredPost{Member: member}
		err := scan(&o.Edition, &o.Post, &o.Seq, &o.Cause)
		list = append(list, o)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the deferred posts of settled editions: %w", err)
	}
	return list, nil
}

// Upcoming returns the deferred posts of members as the next edition would have them if it were planned now. They include the posts
// of alerts that were not delivered. They leave out posts of editions that were sent or skipped. Those of an edition that still
// waits are only for a next edition that begins before its end, because that one is merged into it. after returns where the next
// edition of a member begins.
func (s Deferred) Upcoming(ctx context.Context, members []forum.MemberID, after func(forum.MemberID) int64) ([]DeferredPost, error) {
	var list []DeferredPost
	err := s.query(ctx, nil, "upcoming_deferred", args{"members": marshalIDs(members)}, func(scan scanFunc) error {
		var o DeferredPost
		var notBefore, waitingUntil int64
		err := scan(&o.Member, &o.Post, &o.Seq, &notBefore, &o.Cause, &o.Reason, &waitingUntil)
		o.NotBefore = timeOrZero(notBefore)
		if waitingUntil == 0 || after(o.Member) < waitingUntil {
			list = append(list, o)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the deferred posts of next editions: %w", err)
	}
	return list, nil
}

// formatPostIDs formats IDs as ascending ranges, for example "4711-4713,4720".
func formatPostIDs(ids []forum.PostID) string {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	var b strings.Builder
	for i := 0; i < len(ids); {
		last := i
		for last+1 < len(ids) && ids[last+1] == ids[last]+1 {
			last++
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatInt(int64(ids[i]), 10))
		if last > i {
			b.WriteByte('-')
			b.WriteString(strconv.FormatInt(int64(ids[last]), 10))
		}
		i = last + 1
	}
	return b.String()
}

// maxRange limits a range of post IDs, in case the text was damaged.
const maxRange = 1 << 20

// parsePostIDs parses the result of formatPostIDs.
func parsePostIDs(text string) (ids []forum.PostID, err error) {
	for part := range strings.SplitSeq(text, ",") {
		from, to, ranged := strings.Cut(part, "-")
		first, err := strconv.ParseInt(from, 10, 64)
		last := first
		if err == nil && ranged {
			last, err = strconv.ParseInt(to, 10, 64)
		}
		if err != nil || last < first || last-first > maxRange {
			return nil, fmt.Errorf("invalid list of posts %q: must be like 4711-4713,4720", text)
		}
		for id := first; id <= last; id++ {
			ids = append(ids, forum.PostID(id))
		}
	}
	return ids, nil
}

// WaitingEdition is a digest that is not settled yet.
type WaitingEdition struct {
	Key       string
	Until     int64     // it covers sightings up to this one
	NotBefore time.Time // zero: in delivery
}

// WaitingEditions returns the digests of members that are not settled yet.
func (s Outbox) WaitingEditions(ctx context.Context, members []forum.MemberID) (map[forum.MemberID]WaitingEdition, error) {
	all := make(map[forum.MemberID]WaitingEdition)
	err := s.query(ctx, nil, "waiting_editions", args{"members": marshalIDs(members)}, func(scan scanFunc) error {
		var member forum.MemberID
		var w WaitingEdition
		var notBefore int64
		err := scan(&member, &w.Key, &w.Until, &notBefore)
		w.NotBefore = timeOrZero(notBefore)
		all[member] = w
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading waiting digests: %w", err)
	}
	return all, nil
}

// CoveredBefore returns the sequence number after which the next edition of a subscriber begins, if that is due at a time. A waiting
// edition that is not sent by then is merged into the next one. A round plans before it sends.
func (w WaitingEdition) CoveredBefore(now, due time.Time, covered int64) int64 {
	inDelivery := w.NotBefore.IsZero()
	if w.Key == "" || !inDelivery && (!due.After(now) || !w.NotBefore.Before(due)) {
		return covered
	}
	return max(covered, w.Until)
}
