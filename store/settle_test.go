package store_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"postrider/forum"
	"postrider/store"
)

func TestSettle_AdvancesCoveredSequenceAndKeepsOutcome(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 10)
		plan(t, s, now, edition(1, "a", 20))
		row := claim(t, s, now)[0]
		check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{accepted(row, now)}))
		if got := subscriber(t, s, 1).CoveredSeq; got != 20 {
			t.Errorf("mark = %d, want 20", got)
		}
		want := store.Outcome{
			Key: "digest/1/a", Kind: "digest", Attempt: 1, At: now, Result: "accepted", Code: 250,
			Enhanced: "2.0.0", Reply: "queued as 4F", QueueID: "4F", Posts: 3, Bytes: 20480,
		}
		if got := must(s.Queue.Outcomes(t.Context(), 1, now))(t); !slices.Equal(got, []store.Outcome{want}) {
			t.Errorf("outcomes = %v, want %v", got, want)
		}
		if got := must(s.Queue.Outcomes(t.Context(), 1, now.Add(time.Second)))(t); len(got) != 0 {
			t.Errorf("outcomes since later = %v, want none", got)
		}
	})
}

func TestSettle_OneStatementWithoutRetries(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		const mails = 60
		enroll(t, s, mails, 0)
		var plans []store.Plan
		for _, id := range memberIDs(mails) {
			plans = append(plans, edition(id, "a", 9))
		}
		plan(t, s, now, plans...)
		rows := claim(t, s, now)
		spent := func(fates ...string) int64 {
			t.Helper()
			var list []store.Settlement
			for i := range mails / 2 {
				x := accepted(rows[i], now)
				x.State = fates[i%len(fates)]
				list = append(list, x)
			}
			rows = rows[mails/2:]
			before := s.Statements()
			check(t, s.Outbox.Settle(t.Context(), owner, list))
			return s.Statements() - before
		}
		if got := spent("accepted", "skipped", "refused", "uncertain"); got != 1 {
			t.Errorf("settling final results took %d statements, want 1", got)
		}
		if got := spent("accepted", "queued"); got != 2 {
			t.Errorf("settling with retries took %d statements, want 2", got)
		}
	})
}

func TestSettle_OnlyAcceptedOrSkippedAdvances(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		tests := []struct {
			state string
			mark  int64
		}{
			{"accepted", 20}, {"skipped", 20}, {"refused", 10}, {"uncertain", 10}, {"queued", 10},
		}
		enroll(t, s, len(tests)+1, 10)
		alert := forum.MemberID(len(tests) + 1)
		plan(t, s, now, store.Plan{Key: "alert/6/T1", Kind: "alert", Member: alert, Until: 20, Priority: 40})
		for i := range tests {
			plan(t, s, now, edition(forum.MemberID(i+1), "a", 20))
		}
		rows := claim(t, s, now)
		fates := []store.Settlement{accepted(rows[len(tests)], now)} // the alert is claimed last
		for i, tt := range tests {
			x := accepted(rows[i], now)
			x.State = tt.state
			fates = append(fates, x)
		}
		check(t, s.Outbox.Settle(t.Context(), owner, fates))
		for i, tt := range tests {
			if got := subscriber(t, s, forum.MemberID(i+1)).CoveredSeq; got != tt.mark {
				t.Errorf("mark = %d after an edition that was %s, want %d", got, tt.state, tt.mark)
			}
		}
		if got := subscriber(t, s, alert).CoveredSeq; got != 10 {
			t.Errorf("mark = %d after an alert, want 10, unchanged", got)
		}
	})
}

func TestOutcomes_MergedEditionIsKeptOnce(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 10)
		plan(t, s, now, edition(1, "a", 20))
		check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{retryLater(claim(t, s, now)[0], "try again", now.Add(48*time.Hour))}))
		tomorrow := now.Add(24 * time.Hour)
		plan(t, s, tomorrow, edition(1, "b", 30))
		check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{accepted(claim(t, s, tomorrow)[0], tomorrow)}))
		var got []string
		for _, o := range must(s.Queue.Outcomes(t.Context(), 1, now))(t) {
			got = append(got, fmt.Sprintf("%s %d %s %d", o.Key, o.Attempt, o.Result, o.Code))
		}
		if want := []string{"digest/1/a 1 try again 451", "digest/1/b 1 accepted 250"}; !slices.Equal(got, want) {
			t.Errorf("outcomes = %q, want %q", got, want)
		}
	})
}

