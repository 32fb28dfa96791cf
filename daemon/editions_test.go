package daemon

import (
	"testing"
	"time"

	"postrider/forum"
	"postrider/mail"
)

// newDailyWorld has Anna, who watches tonight and routes; Bert, who watches only routes; and Carl, a steward who watches the
// guard's van and tonight.
func newDailyWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.member(101, "anna", passenger, tonight, routes, guardsvan)
	w.member(102, "bert", passenger, routes)
	w.member(103, "carl", steward, guardsvan, tonight)
	w.round()
	return w
}

func TestDigest_EditionsCoverAllPostsOnce(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	var day []forum.PostID
	for n := 4; n < 9; n++ {
		for _, clock := range []string{"09:30", "13:00", "20:00"} {
			w.setClock(n, clock)
			day = append(day, w.writePost(thread))
			w.round()
			w.wantMessages("anna")
		}
		w.setClock(n+1, "07:59")
		day = append(day, w.writePost(thread))
		w.round()
		w.wantMessages("anna")
		w.setClock(n+1, "08:00")
		w.round()
		w.wantMessages("anna", day)
		w.wantMessages("carl", day)
		w.wantMessages("bert")
		w.round()
		w.wantMessages("anna")
		day = nil
	}
}

func TestScan_FindsLateVisiblePosts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		tell  func(w *world) (want forum.PostID)
		after func(w *world, p forum.PostID) // on the second day, after its edition was sent
	}{
		{"approved late", func(w *world) forum.PostID { return w.writePostAs(w.thread(tonight), "moderated") },
			func(w *world, p forum.PostID) { w.execSQL(`UPDATE post SET state = 'visible' WHERE id = ?`, p) }},
		{"restored late", func(w *world) forum.PostID { return w.writePostAs(w.thread(tonight), "deleted") },
			func(w *world, p forum.PostID) { w.execSQL(`UPDATE post SET state = 'visible' WHERE id = ?`, p) }},
		{"in a thread that is approved late", func(w *world) forum.PostID {
			thread := w.thread(tonight)
			w.execSQL(`UPDATE thread SET state = 'moderated' WHERE id = ?`, thread)
			return w.writePost(thread)
		}, func(w *world, p forum.PostID) { w.execSQL(`UPDATE thread SET state = 'visible'`) }},
		{"committed after a newer one", func(w *world) forum.PostID {
			thread := w.thread(routes)
			late := forum.PostID(w.next())
			w.insertPost(int64(late)+5, thread, w.clock().Unix(), "deleted")
			return late
		}, func(w *world, p forum.PostID) {
			w.insertPost(int64(p), w.queryInt(`SELECT MAX(id) FROM thread`), w.clock().Unix(), "visible")
		}},
		{"from the future", func(w *world) forum.PostID {
			thread := w.thread(tonight)
			id := w.next()
			w.insertPost(id, thread, worldStart.AddDate(0, 0, 1).Unix(), "visible")
			return forum.PostID(id)
		}, func(*world, forum.PostID) {}},
	}
	for _, tt := range tests {
		for _, restarts := range []bool{false, true} {
			name := tt.name
			if restarts {
				name += ", each round a new process"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := newDailyWorld(t)
				round := func() {
					if restarts {
						w.restart()
					}
					w.round()
				}
				late := tt.tell(w)
				round()
				w.setClock(5, "08:00")
				round()
				w.wantMessages("anna")
				w.setClock(5, "10:00")
				tt.after(w, late)
				round()
				w.setClock(6, "08:00")
				round()
				w.wantMessages("anna", posts(late))
				w.setClock(7, "08:00")
				round()
				w.wantMessages("anna")
			})
		}
	}
}

func TestScanMoves_SendsMovedPostOnce(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name             string
		from, to         int
		before           bool // moved before the first edition
		anna, bert, carl [2]bool
	}{
		{"out of the private section, late", guardsvan, tonight, false, [2]bool{false, true}, [2]bool{}, [2]bool{true, false}},
		{"out of the private section, immediately", guardsvan, tonight, true, [2]bool{true, false}, [2]bool{}, [2]bool{true, false}},
		{"between two watched sections", tonight, routes, false, [2]bool{true, false}, [2]bool{false, true}, [2]bool{true, false}},
		{"between two watched sections, immediately", tonight, routes, true, [2]bool{true, false}, [2]bool{true, false}, [2]bool{}},
		{"into the private section, late", routes, guardsvan, false, [2]bool{true, false}, [2]bool{true, false}, [2]bool{false, true}},
		{"into the private section, immediately", routes, guardsvan, true, [2]bool{}, [2]bool{}, [2]bool{true, false}},
		{"out of an unwatched section", dining, routes, false, [2]bool{false, true}, [2]bool{false, true}, [2]bool{}},
	}
	for _, tt := range tests {
		for _, restarts := range []bool{false, true} {
			name := tt.name
			if restarts {
				name += ", each round a new process"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := newDailyWorld(t)
				round := func() {
					if restarts {
						w.restart()
					}
					w.round()
				}
				thread := w.thread(tt.from)
				p := w.writePost(thread)
				round()
				move := func() { w.execSQL(`UPDATE thread SET section_id = ? WHERE id = ?`, tt.to, thread) }
				if tt.before {
					move()
				}
				w.setClock(5, "08:00")
				round()
				check := func(day int) {
					t.Helper()
					for name, wanted := range map[string][2]bool{"anna": tt.anna, "bert": tt.bert, "carl": tt.carl} {
						if wanted[day] {
							w.wantMessages(name, posts(p))
						} else {
							w.wantMessages(name)
						}
					}
				}
				check(0)
				if !tt.before {
					w.setClock(5, "12:00")
					move()
				}
				round()
				w.setClock(6, "08:00")
				round()
				check(1)
				w.setClock(7, "08:00")
				round()
				for _, name := range []string{"anna", "bert", "carl"} {
					w.wantMessages(name)
				}
			})
		}
	}
}

