package daemon

import (
	"sync"

	"postrider/digest"
	"postrider/store"
)

const (
	refusalWindowSize = 200 // latest messages of an announcement that count
	minSamples        = 50  // fewer are not significant
)

// refusalWindows tracks the rejections among the latest messages of each announcement. It is safe for concurrent use.
type refusalWindows struct {
	mu  sync.Mutex
	all map[int64]*refusalWindow
}

// refusalWindow holds the latest outcomes of one announcement.
type refusalWindow struct {
	refused [refusalWindowSize]bool // ring buffer
	seen    int
}

func newRefusalWindows() *refusalWindows { return &refusalWindows{all: make(map[int64]*refusalWindow)} }

// record adds the outcome of a message.
func (m *refusalWindows) record(s store.Settlement) {
	id, ok := store.AnnouncementOf(s.Key)
	if !ok || s.State != store.StateAccepted && s.State != store.StateRefused {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	w := m.all[id]
	if w == nil {
		w = &refusalWindow{}
		m.all[id] = w
	}
	w.refused[w.seen%refusalWindowSize] = s.State == store.StateRefused
	w.seen++
}

// exceeds reports whether more than percent of the latest messages were rejected. It needs minSamples of them.
func (m *refusalWindows) exceeds(id int64, percent float64) bool {
	refused, of := m.count(id)
	return of >= minSamples && digest.Percent(refused, of) > percent
}

func (m *refusalWindows) describe(id int64) string {
	refused, of := m.count(id)
	return digest.NewPhrase("recent_rejections", "rejected", refused, "of", of).Stored()
}

func (m *refusalWindows) count(id int64) (refused, of int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	w := m.all[id]
	if w == nil {
		return 0, 0
	}
	of = min(w.seen, refusalWindowSize)
	for _, r := range w.refused[:of] {
		if r {
			refused++
		}
	}
	return refused, of
}

// reset discards the outcomes: whoever resumes an announcement has seen them.
func (m *refusalWindows) reset(id int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.all, id)
}