func TestSettle_RejectionKeepsCoveredSequence(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 10)
		plan(t, s, now, edition(1, "a", 20))
		row := claim(t, s, now)[0]
		notSent := retryLater(row, "not sent", now.Add(time.Minute))
		notSent.CountAttempt = false
		check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{notSent}))
		if rows := claim(t, s, now); len(rows) != 0 {
			t.Error("claimed before its time")
		}
		row = claim(t, s, now.Add(time.Minute))[0]
		if row.Attempt != 0 {
			t.Errorf("attempts = %d after a relay that was down, want 0", row.Attempt)
		}
		check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{retryLater(row, "try again", now.Add(time.Hour))}))
		row = claim(t, s, now.Add(time.Hour))[0]
		if row.Attempt != 1 {
			t.Errorf("attempts = %d, want 1", row.Attempt)
		}
		refused := accepted(row, now.Add(time.Hour))
		refused.State, refused.Result = "refused", "refused"
		check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{refused}))
		if got := subscriber(t, s, 1).CoveredSeq; got != 10 {
			t.Errorf("mark = %d after a refusal, want 10, unchanged", got)
		}
		var results []string
		for _, o := range must(s.Queue.Outcomes(t.Context(), 1, time.Unix(0, 0)))(t) {
			results = append(results, o.Result)
		}
		if want := []string{"not sent", "try again", "refused"}; !slices.Equal(results, want) {
			t.Errorf("outcomes = %v, want %v", results, want)
		}
	})
}

func TestSettle_IgnoresFormerOwner(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 2, 10)
		plan(t, s, now, edition(1, "a", 20), edition(2, "a", 20))
		mine := claim(t, s, now)
		late := now.Add(lease + time.Second)
		reclaimExpired(t, s, late)
		must(s.Outbox.Claim(t.Context(), late, "daemon 2", lease, store.AllPriorities, 1))(t) // digest/1/a gets another owner; the other only waits
		other := must(s.Outbox.Claim(t.Context(), late, owner, lease, store.AllPriorities, 1))(t)
		check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{retryLater(mine[0], "uncertain", late)}))
		check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{accepted(mine[0], late), accepted(other[0], late)}))
		if got := subscriber(t, s, 1).CoveredSeq; got != 10 {
			t.Errorf("the covered sequence of a member whose message another daemon leases = %d, want 10", got)
		}
		if got := must(s.Queue.Outcomes(t.Context(), 1, now))(t); len(got) != 0 {
			t.Errorf("a former owner left outcomes: %v", got)
		}
		if got := subscriber(t, s, 2).CoveredSeq; got != 20 {
			t.Errorf("the other mark = %d, want 20", got)
		}
		if c := countsByState(t, s); c["digest leased"] != 1 || c["digest accepted"] != 1 {
			t.Errorf("outbox = %v, want one leased, one accepted", c)
		}
	})
}

func TestSubscribers_CoveredSequenceNeverDecreases(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 30)
		plan(t, s, now, edition(1, "a", 20))
		check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{accepted(claim(t, s, now)[0], now)}))
		enroll(t, s, 1, 5) // saved by a daemon with an old view
		if got := subscriber(t, s, 1).CoveredSeq; got != 30 {
			t.Errorf("mark = %d, want 30", got)
		}
	})
}

// Whatever the results of the editions, the accepted ones cover every sighting exactly once: no gap, no overlap.
func TestEditions_CoverEachSightingOnce(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 0)
		chance := rand.New(rand.NewPCG(1, 2))
		var covered int64
		for day := range 60 {
			at := now.Add(time.Duration(day) * 24 * time.Hour)
			post := forum.PostID(day + 1)
			must(s.Sightings.Save(t.Context(), store.ScanResult{Now: at, Sighted: []forum.Arrival{newArrival(post, 1)}}))(t)
			if due := must(s.Subscribers.Due(t.Context(), at, 9))(t); len(due) == 1 {
				p := edition(1, at.Format(time.DateOnly), must(s.Sightings.LastSeq(t.Context()))(t))
				p.NextDue = at.Add(24 * time.Hour)
				plan(t, s, at, p)
			}
			reclaimExpired(t, s, at.Add(-wait))
			for _, row := range claim(t, s, at) {
				if row.From != covered {
					t.Fatalf("day %d: %s starts at %d, but %d is covered", day, row.Key, row.From, covered)
				}
				markInFlight(t, s, row)
				fate := []store.Settlement{
					accepted(row, at), retryLater(row, "try again", at.Add(30*time.Hour)), retryLater(row, "uncertain", at.Add(time.Hour)), {},
				}[chance.IntN(4)]
				if fate.Key == "" {
					continue // the daemon crashes
				}
				check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{fate}))
				if fate.State == "accepted" {
					covered = row.Until
				}
			}
			if got := subscriber(t, s, 1).CoveredSeq; got != covered {
				t.Fatalf("day %d: mark = %d, want %d", day, got, covered)
			}
		}
		if covered < 50 {
			t.Errorf("after 60 days %d sightings are covered", covered)
		}
	})
}

