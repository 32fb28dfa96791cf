package source

import (
	"context"
	"fmt"
	"strings"
	"time"

	"postrider/forum"
	"postrider/internal/finding"
)

// DigestChoices counts the members who chose something in the forum's own settings about its digests, by frequency.
type DigestChoices map[string]int

// Add counts a member.
func (c DigestChoices) Add(m forum.Member) {
	if f := m.Digests.Frequency(); f != "" {
		c[f]++
	}
}

// String is like "members chose on the forum: 30 daily, 512 weekly, 40 off". It is empty if nobody chose anything.
func (c DigestChoices) String() string {
	var list []string
	for _, f := range forum.DigestFrequencies() {
		if n := c[f]; n > 0 {
			list = append(list, fmt.Sprintf("%d %s", n, strings.Replace(f, "two_weeks", "every two weeks", 1)))
		}
	}
	if len(list) == 0 {
		return ""
	}
	return "members chose on the forum: " + strings.Join(list, ", ")
}

// applyDigestChoice sets what the member chose on the forum about its digests. "Off" and an opt-out of digests are the same.
func applyDigestChoice(m *forum.Member, column string, optOuts *forum.Kinds) (err error) {
	if m.Digests, err = forum.ParseDigestChoice(column); err != nil {
		return err
	}
	if optOuts.Has(forum.Digests) {
		m.Digests = forum.NoDigests
	}
	if m.Digests == forum.NoDigests {
		*optOuts |= forum.Digests
	}
	return nil
}

// maxCountedSubscribers limits how many subscribers are read to count their choices.
const maxCountedSubscribers = 100_000

// CheckDigests counts what subscribers chose about the forum's own digests, and warns if the forum still sends them. [DB.Check] leaves
// it out, because it reads all subscribers.
func (db *DB) CheckDigests(ctx context.Context, now time.Time) []finding.Finding {
	choices, err := db.countDigestChoices(ctx, now)
	var sends bool
	if err == nil {
		sends, err = db.sendsDigests(ctx)
	}
	var all []finding.Finding
	if text := choices.String(); text != "" {
		all = append(all, finding.OK("digest choices", text+"; Postrider follows them: see docs/preferences.md"))
	}
	switch {
	case err != nil:
		all = append(all, finding.Warn("digests", err.Error(), "replace the query own_digests in the file of [forum] queries, or make timeout in [forum] longer"))
	case sends:
		all = append(all, finding.Warn("digests", "the forum sends digests of its own, so members get two", "switch them off: docs/forums.md, \"The forum's own digests\", says how"))
	}
	return all
}

func (db *DB) countDigestChoices(ctx context.Context, now time.Time) (DigestChoices, error) {
	choices := make(DigestChoices)
	var after forum.MemberID
	for counted := 0; after != EndOfWatchers && counted < maxCountedSubscribers; counted += chunkSize {
		err := db.Read(ctx, func(s *Snapshot) (err error) {
			var page []forum.Member
			if page, after, err = s.SubscriberPage(ctx, after, chunkSize, now); err != nil {
				return err
			}
			for _, m := range page {
				if m.NoMail == "" {
					choices.Add(m)
				}
			}
			return nil
		})
		if err != nil {
			return choices, fmt.Errorf("counting what members chose about digests: %w", err)
		}
	}
	return choices, nil
}

// sendsDigests reports whether the forum itself sends digests. It is false if that is not known.
func (db *DB) sendsDigests(ctx context.Context) (sends bool, err error) {
	err = db.Read(ctx, func(s *Snapshot) error {
		return s.queryNamed(ctx, "own_digests", params{}, columns{"sends": &sends}, func() error { return nil })
	})
	return sends, err
}
