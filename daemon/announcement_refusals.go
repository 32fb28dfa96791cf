package daemon

import (
	"fmt"
	"sync"

	"postrider/digest"
	"postrider/store"
)

const (
	refusalWindowSize = 200 // mails of an announcement whose outcomes tell how it is taken
	minSamples        = 50  // fewer tell nothing
)

// refusalWindows watches how the newest mails of each announcement are taken. It is safe for concurrent use.
type refusalWindows struct {
	mu  sync.Mutex
	all map[int64]*refusalWindow
}

// refusalWindow is the newest outcomes of one announcement.
type refusalWindow struct {
	refused [refusalWindowSize]bool // a ring
	seen    int
}

func newMoods() *refusalWindows { return &refusalWindows{all: make(map[int64]*refusalWindow)} }

// record takes in what became of a mail.
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

// exceeds tells whether more than so many percent of the newest mails were refused.
func (m *refusalWindows) exceeds(id int64, percent float64) bool {
	refused, of := m.count(id)
	return of >= minSamples && digest.Percent(refused, of) > percent
}

func (m *refusalWindows) describe(id int64) string {
	refused, of := m.count(id)
	return fmt.Sprintf("of the last %d mails %d were refused", of, refused)
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

// reset begins anew: whoever lets an announcement go on has seen how it was taken.
func (m *refusalWindows) reset(id int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.all, id)
}