// Daemons that plan, claim and settle concurrently, each with different keys, send no sighting twice.
func TestEditions_ConcurrentDaemonsCoverEachSightingOnce(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		const daemons, members, days = 4, 20, 5
		enroll(t, open(t, dsn), members, 0)
		var mu sync.Mutex
		sent := make(map[forum.MemberID][]store.Row)
		var wg sync.WaitGroup
		for d := range daemons {
			s, owner := open(t, dsn), fmt.Sprint("daemon ", d)
			wg.Go(func() {
				for day := range days {
					rows, err := runRound(t.Context(), s, owner, day, int64(daemons*day+d+1))
					if err != nil {
						t.Error(err)
					}
					mu.Lock()
					for _, r := range rows {
						sent[r.Member] = append(sent[r.Member], r)
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		for member, rows := range sent {
			slices.SortFunc(rows, func(a, b store.Row) int { return cmp.Compare(a.From, b.From) })
			var covered int64
			for _, r := range rows {
				if r.From < covered {
					t.Errorf("member %d: %s starts at %d, but %d was covered", member, r.Key, r.From, covered)
				}
				covered = max(covered, r.Until)
			}
		}
		if len(sent) != members {
			t.Errorf("%d members got messages, want %d", len(sent), members)
		}
	})
}

// runRound runs a day of a daemon: it plans for all due members under its own keys, and sends what it can claim.
func runRound(ctx context.Context, s *store.Store, owner string, day int, until int64) ([]store.Row, error) {
	at := now.Add(time.Duration(day) * 24 * time.Hour)
	due, err := s.Subscribers.Due(ctx, at, 100)
	if err != nil {
		return nil, err
	}
	plans := make([]store.Plan, len(due))
	for i, sub := range due {
		plans[i] = edition(sub.ID, fmt.Sprint(day, " by ", owner), until)
		plans[i].NextDue = at.Add(time.Hour)
	}
	if _, err := s.Outbox.Plan(ctx, at, plans); err != nil {
		return nil, err
	}
	rows, err := s.Outbox.Claim(ctx, at, owner, 1000*time.Hour, store.AllPriorities, 10)
	if err != nil {
		return nil, err
	}
	settlements := make([]store.Settlement, len(rows))
	for i, r := range rows {
		settlements[i] = accepted(r, at)
	}
	return rows, s.Outbox.Settle(ctx, owner, settlements)
}

func TestSettle_SanitizesReplies(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 0)
		plan(t, s, now, edition(1, "a", 9))
		x := accepted(claim(t, s, now)[0], now)
		x.Reply = "nul\x00 \xff '; DROP TABLE outbox; -- :now ? \\u0000 " + strings.Repeat("ü", 1000)
		check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{x}))
		got := must(s.Queue.Outcomes(t.Context(), 1, now))(t)[0].Reply
		if !strings.HasPrefix(got, "nul ") || !strings.Contains(got, `-- :now ? \u0000 ü`) || len(got) > 1010 {
			t.Errorf("reply = %q (%d bytes)", got, len(got))
		}
	})
}

