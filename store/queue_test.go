package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"postrider/forum"
	"postrider/store"
)

// planAndSettle plans an edition and settles it in a state.
func planAndSettle(t testing.TB, s *store.Store, at time.Time, p store.Plan, state string) {
	t.Helper()
	plan(t, s, at, p)
	for _, row := range claim(t, s, at) {
		x := accepted(row, at)
		x.State, x.Result, x.Code, x.Enhanced, x.Reply = state, state, 550, "5.1.1", "no such user"
		check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{x}))
	}
}

// resultOf is what an order came to for the only key that it was for.
func resultOf(t testing.TB) func([]store.ActionResult, error) store.Blocker {
	return func(list []store.ActionResult, err error) store.Blocker {
		t.Helper()
		if err != nil || len(list) != 1 {
			t.Fatalf("verdicts = %v, %v; want one", list, err)
		}
		return list[0].Obstacle
	}
}

func readMessage(t testing.TB, s *store.Store, key string) (store.Message, []store.Outcome) {
	t.Helper()
	m, history, known, err := s.Queue.Message(t.Context(), key)
	if err != nil || !known {
		t.Fatalf("Message(%s) = known %v, %v", key, known, err)
	}
	return m, history
}

func TestQueue_ListsWaitingThenSettled(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 5, 0)
		planAndSettle(t, s, now, edition(1, "a", 9), "refused")
		planAndSettle(t, s, now.Add(time.Minute), edition(2, "a", 9), "accepted")
		plan(t, s, now, edition(3, "a", 9))
		check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{retryLater(claim(t, s, now)[0], "try again", now.Add(time.Hour))}))
		plan(t, s, now, edition(4, "a", 9), store.Plan{Key: "alert/5/T1", Kind: "alert", Member: 5})
		all := []string{"queued", "leased", "accepted", "refused"}
		listed := func(f store.QueueFilter) (got []string) {
			for _, m := range must(s.Queue.List(t.Context(), f))(t) {
				got = append(got, m.Key)
			}
			return got
		}
		tests := []struct {
			name   string
			filter store.QueueFilter
			want   []string
		}{
			{"all", store.QueueFilter{States: all, Limit: 9}, []string{"alert/5/T1", "digest/4/a", "digest/3/a", "digest/2/a", "digest/1/a"}},
			{"no more than the limit", store.QueueFilter{States: all, Limit: 2}, []string{"alert/5/T1", "digest/4/a"}},
			{"a state", store.QueueFilter{States: []string{"refused"}, Limit: 9}, []string{"digest/1/a"}},
			{"a kind", store.QueueFilter{States: all, Kind: "alert", Limit: 9}, []string{"alert/5/T1"}},
			{"a member", store.QueueFilter{States: all, Member: 2, Limit: 9}, []string{"digest/2/a"}},
			{"a member who has none", store.QueueFilter{States: all, Member: 77, Limit: 9}, nil},
		}
		for _, tt := range tests {
			if got := listed(tt.filter); !slices.Equal(got, tt.want) {
				t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
			}
		}
	})
}

func TestQueue_MessageHasLeaseAndHistory(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 4)
		plan(t, s, now, edition(1, "a", 9))
		check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{retryLater(claim(t, s, now)[0], "try again", now.Add(time.Hour))}))
		later := now.Add(time.Hour)
		claim(t, s, later)
		m, history := readMessage(t, s, "digest/1/a")
		if m.State != "leased" || m.Lease != owner || !m.LeaseUntil.Equal(later.Add(lease)) || m.From != 4 || m.Until != 9 || m.Attempt != 1 || !m.Created.Equal(now) {
			t.Errorf("the message is %+v", m)
		}
		if len(history) != 1 || history[0].Code != 451 || !history[0].At.Equal(now) {
			t.Errorf("its history is %+v, want the first attempt", history)
		}
		for _, key := range []string{"digest/1/z", "digest/1/\xff", "digest/1/\x00"} {
			if _, _, known, err := s.Queue.Message(t.Context(), key); known || err != nil {
				t.Errorf("missing message %q: known %v, %v", key, known, err)
			}
			if list, err := s.Queue.List(t.Context(), store.QueueFilter{States: store.MessageStates, Domain: key, Limit: 9}); len(list) > 0 || err != nil {
				t.Errorf("messages to domain %q: %v, %v", key, list, err)
			}
			if list, err := s.Queue.List(t.Context(), store.QueueFilter{States: store.MessageStates, Reason: key, Limit: 9}); len(list) > 0 || err != nil {
				t.Errorf("messages with the reason %q: %v, %v", key, list, err)
			}
		}
	})
}

