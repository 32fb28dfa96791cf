package source

import (
	"context"
	"fmt"

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
