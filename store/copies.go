package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"postrider/forum"
)

// SentPost is a post in a copy of a message.
type SentPost struct {
	Post   forum.PostID
	Folded bool // the message has no room for it: it is only counted, or only its thread's title is shown
}

// Copies returns the copies that a relay has or may have of a member's digests and alerts, by the key of the message, oldest first.
// They are those of messages that wait or were settled since a time. Several copies of a message have the same Message-ID. Of an accepted message, the relay has the last one, and may have the others.
// Digests that were sent before migration 0020, and alerts before 0024, are missing.
func (s Outbox) Copies(ctx context.Context, member forum.MemberID, since time.Time) (map[string][][]SentPost, error) {
	all := make(map[string][][]SentPost)
	err := s.query(ctx, nil, "copies", args{"member": int64(member), "since": since.Unix()}, func(scan scanFunc) error {
		var key, text string
		if err := scan(&key, &text); err != nil {
			return err
		}
		copies, err := parseCopies(text)
		all[key] = copies
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the posts of messages: %w", err)
	}
	return all, nil
}

// CopiesOf returns the copies that a relay has or may have of one message, oldest first.
func (s Outbox) CopiesOf(ctx context.Context, key string) (copies [][]SentPost, err error) {
	err = s.query(ctx, nil, "copies_of", args{"key": key}, func(scan scanFunc) error {
		var text string
		if err := scan(&text); err != nil {
			return err
		}
		copies, err = parseCopies(text)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the posts of %s: %w", key, err)
	}
	return copies, nil
}

// EarlierPosts returns the posts of all copies that may have arrived of messages that will be repeated, by their keys.
func (s Outbox) EarlierPosts(ctx context.Context, keys []string) (map[string]map[forum.PostID]bool, error) {
	text, err := marshalRows(keys)
	if err != nil {
		return nil, err
	}
	all := make(map[string]map[forum.PostID]bool)
	err = s.query(ctx, nil, "earlier_copies", args{"keys": text}, func(scan scanFunc) error {
		var key, text string
		if err := scan(&key, &text); err != nil {
			return err
		}
		copies, err := parseCopies(text)
		all[key] = make(map[forum.PostID]bool)
		for _, p := range slices.Concat(copies...) {
			all[key][p.Post] = true
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the posts of messages to be repeated: %w", err)
	}
	return all, nil
}

// CoveredPost is a post of a member that their editions have covered, by the sequence number of one of its sightings.
type CoveredPost struct {
	Member forum.MemberID `json:"m"`
	Post   forum.PostID   `json:"p"`
	Seq    int64          `json:"seq"`
}

// BroughtBefore returns which of the posts were in the digest of their member that covers their sighting, or in the later one that
// they were deferred to.
func (s Outbox) BroughtBefore(ctx context.Context, list []CoveredPost) (map[forum.MemberID][]forum.PostID, error) {
	text, err := marshalRows(list)
	if err != nil {
		return nil, err
	}
	all := make(map[forum.MemberID][]forum.PostID)
	err = s.query(ctx, nil, "covering_digests", args{"rows": text}, func(scan scanFunc) error {
		var x CoveredPost
		var text string
		if err := scan(&x.Member, &x.Post, &text); err != nil {
			return err
		}
		copies, err := parseCopies(text)
		if slices.ContainsFunc(slices.Concat(copies...), func(p SentPost) bool { return p.Post == x.Post }) {
			all[x.Member] = append(all[x.Member], x.Post)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the digests that covered moved posts: %w", err)
	}
	return all, nil
}

// foldedMark follows posts that are folded.
const foldedMark = "f"

// formatCopy formats posts as ascending ranges, those that are folded with a mark, for example "4711-4713,4720f".
func formatCopy(posts []SentPost) string {
	posts = slices.Clone(posts)
	slices.SortFunc(posts, func(a, b SentPost) int { return cmp.Compare(a.Post, b.Post) })
	posts = slices.CompactFunc(posts, func(a, b SentPost) bool { return a.Post == b.Post })
	var b strings.Builder
	for i := 0; i < len(posts); {
		last := i
		for last+1 < len(posts) && posts[last+1].Post == posts[last].Post+1 && posts[last+1].Folded == posts[i].Folded {
			last++
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatInt(int64(posts[i].Post), 10))
		if last > i {
			b.WriteByte('-')
			b.WriteString(strconv.FormatInt(int64(posts[last].Post), 10))
		}
		if posts[i].Folded {
			b.WriteString(foldedMark)
		}
		i = last + 1
	}
	return b.String()
}

// maxRange limits a range of post IDs, in case the text was damaged.
const maxRange = 1 << 20

// parseCopies parses the copies of a message.
func parseCopies(text string) (copies [][]SentPost, err error) {
	for one := range strings.SplitSeq(text, "/") {
		posts, err := parseCopy(one)
		if err != nil {
			return nil, err
		}
		copies = append(copies, posts)
	}
	return copies, nil
}

// parseCopy parses the result of formatCopy.
func parseCopy(text string) (posts []SentPost, err error) {
	for part := range strings.SplitSeq(text, ",") {
		ids, folded := strings.CutSuffix(part, foldedMark)
		from, to, ranged := strings.Cut(ids, "-")
		first, err := strconv.ParseInt(from, 10, 64)
		last := first
		if err == nil && ranged {
			last, err = strconv.ParseInt(to, 10, 64)
		}
		if err != nil || last < first || last-first > maxRange {
			return nil, fmt.Errorf("invalid list of posts %q: must be like 4711-4713,4720f", text)
		}
		for id := first; id <= last; id++ {
			posts = append(posts, SentPost{forum.PostID(id), folded})
		}
	}
	return posts, nil
}
