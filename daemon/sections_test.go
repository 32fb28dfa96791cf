package daemon

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"postrider/digest"
	"postrider/source"
)

// alsoIn is a query for threads in several sections, which the sample forum does not have.
const alsoIn = `-- name: thread_sections
SELECT t.id AS thread_id, t.section_id AS section_id FROM {prefix}thread t WHERE t.id IN (:ids)
 UNION ALL
SELECT a.thread_id, a.section_id FROM also_in a WHERE a.thread_id IN (:ids)
`

// newTaggedWorld opens a world in which threads may be in several sections. Anna and Bert are passengers, Carl is a steward.
// Anna and Carl watch the section "tonight", Bert "routes"; Carl also watches the stewards' section.
func newTaggedWorld(t *testing.T) *world {
	w := newWorld(t)
	w.execSQL(`CREATE TABLE also_in (thread_id INTEGER, section_id INTEGER, PRIMARY KEY (thread_id, section_id))`)
	config := source.DefaultConfig()
	config.Type, config.DSN, config.URL = "sample", "sqlite:"+w.forumPath, "https://upperberth.example"
	config.Queries = filepath.Join(t.TempDir(), "also_in.sql")
	if err := os.WriteFile(config.Queries, []byte(alsoIn), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := source.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	w.source = f
	w.set.Alerts.Enabled = false
	w.restart()
	w.member(101, "anna", passenger, tonight)
	w.member(102, "bert", passenger, routes)
	w.member(103, "carl", steward, tonight, guardsvan)
	w.round()
	return w
}

// alsoIn puts a thread into a further section.
func (w *world) alsoIn(thread int64, section int) {
	w.Helper()
	w.execSQL(`INSERT INTO also_in VALUES (?, ?)`, thread, section)
}

func TestSections_AnyWatchCountsAndEveryRightIsNeeded(t *testing.T) {
	t.Parallel()
	w := newTaggedWorld(t)
	open, closed, both := w.thread(tonight), w.thread(tonight), w.thread(dining)
	w.alsoIn(closed, guardsvan)
	w.alsoIn(both, routes)
	w.alsoIn(both, tonight)
	a, b, c := w.writePost(open), w.writePost(closed), w.writePost(both)
	w.round()
	w.setClock(5, "08:00")
	w.round()
	w.wantMessages("anna", posts(a, c)) // b is also in the stewards' section
	w.wantMessages("bert", posts(c))
	w.wantMessages("carl", posts(a, b, c))
}

func TestSections_AlertsNeedEveryRight(t *testing.T) {
	t.Parallel()
	w := newTaggedWorld(t)
	w.set.Alerts.Enabled = true
	w.setAlertMode(digest.EveryReply)
	closed, both := w.thread(tonight), w.thread(dining)
	w.alsoIn(closed, guardsvan)
	w.alsoIn(both, routes)
	b, c := w.writePost(closed), w.writePost(both)
	w.advanceClock(0)
	w.advanceClock(time.Hour)
	w.wantAlerts("anna")
	w.wantAlerts("bert", posts(c))
	w.wantAlerts("carl", posts(b))
	w.setClock(5, "08:00")
	w.round()
	for _, name := range []string{"anna", "bert", "carl"} {
		w.wantMessages(name)
	}
}

// The sections of a thread change without its main one: each member gets its posts once, as soon as they may read it.
func TestSections_ChangeIsAMove(t *testing.T) {
	t.Parallel()
	for _, restarts := range []bool{false, true} {
		w := newTaggedWorld(t)
		round := func() {
			if restarts {
				w.restart()
			}
			w.round()
		}
		thread := w.thread(tonight)
		w.alsoIn(thread, guardsvan)
		p := w.writePost(thread)
		round()
		w.setClock(5, "08:00")
		round()
		w.wantMessages("anna")
		w.wantMessages("carl", posts(p))
		w.execSQL(`DELETE FROM also_in`)
		w.setClock(5, "12:00")
		round()
		w.setClock(6, "08:00")
		round()
		w.wantMessages("anna", posts(p))
		w.wantMessages("bert")
		w.wantMessages("carl")
		w.alsoIn(thread, routes)
		w.setClock(6, "12:00")
		round()
		w.setClock(7, "08:00")
		round()
		w.wantMessages("anna")
		w.wantMessages("bert", posts(p))
		w.wantMessages("carl")
		w.alsoIn(thread, guardsvan)
		round()
		w.setClock(8, "08:00")
		round()
		for _, name := range []string{"anna", "bert", "carl"} {
			w.wantMessages(name)
		}
	}
}

// A thread gets a section that not all may read while the messages with its posts wait.
func TestSections_RightLostAfterPlanning(t *testing.T) {
	t.Parallel()
	w := newTaggedWorld(t)
	thread := w.thread(tonight)
	p := w.writePost(thread)
	w.round()
	w.setClock(5, "08:00")
	w.prepare()
	w.alsoIn(thread, guardsvan)
	w.deliver()
	w.wantMessages("anna")
	w.wantMessages("carl", posts(p))
}
