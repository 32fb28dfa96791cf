package daemon

import (
	"testing"

	"postrider/forum"
	"postrider/mail"
)

// The people of these tests: Anna watches tonight and routes, Bert routes only, Carl is a steward who
// watches the guard's van and tonight.
func newDays(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.member(101, "anna", passenger, tonight, routes, guardsvan)
	w.member(102, "bert", passenger, routes)
	w.member(103, "carl", steward, guardsvan, tonight)
	w.round()
	return w
}

func TestEditionsTileTheDays(t *testing.T) {
	t.Parallel()
	w := newDays(t)
	thread := w.thread(tonight)
	var day []forum.PostID
	for n := 4; n < 9; n++ {
		for _, clock := range []string{"09:30", "13:00", "20:00"} {
			w.at(n, clock)
			day = append(day, w.post(thread))
			w.round()
			w.got("anna")
		}
		w.at(n+1, "07:59")
		day = append(day, w.post(thread))
		w.round()
		w.got("anna")
		w.at(n+1, "08:00")
		w.round()
		w.got("anna", day)
		w.got("carl", day)
		w.got("bert")
		w.round()
		w.got("anna")
		day = nil
	}
}

func TestAPostIsNewsWhenItIsFirstSeen(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		tell  func(w *world) (want forum.PostID)
		after func(w *world, p forum.PostID) // on the second day, once its edition is out
	}{
		{"approved late", func(w *world) forum.PostID { return w.postAs(w.thread(tonight), "moderated") },
			func(w *world, p forum.PostID) { w.sql(`UPDATE post SET state = 'visible' WHERE id = ?`, p) }},
		{"restored late", func(w *world) forum.PostID { return w.postAs(w.thread(tonight), "deleted") },
			func(w *world, p forum.PostID) { w.sql(`UPDATE post SET state = 'visible' WHERE id = ?`, p) }},
		{"in a thread that is approved late", func(w *world) forum.PostID {
			thread := w.thread(tonight)
			w.sql(`UPDATE thread SET state = 'moderated' WHERE id = ?`, thread)
			return w.post(thread)
		}, func(w *world, p forum.PostID) { w.sql(`UPDATE thread SET state = 'visible'`) }},
		{"committed after a newer one", func(w *world) forum.PostID {
			thread := w.thread(routes)
			late := forum.PostID(w.next())
			w.write(int64(late)+5, thread, w.clock().Unix(), "deleted")
			return late
		}, func(w *world, p forum.PostID) {
			w.write(int64(p), w.number(`SELECT MAX(id) FROM thread`), w.clock().Unix(), "visible")
		}},
		{"from the future", func(w *world) forum.PostID {
			thread := w.thread(tonight)
			id := w.next()
			w.write(id, thread, born.AddDate(0, 0, 1).Unix(), "visible")
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
				w := newDays(t)
				round := func() {
					if restarts {
						w.restart()
					}
					w.round()
				}
				late := tt.tell(w)
				round()
				w.at(5, "08:00")
				round()
				w.got("anna")
				w.at(5, "10:00")
				tt.after(w, late)
				round()
				w.at(6, "08:00")
				round()
				w.got("anna", posts(late))
				w.at(7, "08:00")
				round()
				w.got("anna")
			})
		}
	}
}

func TestAMovedPostIsToldOnceToEachWhoMayHaveIt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name             string
		from, to         int
		before           bool // moved before the first edition
		anna, bert, carl [2]bool
	}{
		{"out of the private section, late", guardsvan, tonight, false, [2]bool{false, true}, [2]bool{}, [2]bool{true, false}},
		{"out of the private section, at once", guardsvan, tonight, true, [2]bool{true, false}, [2]bool{}, [2]bool{true, false}},
		{"between two watched sections", tonight, routes, false, [2]bool{true, false}, [2]bool{false, true}, [2]bool{true, false}},
		{"between two watched sections, at once", tonight, routes, true, [2]bool{true, false}, [2]bool{true, false}, [2]bool{}},
		{"into the private section, late", routes, guardsvan, false, [2]bool{true, false}, [2]bool{true, false}, [2]bool{false, true}},
		{"into the private section, at once", routes, guardsvan, true, [2]bool{}, [2]bool{}, [2]bool{true, false}},
		{"out of a section that nobody watches", dining, routes, false, [2]bool{false, true}, [2]bool{false, true}, [2]bool{}},
	}
	for _, tt := range tests {
		for _, restarts := range []bool{false, true} {
			name := tt.name
			if restarts {
				name += ", each round a new process"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := newDays(t)
				round := func() {
					if restarts {
						w.restart()
					}
					w.round()
				}
				thread := w.thread(tt.from)
				p := w.post(thread)
				round()
				move := func() { w.sql(`UPDATE thread SET section_id = ? WHERE id = ?`, tt.to, thread) }
				if tt.before {
					move()
				}
				w.at(5, "08:00")
				round()
				check := func(day int) {
					t.Helper()
					for name, wanted := range map[string][2]bool{"anna": tt.anna, "bert": tt.bert, "carl": tt.carl} {
						if wanted[day] {
							w.got(name, posts(p))
						} else {
							w.got(name)
						}
					}
				}
				check(0)
				if !tt.before {
					w.at(5, "12:00")
					move()
				}
				round()
				w.at(6, "08:00")
				round()
				check(1)
				w.at(7, "08:00")
				round()
				for _, name := range []string{"anna", "bert", "carl"} {
					w.got(name)
				}
			})
		}
	}
}

