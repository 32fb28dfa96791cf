package source

import (
	"context"
	"fmt"
	"strconv"

	"postrider/internal/finding"
)

// checkCounters compares how many posts threads have by the forum's own count with how many the queries would show. A forum whose
// flags mean something else than its type expects gives itself away there. A few threads may differ: forums miscount, and a post may
// arrive in between.
func (s *Snapshot) checkCounters(ctx context.Context) []finding.Finding {
	var thread, stored, counted int64
	threads, different := 0, 0
	example := ""
	r := columns{"thread_id": &thread, "stored": &stored, "counted": &counted}
	err := s.queryNamed(ctx, "counters", nil, r, func() error {
		threads++
		if stored != counted {
			different++
			example = fmt.Sprintf("thread %d has %d visible posts by the forum's own count, and %d by its queries", thread, stored, counted)
		}
		return nil
	})
	if err != nil || threads == 0 { // checkQueries reports the error
		return nil
	}
	text := fmt.Sprintf("the forum's own counts agree in %d of the %d newest threads", threads-different, threads)
	fix := "rebuild the forum's counters (in its admin area). If that changes nothing, the forum marks posts in another way than type " + s.db.kind.name +
		" expects: compare previews with what members see, and replace the queries in the file of [forum] queries"
	switch {
	case different == 0:
		return []finding.Finding{finding.OK("counters", text)}
	case different > threads/2 && different > 4:
		return []finding.Finding{finding.Fail("counters", text+"; "+example, fix)}
	}
	return []finding.Finding{finding.Warn("counters", text+"; "+example, fix)}
}

// checkMemberCounters compares the forum's own number of members with the one that the queries find. It may lag a little.
func (s *Snapshot) checkMemberCounters(ctx context.Context) []finding.Finding {
	var text string
	var counted int64
	found := false
	err := s.queryNamed(ctx, "member_counters", nil, columns{"stored": &text, "counted": &counted}, func() error {
		found = true
		return nil
	})
	if err != nil || !found { // checkQueries reports the error
		return nil
	}
	stored, err := s.db.kind.countOf(text)
	if err != nil {
		return []finding.Finding{finding.Warn("member counters", fmt.Sprintf("the forum's own count of its members cannot be read: %v", err),
			"rebuild the forum's statistics (in its admin area). If that changes nothing, replace the query member_counters in the file of [forum] queries")}
	}
	said := fmt.Sprintf("the forum counts %d members, and the queries find %d", stored, counted)
	fix := "resynchronise the forum's statistics (in its admin area). If that changes nothing, dsn in [forum] may name another database, or the forum marks members in " +
		"another way than type " + s.db.kind.name + " expects: replace the queries in the file of [forum] queries"
	switch difference := max(stored-counted, counted-stored); {
	case 2*difference > max(stored, counted) && difference > 10:
		return []finding.Finding{finding.Fail("member counters", said, fix)}
	case 20*difference > max(stored, counted) && difference > 5:
		return []finding.Finding{finding.Warn("member counters", said, fix)}
	}
	return []finding.Finding{finding.OK("member counters", said)}
}

// countOf decodes the forum's own number of members.
func (k forumType) countOf(stored string) (int64, error) {
	if k.counted != nil {
		return k.counted(stored)
	}
	return strconv.ParseInt(stored, 10, 64)
}

// phpCount returns the decoder of a statistic serialized by PHP: the value of a field, a number or its digits.
func phpCount(field string) func(stored string) (int64, error) {
	return func(stored string) (int64, error) {
		v, err := parsePHPField([]byte(stored), field)
		if err != nil {
			return 0, err
		}
		return strconv.ParseInt(fmt.Sprint(v), 10, 64)
	}
}