func TestRetry_WaitingMessageIsDueNow(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 0)
		plan(t, s, now, edition(1, "a", 9))
		check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{retryLater(claim(t, s, now)[0], "uncertain", now.Add(time.Hour))}))
		at := now.Add(time.Minute)
		if got := resultOf(t)(s.Queue.Retry(t.Context(), at, []string{"digest/1/a"})); got != "" {
			t.Errorf("it stays: %s", got)
		}
		if rows := claim(t, s, at); len(rows) != 1 || rows[0].UncertainCount != 1 || rows[0].Attempt != 1 {
			t.Errorf("claimed %+v, want the message, as uncertain and with its attempt", rows)
		}
	})
}

func TestRetry_KeepsOutcomeOfSettledEdition(t *testing.T) {
	for _, state := range []string{"refused", "uncertain"} {
		t.Run(state, func(t *testing.T) {
			onBothEngines(t, func(t *testing.T, dsn string) {
				s := open(t, dsn)
				enroll(t, s, 1, 4)
				planAndSettle(t, s, now, edition(1, "a", 9), state)
				at := now.Add(time.Hour)
				if got := resultOf(t)(s.Queue.Retry(t.Context(), at, []string{"digest/1/a"})); got != "" {
					t.Fatalf("it stays: %s", got)
				}
				rows := claim(t, s, at)
				if len(rows) != 1 || rows[0].From != 4 || rows[0].Until != 9 || (rows[0].UncertainCount > 0) != (state == "uncertain") {
					t.Fatalf("claimed %+v, want the message with its sightings", rows)
				}
				check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{accepted(rows[0], at)}))
				if got := subscriber(t, s, 1).CoveredSeq; got != 9 {
					t.Errorf("mark = %d, want 9", got)
				}
				_, history := readMessage(t, s, "digest/1/a")
				var got []string
				for _, o := range history {
					got = append(got, fmt.Sprintf("%d %s %d %s", o.Attempt, o.Result, o.Code, o.At.Format("15:04")))
				}
				if want := []string{"1 " + state + " 550 06:00", "2 accepted 250 07:00"}; !slices.Equal(got, want) {
					t.Errorf("history = %q, want %q", got, want)
				}
			})
		})
	}
}

func TestRetry_NotIfNewerEditionExists(t *testing.T) {
	for _, newer := range []string{"queued", "refused", "accepted", "skipped"} {
		t.Run(newer, func(t *testing.T) {
			onBothEngines(t, func(t *testing.T, dsn string) {
				s := open(t, dsn)
				enroll(t, s, 1, 4)
				planAndSettle(t, s, now, edition(1, "a", 9), "refused")
				tomorrow := now.Add(24 * time.Hour)
				plan(t, s, tomorrow, edition(1, "b", 9)) // of as many sightings: nothing was written since
				if newer != "queued" {
					x := accepted(claim(t, s, tomorrow)[0], tomorrow)
					x.State = newer
					check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{x}))
				}
				if got := resultOf(t)(s.Queue.Retry(t.Context(), tomorrow, []string{"digest/1/a"})); got != store.Superseded {
					t.Errorf("the older edition: %q, want %q", got, store.Superseded)
				}
				if m, _ := readMessage(t, s, "digest/1/a"); m.State != "refused" || m.Settled.IsZero() {
					t.Errorf("the older edition is %s now", m.State)
				}
			})
		})
	}
}

func TestRetry_NotWhileAnyEditionIsUnsettled(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 4)
		planAndSettle(t, s, now, edition(1, "a", 9), "refused")
		check(t, s.Subscribers.Save(t.Context(), now, []store.Subscriber{{ID: 1, Due: now.Add(-2 * time.Hour)}}))
		plan(t, s, now.Add(-time.Hour), edition(1, "b", 9)) // the clock was set back
		if got := resultOf(t)(s.Queue.Retry(t.Context(), now, []string{"digest/1/a"})); got != store.Superseded {
			t.Errorf("the other edition: %q, want %q", got, store.Superseded)
		}
	})
}

