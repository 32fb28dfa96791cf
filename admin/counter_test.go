package admin

import (
	"testing"
	"time"

	"postrider/digest"
	"postrider/store"
)

func TestCounter_NewCountCancelsTheOld(t *testing.T) {
	t.Parallel()
	var c audienceCounter
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	draft := func(id int64) store.Announcement {
		return store.Announcement{Announcement: digest.Announcement{ID: id}, Changed: now}
	}
	first, _ := c.start(t.Context(), draft(1), now)
	other, _ := c.start(t.Context(), draft(2), now)
	second, _ := c.start(t.Context(), draft(1), now)
	if first.Err() == nil || second.Err() != nil || other.Err() != nil {
		t.Errorf("after a new count: first %v, second %v, other announcement %v", first.Err(), second.Err(), other.Err())
	}
	c.forget(1)
	if second.Err() == nil || other.Err() != nil {
		t.Errorf("after forget: count %v, other announcement %v", second.Err(), other.Err())
	}
	for id := range int64(2 * maxCounts) {
		c.start(t.Context(), draft(10+id), now)
	}
	if other.Err() == nil {
		t.Error("a discarded count is still running")
	}
}