func TestScanMoves_MoveWhileEditionIsPending(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	movedThread := w.thread(dining)
	a, p := w.writePost(w.thread(tonight)), w.writePost(movedThread)
	w.relay.answerWith(mail.TempFail, 451)
	w.setClock(5, "08:00")
	w.round()
	w.execSQL(`UPDATE thread SET section_id = ? WHERE id = ?`, routes, movedThread) // also watched by Anna
	w.relay.acceptAll()
	w.setClock(5, "09:00")
	w.round()
	w.wantMessages("anna", posts(a)) // the edition does not know of the move
	w.setClock(6, "08:00")
	w.round()
	w.wantMessages("anna", posts(p))
}

func TestScanMoves_RepeatedMoves(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	w.execSQL(`INSERT INTO section_watch VALUES (101, ?, 'posts', 1) ON CONFLICT DO NOTHING`, routes)
	thread, back := w.thread(tonight), w.thread(tonight)
	p := w.writePost(thread)
	w.setClock(4, "20:00")
	q := w.writePost(back)
	move := func(thread int64, to int) {
		w.execSQL(`UPDATE thread SET section_id = ? WHERE id = ?`, to, thread)
		w.round()
	}
	move(back, guardsvan)
	move(back, tonight)
	w.setClock(5, "08:00")
	w.round()
	w.wantMessages("anna", posts(p, q)) // one of them was moved away and back
	move(thread, guardsvan)
	w.setClock(6, "08:00")
	w.round()
	move(thread, routes) // also watched by Anna
	move(back, dining)
	move(back, routes)
	for day := 7; day < 9; day++ {
		w.setClock(day, "08:00")
		w.round()
		w.wantMessages("anna")
	}
}

func TestScanMoves_SightedByOtherDaemon(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	w.writePost(thread)
	w.setClock(4, "10:00")
	w.round()
	first := w.daemon
	w.writePost(thread)
	w.execSQL(`INSERT INTO thread_watch VALUES (101, ?, 1)`, thread)
	w.restart() // another daemon on the same store
	w.setClock(5, "08:00")
	w.round()
	w.relay.forget()
	w.execSQL(`UPDATE thread SET section_id = ? WHERE id = ?`, dining, thread)
	w.daemon = first // has not seen the post before
	w.setClock(6, "08:00")
	w.round()
	w.wantMessages("anna")
}

func TestScanMoves_SplitOffIntoWatchedSection(t *testing.T) {
	t.Parallel()
	for _, restarts := range []bool{false, true} {
		w := newDailyWorld(t)
		w.setClock(4, "10:00")
		old, other := w.thread(tonight), w.thread(routes)
		p := w.writePost(old)
		stays := w.writePost(old)
		w.round()
		w.setClock(5, "08:00")
		w.round()
		w.wantMessages("anna", posts(p, stays))
		w.wantMessages("carl", posts(p, stays))
		w.wantMessages("bert")
		w.execSQL(`UPDATE post SET thread_id = ? WHERE id = ?`, other, p)
		if restarts {
			w.restart()
		}
		w.setClock(6, "08:00")
		w.round()
		w.wantMessages("bert", posts(p))
		w.wantMessages("anna")
		w.wantMessages("carl")
	}
}

// A delivered post is never new again, however long the newest posts of the forum stay in the overlap.
func TestScan_PrunedPostsAreNotNew(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	w.set.Scan.MaxAge = 90 * 24 * time.Hour
	w.restart()
	p := w.writePost(w.thread(routes))
	w.setClock(5, "08:00")
	w.round()
	w.wantMessages("bert", posts(p))
	for _, days := range []int{89, 91, 100} {
		w.setTime(worldStart.AddDate(0, 0, days))
		w.round()
		if err := w.daemon.prune(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.restart()
		w.setTime(worldStart.AddDate(0, 0, days+1))
		w.round()
		w.wantMessages("bert")
	}
}