func TestRetry_DueMessageKeepsItsPlace(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 4)
		plan(t, s, now, edition(1, "a", 9))
		must(s.Queue.Retry(t.Context(), now.Add(time.Hour), []string{"digest/1/a"}))(t)
		if m, _ := readMessage(t, s, "digest/1/a"); !m.NotBefore.Equal(now) {
			t.Errorf("it is due at %s, want %s still", m.NotBefore, now)
		}
	})
}

func TestRetry_OnlyNewestOfTwoRejectedEditions(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 4)
		planAndSettle(t, s, now, edition(1, "a", 9), "refused")
		planAndSettle(t, s, now.Add(24*time.Hour), edition(1, "b", 12), "refused")
		list := must(s.Queue.Retry(t.Context(), now.Add(25*time.Hour), must(s.Queue.Keys(t.Context(), "refused", "digest"))(t)))(t)
		want := []store.ActionResult{
			{Key: "digest/1/a", Member: 1, State: "refused", Obstacle: store.Superseded},
			{Key: "digest/1/b", Member: 1, State: "refused"},
		}
		if !slices.Equal(list, want) {
			t.Errorf("verdicts = %v, want %v", list, want)
		}
		if c := countsByState(t, s); c["digest queued"] != 1 {
			t.Errorf("outbox = %v, want one edition on its way", c)
		}
	})
}

func TestRetry_NotIfPartlyCovered(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 4)
		planAndSettle(t, s, now, edition(1, "a", 9), "refused")
		enroll(t, s, 1, 7)
		if got := resultOf(t)(s.Queue.Retry(t.Context(), now, []string{"digest/1/a"})); got != store.Covered {
			t.Errorf("it stays because %q, want %q", got, store.Covered)
		}
	})
}

func TestRetry_RejectedAlertDespiteNewerOnes(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 4)
		planAndSettle(t, s, now, store.Plan{Key: "alert/1/T1", Kind: "alert", Member: 1, Until: 2}, "refused")
		plan(t, s, now, store.Plan{Key: "alert/1/T2", Kind: "alert", Member: 1, Until: 3}, edition(1, "a", 9))
		if got := resultOf(t)(s.Queue.Retry(t.Context(), now, []string{"alert/1/T1"})); got != "" {
			t.Errorf("it stays because %q", got)
		}
	})
}

func TestRetry_NotInOtherStates(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 4, 4)
		planAndSettle(t, s, now, edition(1, "a", 9), "accepted")
		planAndSettle(t, s, now, edition(2, "a", 9), "skipped")
		plan(t, s, now, edition(3, "a", 9))
		plan(t, s, now.Add(24*time.Hour), edition(3, "b", 9))
		claim(t, s, now.Add(24*time.Hour))
		asked := []string{"digest/1/a", "digest/2/a", "digest/3/a", "digest/3/b", "digest/4/a"}
		var got []store.Blocker
		for _, v := range must(s.Queue.Retry(t.Context(), now, asked))(t) {
			got = append(got, v.Obstacle)
		}
		if want := []store.Blocker{store.AlreadySettled, store.AlreadySettled, store.AlreadySettled, store.Leased, store.NotKnown}; !slices.Equal(got, want) {
			t.Errorf("obstacles = %q, want %q", got, want)
		}
		if c := countsByState(t, s); c["digest queued"] != 0 || c["digest leased"] != 1 {
			t.Errorf("outbox = %v", c)
		}
	})
}