func TestPrune_KeepsCoveredSequences(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 2, 10)
		var posts []forum.Arrival
		for id := range 30 {
			posts = append(posts, newArrival(forum.PostID(id+1), 1))
		}
		must(s.Sightings.Save(t.Context(), store.ScanResult{Now: now, Sighted: posts}))(t)
		plan(t, s, now, edition(1, "a", 20), edition(2, "a", 20))
		rows := claim(t, s, now)
		refused := accepted(rows[1], now)
		refused.State = "refused"
		check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{accepted(rows[0], now), refused}))

		later := now.Add(122 * 24 * time.Hour)
		check(t, s.Prune(t.Context(), later))
		if c := countsByState(t, s); len(c) != 0 {
			t.Errorf("outbox = %v, want nothing left", c)
		}
		for id, mark := range map[forum.MemberID]int64{1: 20, 2: 10} {
			if got := subscriber(t, s, id).CoveredSeq; got != mark {
				t.Errorf("covered sequence of member %d = %d after Prune, want %d, unchanged", id, got, mark)
			}
		}
		if left := must(s.Sightings.Between(t.Context(), 0, 99))(t); len(left) != 20 || left[0].Seq != 11 {
			t.Errorf("%d sightings are left, want those that the second member has not covered: 11 to 30", len(left))
		}
		plan(t, s, later, edition(1, "b", 30), edition(2, "b", 30))
		for _, row := range claim(t, s, later) {
			if want := map[forum.MemberID]int64{1: 20, 2: 10}[row.Member]; row.From != want {
				t.Errorf("%s starts at %d, want %d", row.Key, row.From, want)
			}
		}
	})
}

func TestPrune_DeletesOldAndCovered(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		enroll(t, s, 1, 2)
		gathered := store.ScanResult{Now: now, Sighted: []forum.Arrival{newArrival(1, 1), newArrival(2, 1), newArrival(3, 1)}}
		must(s.Sightings.Save(t.Context(), gathered))(t)
		plan(t, s, now, edition(1, "a", 2), store.Plan{Key: "alert/1/T1", Kind: "alert", Member: 1, Priority: 40})
		row := claim(t, s, now)[0]
		check(t, s.Outbox.Settle(t.Context(), owner, []store.Settlement{accepted(row, now)}))

		left := func(at time.Time) [3]int {
			t.Helper()
			check(t, s.Prune(t.Context(), at))
			sum := 0
			for _, n := range countsByState(t, s) {
				sum += n
			}
			return [3]int{
				len(must(s.Sightings.Between(t.Context(), 0, 9))(t)), sum,
				len(must(s.Queue.Outcomes(t.Context(), 1, time.Unix(0, 0)))(t)),
			}
		}
		if got, want := left(now.Add(90*24*time.Hour)), [3]int{3, 2, 1}; got != want {
			t.Errorf("after 90 days sightings, messages, outcomes = %v, want all: %v", got, want)
		}
		if got, want := left(now.Add(90*24*time.Hour+time.Second)), [3]int{3, 1, 0}; got != want {
			t.Errorf("after 90 days and a second = %v, want the unsettled rows and those that yesterday's message may need: %v", got, want)
		}
		if got, want := left(now.Add(121*24*time.Hour+time.Second)), [3]int{1, 1, 0}; got != want {
			t.Errorf("after 121 days and a second = %v, want the rows that are not covered and not settled: %v", got, want)
		}
		must(s.Subscribers.RemoveStale(t.Context(), now.Add(time.Hour)))(t)
		if got, want := left(now.Add(122*24*time.Hour)), [3]int{0, 1, 0}; got != want {
			t.Errorf("without digests = %v, want %v", got, want)
		}
		if head := must(s.Sightings.LastSeq(t.Context()))(t); head != 3 {
			t.Errorf("head = %d after pruning, want 3: numbers are not reused", head)
		}
	})
}

func TestOutcome_SaysItsCodeOnce(t *testing.T) {
	for _, tt := range []struct{ enhanced, reply, want string }{
		{"2.0.0", "2.0.0 Ok: queued as 4XyZ", "Ok: queued as 4XyZ"},
		{"2.0.0", "2.0.0", ""},
		{"", "Ok", "Ok"},
		{"5.1.1", "User unknown (5.1.1)", "User unknown (5.1.1)"},
		{"5.1.1", "5.1.10 not found", "5.1.10 not found"},
	} {
		if got := (store.Outcome{Enhanced: tt.enhanced, Reply: tt.reply}).Said(); got != tt.want {
			t.Errorf("%q with %q is %q, want %q", tt.reply, tt.enhanced, got, tt.want)
		}
		if got := (store.Refusal{Enhanced: tt.enhanced, Reply: tt.reply}).Said(); got != tt.want {
			t.Errorf("refusal: %q with %q is %q, want %q", tt.reply, tt.enhanced, got, tt.want)
		}
	}
}