func TestAPostThatIsMovedWhileAnEditionWaitsIsToldOnce(t *testing.T) {
	t.Parallel()
	w := newDays(t)
	elsewhere := w.thread(dining)
	a, p := w.post(w.thread(tonight)), w.post(elsewhere)
	w.relay.says(mail.TempFail, 451)
	w.at(5, "08:00")
	w.round()
	w.sql(`UPDATE thread SET section_id = ? WHERE id = ?`, routes, elsewhere) // which she watches
	w.relay.works()
	w.at(5, "09:00")
	w.round()
	w.got("anna", posts(a)) // the edition knows nothing of the move
	w.at(6, "08:00")
	w.round()
	w.got("anna", posts(p))
}

func TestAPostThatWandersIsToldOnce(t *testing.T) {
	t.Parallel()
	w := newDays(t)
	w.sql(`INSERT INTO section_watch VALUES (101, ?, 'posts', 1) ON CONFLICT DO NOTHING`, routes)
	thread, back := w.thread(tonight), w.thread(tonight)
	p := w.post(thread)
	w.at(4, "20:00")
	q := w.post(back)
	move := func(thread int64, to int) {
		w.sql(`UPDATE thread SET section_id = ? WHERE id = ?`, to, thread)
		w.round()
	}
	move(back, guardsvan)
	move(back, tonight)
	w.at(5, "08:00")
	w.round()
	w.got("anna", posts(p, q)) // one of them was away, and is back
	move(thread, guardsvan)
	w.at(6, "08:00")
	w.round()
	move(thread, routes) // where she watches, too
	move(back, dining)
	move(back, routes)
	for day := 7; day < 9; day++ {
		w.at(day, "08:00")
		w.round()
		w.got("anna")
	}
}

func TestAMovedPostThatAnotherDaemonSightedIsToldOnce(t *testing.T) {
	t.Parallel()
	w := newDays(t)
	thread := w.thread(tonight)
	w.post(thread)
	w.at(4, "10:00")
	w.round()
	first := w.daemon
	w.post(thread)
	w.sql(`INSERT INTO thread_watch VALUES (101, ?, 1)`, thread)
	w.restart() // another daemon, which shares the store
	w.at(5, "08:00")
	w.round()
	w.relay.forget()
	w.sql(`UPDATE thread SET section_id = ? WHERE id = ?`, dining, thread)
	w.daemon = first // has not met the post before
	w.at(6, "08:00")
	w.round()
	w.got("anna")
}

func TestAPostThatIsSplitOffIntoAWatchedSectionIsNewsThere(t *testing.T) {
	t.Parallel()
	for _, restarts := range []bool{false, true} {
		w := newDays(t)
		w.at(4, "10:00")
		old, other := w.thread(tonight), w.thread(routes)
		p := w.post(old)
		stays := w.post(old)
		w.round()
		w.at(5, "08:00")
		w.round()
		w.got("anna", posts(p, stays))
		w.got("carl", posts(p, stays))
		w.got("bert")
		w.sql(`UPDATE post SET thread_id = ? WHERE id = ?`, other, p)
		if restarts {
			w.restart()
		}
		w.at(6, "08:00")
		w.round()
		w.got("bert", posts(p))
		w.got("anna")
		w.got("carl")
	}
}