func TestDrop_EditionCoversItsPosts(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 4)
		plan(t, s, now, edition(1, "a", 9))
		check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{retryLater(claim(t, s, now)[0], "try again", now.Add(time.Hour))}))
		if got := resultOf(t)(s.Queue.Drop(t.Context(), now.Add(time.Minute), []string{"digest/1/a"}, "not wanted")); got != "" {
			t.Fatalf("it stays: %s", got)
		}
		if got := subscriber(t, s, 1).CoveredSeq; got != 9 {
			t.Errorf("mark = %d, want 9", got)
		}
		if rows := claim(t, s, now.Add(time.Hour)); len(rows) != 0 {
			t.Errorf("claimed %v after it was dropped", keysOf(rows))
		}
		m, history := readMessage(t, s, "digest/1/a")
		if m.State != "skipped" || m.Last.Result != "skipped" || m.Last.Reason != "not wanted" || m.Last.Code != 0 {
			t.Errorf("the message is %+v", m)
		}
		if len(history) != 2 || history[0].Code != 451 || history[1].Reason != "not wanted" {
			t.Errorf("its history is %+v, want the attempt and the drop", history)
		}
	})
}

func TestDrop_OnlyWaitingMessages(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 3, 4)
		planAndSettle(t, s, now, edition(1, "a", 9), "refused")
		plan(t, s, now, edition(2, "a", 9))
		claim(t, s, now)
		var got []store.Blocker
		for _, v := range must(s.Queue.Drop(t.Context(), now, []string{"digest/1/a", "digest/2/a", "digest/3/a"}, "x"))(t) {
			got = append(got, v.Obstacle)
		}
		if want := []store.Blocker{store.AlreadySettled, store.Leased, store.NotKnown}; !slices.Equal(got, want) {
			t.Errorf("obstacles = %q, want %q", got, want)
		}
		for id, mark := range map[forum.MemberID]int64{1: 4, 2: 4} {
			if got := subscriber(t, s, id).CoveredSeq; got != mark {
				t.Errorf("mark of member %d = %d, want %d", id, got, mark)
			}
		}
	})
}

func TestQueue_ActionsNeedFewStatements(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		const mails = 200
		enroll(t, s, mails, 0)
		var plans []store.Plan
		var asked []string
		for _, id := range memberIDs(mails) {
			plans = append(plans, edition(id, "a", 9))
			asked = append(asked, plans[len(plans)-1].Key)
		}
		plan(t, s, now, plans...)
		before := s.Statements()
		must(s.Queue.Retry(t.Context(), now, asked))(t)
		must(s.Queue.Drop(t.Context(), now, asked, "x"))(t)
		if got := s.Statements() - before; got > 8 {
			t.Errorf("two orders took %d statements, want at most 8", got)
		}
		if c := countsByState(t, s); c["digest skipped"] != mails {
			t.Errorf("outbox = %v, want all skipped", c)
		}
	})
}

func TestPause_LastsUntilResume(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		if _, paused, err := s.Queue.Paused(t.Context()); paused || err != nil {
			t.Errorf("a fresh store is paused: %v, %v", paused, err)
		}
		must(s.Queue.Pause(t.Context(), now, "the relay moves"))(t)
		must(s.Queue.Pause(t.Context(), now.Add(time.Hour), ""))(t)
		if p, paused, err := open(t, dsn).Queue.Paused(t.Context()); !paused || err != nil || !p.Since.Equal(now) || p.Reason != "the relay moves" {
			t.Errorf("another daemon reads %+v, %v, %v; want the first pause", p, paused, err)
		}
		if p := must(s.Queue.Pause(t.Context(), now.Add(time.Hour), "it moves still"))(t); !p.Since.Equal(now) || p.Reason != "it moves still" {
			t.Errorf("paused again it is %+v, want the first time and the new reason", p)
		}
		for _, want := range []bool{true, false} {
			if got := must(s.Queue.Resume(t.Context()))(t); got != want {
				t.Errorf("Resume = %v, want %v", got, want)
			}
		}
		if _, paused, err := s.Queue.Paused(t.Context()); paused || err != nil {
			t.Errorf("after resume it is paused: %v, %v", paused, err)
		}
	})
}

func TestQueue_FiltersByEveryState(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 10)
		plan(t, s, now, alertPlan("alert/1/T1"))
		must(s.Outbox.Expire(t.Context(), now.Add(24*time.Hour)))(t)
		list := must(s.Queue.List(t.Context(), store.QueueFilter{States: store.MessageStates, Limit: 9}))(t)
		if len(list) != 1 || list[0].State != "expired" {
			t.Errorf("all messages are %+v, want only the expired one", list)
		}
	})
}
