package store_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"postrider/bounce"
	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

// newRefusal returns the refusal of a message to a member at a domain, some time before now.
func newRefusal(key string, member forum.MemberID, domain string, ago time.Duration) store.Refusal {
	return store.Refusal{
		Key: key, Source: store.FromRelay, Member: member, Address: fmt.Sprintf("M%d@%s", member, domain), SentAt: now.Add(-ago),
		Class: bounce.ClassUnknownUser, Code: 550, Enhanced: "5.1.1", Reply: "no\x00 such user", At: now.Add(-ago),
	}
}

func TestEvaluate_CohortsCountSentAndRefused(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		ago := 30 * time.Minute
		again := newRefusal("digest/1/b", 1, "a.example", ago)
		report := newRefusal("digest/3/a", 3, "A.example", ago)
		report.Source, report.At = store.FromReport, now
		fresh := newRefusal("digest/9/a", 9, "c.example", 0) // its minute is not over
		check(t, s.Suppressions.SaveRefusals(t.Context(), []store.Refusal{
			newRefusal("digest/1/a", 1, "a.example", ago), again, report, newRefusal("digest/4/a", 4, "b.example", ago), fresh,
		}))
		check(t, s.Suppressions.SaveRefusals(t.Context(), []store.Refusal{newRefusal("digest/1/a", 1, "a.example", time.Minute)}))
		for range 2 { // two daemons count for themselves
			tally := make(store.DeliveryCounts)
			for i := range 5 {
				tally.Count(now.Add(-ago), store.SharedRelay, fmt.Sprintf("m%d@A.example", i))
				tally.Count(now.Add(-time.Minute), store.SharedRelay, "m@a.example")
			}
			check(t, s.Counts.Add(t.Context(), tally))
		}
		at := now.Add(-ago).Truncate(time.Minute)
		var d store.EvaluationInput
		n := must(s.Suppressions.Evaluate(t.Context(), now, now.Add(-10*time.Minute), func(docket store.EvaluationInput) store.EvaluationResult {
			d = docket
			return store.EvaluationResult{Verdicts: []string{"counted", "counted", "spared"}}
		}))(t)
		equal(t, "judged", n, 3)
		byDomain := func() map[string]bounce.Cohort {
			all := make(map[string]bounce.Cohort)
			for _, c := range d.Cohorts {
				all[c.Domain] = c
			}
			return all
		}
		equal(t, "cohorts", byDomain(), map[string]bounce.Cohort{
			"a.example": {Domain: "a.example", Minute: at, Refused: 2, AtSMTP: 1, Handed: 10},
			"b.example": {Domain: "b.example", Minute: at, Refused: 1, AtSMTP: 1},
			"":          {Minute: at, Refused: 2, AtSMTP: 2, Handed: 10}, // a report is no doing of the relay
		})
		equal(t, "first refusal", d.Refusals[0], store.Refusal{
			Key: "digest/1/a", Source: store.FromRelay, Member: 1, Address: "m1@a.example", SentAt: at,
			Class: bounce.ClassUnknownUser, Code: 550, Enhanced: "5.1.1", Reply: "no such user", At: now.Add(-ago),
		})
		n = must(s.Suppressions.Evaluate(t.Context(), now.Add(time.Hour), now.Add(time.Hour), func(docket store.EvaluationInput) store.EvaluationResult {
			d = docket
			return store.EvaluationResult{Verdicts: []string{"counted", "counted"}}
		}))(t)
		equal(t, "judged of the rest", n, 2)
		equal(t, "rejected in a cohort with one evaluated message", byDomain()["a.example"].Refused, 2)
		n = must(s.Suppressions.Evaluate(t.Context(), now.Add(time.Hour), now.Add(time.Hour), func(store.EvaluationInput) store.EvaluationResult {
			t.Error("there is nothing left to judge")
			return store.EvaluationResult{}
		}))(t)
		equal(t, "judged in the end", n, 0)
	})
}

func TestEvaluate_CohortsOfRelaysAreApart(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		ago := 30 * time.Minute
		var list []store.Refusal
		for i := range 6 {
			r := newRefusal(fmt.Sprintf("announce/1/%d", i), forum.MemberID(i+1), "a.example", ago)
			r.Relay = store.AnnouncementRelay
			list = append(list, r)
		}
		check(t, s.Suppressions.SaveRefusals(t.Context(), append(list, newRefusal("digest/9/a", 9, "a.example", ago))))
		counts := make(store.DeliveryCounts)
		for i := range 10 {
			counts.Count(now.Add(-ago), store.SharedRelay, fmt.Sprintf("m%d@a.example", i))
			counts.Count(now.Add(-ago), store.SharedRelay, fmt.Sprintf("m%d@b.example", i))
			if i < 6 {
				counts.Count(now.Add(-ago), store.AnnouncementRelay, fmt.Sprintf("m%d@a.example", i))
			}
		}
		check(t, s.Counts.Add(t.Context(), counts))
		check(t, s.Holds.Add(t.Context(), store.DomainHold{Relay: store.AnnouncementRelay, Domain: "a.example", Since: now, Until: now.Add(time.Hour)}))
		var d store.EvaluationInput
		must(s.Suppressions.Evaluate(t.Context(), now, now, func(docket store.EvaluationInput) store.EvaluationResult {
			d = docket
			return store.EvaluationResult{Verdicts: make([]string, len(docket.Refusals))}
		}))(t)
		var cohorts []string
		for _, c := range d.Cohorts {
			cohorts = append(cohorts, fmt.Sprintf("%q %q: %d of %d", c.Relay, c.Domain, c.Refused, c.Handed))
		}
		slices.Sort(cohorts)
		equal(t, "cohorts", cohorts, []string{
			`"" "": 1 of 20`, `"" "a.example": 1 of 10`, `"announcements" "": 6 of 6`, `"announcements" "a.example": 6 of 6`,
		})
		equal(t, "relay of an announcement", d.Refusals[0].Relay, store.AnnouncementRelay)
		_, shared := d.Holds[store.HoldKey{Domain: "a.example"}]
		_, own := d.Holds[store.HoldKey{Relay: store.AnnouncementRelay, Domain: "a.example"}]
		equal(t, "holds of the relays", []bool{shared, own}, []bool{false, true})
	})
}

func TestEvaluate_ConcurrentDaemonsEvaluateOnce(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		var list []store.Refusal
		for i := range 1500 {
			list = append(list, newRefusal(fmt.Sprintf("digest/%d/a", i), forum.MemberID(i), "a.example", time.Hour))
		}
		check(t, s.Suppressions.SaveRefusals(t.Context(), list))
		var mu sync.Mutex
		times := make(map[string]int)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for {
					n, err := s.Suppressions.Evaluate(t.Context(), now, now, func(d store.EvaluationInput) store.EvaluationResult {
						j := store.EvaluationResult{Verdicts: make([]string, len(d.Refusals))}
						mu.Lock()
						defer mu.Unlock()
						for i, r := range d.Refusals {
							j.Verdicts[i] = "counted"
							times[r.Key]++
						}
						return j
					})
					if err != nil {
						t.Error(err)
					}
					if n == 0 {
						return
					}
				}
			})
		}
		wg.Wait()
		equal(t, "refusals evaluated", len(times), len(list))
		for key, n := range times {
			if n != 1 {
				t.Errorf("%s was judged %d times", key, n)
			}
		}
	})
}

// sendDigest plans a digest of a member and settles it as accepted for an address.
func sendDigest(t *testing.T, s *store.Store, member forum.MemberID, day string, address string, at time.Time) (key string) {
	t.Helper()
	key = fmt.Sprintf("digest/%d/%s", member, day)
	check(t, s.Subscribers.Save(t.Context(), at, []store.Subscriber{{ID: member, Due: at}}))
	must(s.Outbox.Plan(t.Context(), at, []store.Plan{{Key: key, Kind: "digest", Member: member, Until: at.Unix(), NextDue: at}}))(t)
	must(s.Outbox.Claim(t.Context(), at, "me", time.Minute, store.AllPriorities, 100))(t)
	check(t, s.Outbox.Settle(t.Context(), "me", []store.Settlement{{Key: key, State: "accepted", Result: "accepted", Address: address, At: at}}))
	return key
}

func TestEvaluate_AcceptedMessagesReduceScore(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		const address = "anna@a.example"
		judge := func(at time.Time, score float64) (before bounce.Health) {
			must(s.Suppressions.Evaluate(t.Context(), at, at, func(d store.EvaluationInput) store.EvaluationResult {
				before = d.Health[address]
				h := before
				h.Score += score
				h.LastEvent = at
				return store.EvaluationResult{
					Verdicts: make([]string, len(d.Refusals)),
					Health:   []store.Health{{Address: address, Member: 1, Health: h}},
				}
			}))(t)
			return before
		}
		note := func(key string, at time.Time) {
			check(t, s.Suppressions.SaveRefusals(t.Context(), []store.Refusal{{Key: key, Source: store.FromReport, Member: 1, Address: address, SentAt: at, At: at}}))
		}
		note(sendDigest(t, s, 1, "a", "Anna@A.example", now), now)
		judge(now, 2)
		sendDigest(t, s, 1, "b", address, now.Add(1*time.Hour))
		sendDigest(t, s, 1, "c", "else@where.example", now.Add(2*time.Hour))
		note(sendDigest(t, s, 1, "d", address, now.Add(3*time.Hour)), now.Add(3*time.Hour))
		equal(t, "score after one accepted message", judge(now.Add(4*time.Hour), 0).Score, 1.9)
		note(sendDigest(t, s, 1, "e", address, now.Add(5*time.Hour)), now.Add(5*time.Hour))
		equal(t, "score not worn off twice", judge(now.Add(6*time.Hour), 0).Score, 1.9)

		var mailed []string
		for _, m := range must(s.Outbox.SentMessages(t.Context(), 1))(t) {
			mailed = append(mailed, m.Key+" "+m.Address)
		}
		equal(t, "messages of the member", len(mailed), 5)
		equal(t, "recipients", strings.Contains(strings.Join(mailed, "\n"), "digest/1/a anna@a.example"), true)
	})
}

func TestRefusals_ListedLatestFirstAndCounted(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		list := []store.Refusal{
			{Key: "a", Source: store.FromReport, Member: 1, Address: "anna@a.example", SentAt: now.Truncate(time.Minute), Class: bounce.ClassUnknownUser, Code: 550, Enhanced: "5.1.1", Reply: "no", At: now},
			{Key: "b", Source: store.FromRelay, Member: 2, Address: "bert@b.example", SentAt: now.Truncate(time.Minute), Stage: "RCPT TO", Class: bounce.ClassMailboxFull, At: now.Add(-time.Minute)},
			{Key: "c", Source: store.FromRelay, Member: 3, Address: "carl@a.example", SentAt: now.Truncate(time.Minute), Class: bounce.ClassMailboxFull, At: now.Add(-time.Hour)},
		}
		check(t, s.Suppressions.SaveRefusals(t.Context(), list))
		equal(t, "all", must(s.Suppressions.Refusals(t.Context(), store.RefusalFilter{Limit: 9}))(t), list)
		equal(t, "the second page of one", must(s.Suppressions.Refusals(t.Context(), store.RefusalFilter{Skip: 1, Limit: 1}))(t), list[1:2])
		equal(t, "of a domain", must(s.Suppressions.Refusals(t.Context(), store.RefusalFilter{Domain: "A.example", Limit: 9}))(t), []store.Refusal{list[0], list[2]})
		equal(t, "of a domain and a class", must(s.Suppressions.Refusals(t.Context(), store.RefusalFilter{Domain: "a.example", Class: bounce.ClassMailboxFull, Limit: 9}))(t), list[2:])
		equal(t, "classes", must(s.Suppressions.RefusalClasses(t.Context(), now.Add(-time.Minute)))(t), []store.ClassCount{{Class: bounce.ClassUnknownUser, Refusals: 1}, {Class: bounce.ClassMailboxFull, Refusals: 1}})
	})
}

func TestSuppressions_ListAndRemove(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		until := now.Add(bounce.Reset)
		list := []store.Health{
			{Address: "anna@a.example", Member: 1, Health: bounce.Health{
				Score: 4.5, Day: now.Truncate(24 * time.Hour), DayScore: 0.5, Missing: now.Add(-time.Hour), LastEvent: now,
				SuppressedSince: now, SuppressedUntil: until, Reason: "dead: no such user",
			}},
			{Address: "bert@a.example", Health: bounce.Health{Day: time.Unix(0, 0).UTC(), SuppressedSince: now, Reason: "the member asked for it"}},
			{Address: "carl@a.example", Member: 3, Health: bounce.Health{Score: 2, Day: now, DayScore: 2, LastEvent: now}},
		}
		check(t, s.Suppressions.Add(t.Context(), now, list))
		equal(t, "suppressions", must(s.Suppressions.List(t.Context(), now, "", "", 10))(t), list[:2])
		equal(t, "the page after Anna", must(s.Suppressions.List(t.Context(), now, "", "Anna@a.example", 10))(t), list[1:2])
		equal(t, "those with a part", must(s.Suppressions.List(t.Context(), now, "BERT@", "", 10))(t), list[1:2])
		equal(t, "a page of one", must(s.Suppressions.List(t.Context(), now, "", "", 1))(t), list[:1])
		ask := []string{"Anna@a.example", "bert@A.example", "carl@a.example", "dora@a.example"}
		equal(t, "suppressed", must(s.Suppressions.Suppressed(t.Context(), now, ask))(t), map[string]digest.Reason{"anna@a.example": digest.ReasonSuppressed, "bert@a.example": digest.ReasonSuppressedByHand})
		equal(t, "suppressed later", must(s.Suppressions.Suppressed(t.Context(), until, ask))(t), map[string]digest.Reason{"bert@a.example": digest.ReasonSuppressedByHand})

		check(t, s.Prune(t.Context(), until))
		equal(t, "after pruning", must(s.Suppressions.List(t.Context(), now, "", "", 10))(t), list[1:2])
		equal(t, "removed", must(s.Suppressions.Remove(t.Context(), ask))(t), []string{"bert@a.example"})
		equal(t, "after that", must(s.Suppressions.Suppressed(t.Context(), now, ask))(t), map[string]digest.Reason{})
	})
}

func TestRetryAddress_NotIfManualOrRecent(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		anna := store.Health{Address: "anna@a.example", Member: 1, Health: bounce.Health{
			Score: 4, Day: now.Truncate(24 * time.Hour), LastEvent: now, SuppressedSince: now, SuppressedUntil: now.Add(bounce.Reset), Reason: "dead: no such user",
		}}
		bert := must(store.ManualSuppression("bert@a.example", "the member asked for it", now))(t)
		bounded := must(store.ManualSuppression("carl@a.example", "on holiday", now))(t)
		bounded.SuppressedUntil = now.Add(time.Hour)
		check(t, s.Suppressions.Add(t.Context(), now, []store.Health{anna, bert, bounded}))
		try := func(address string, at time.Time) bool {
			return must(s.Suppressions.RetryAddress(t.Context(), at, address, at.Add(-time.Hour)))(t)
		}
		equal(t, "of a person who suppressed it", try("bert@a.example", now), false)
		equal(t, "of a person who suppressed it for a while", try("carl@a.example", now), false)
		equal(t, "unknown address", try("dora@a.example", now), false)
		equal(t, "bounced address", try("Anna@A.example", now), true)
		equal(t, "again, although it is not suppressed", try("anna@a.example", now.Add(2*time.Hour)), false)
		equal(t, "suppressed", must(s.Suppressions.Suppressed(t.Context(), now, []string{anna.Address, bert.Address, bounded.Address}))(t), map[string]digest.Reason{
			bert.Address: digest.ReasonSuppressedByHand, bounded.Address: digest.ReasonSuppressedByHand,
		})
		h, known, err := s.Suppressions.AddressHealth(t.Context(), anna.Address)
		check(t, err)
		equal(t, "its health", h, store.Health{Address: anna.Address, Member: 1, Tried: now, Health: bounce.Health{Day: time.Unix(0, 0).UTC(), LastEvent: now}})
		equal(t, "has a health record", known, true)

		check(t, s.Suppressions.Add(t.Context(), now, []store.Health{anna})) // it bounced again
		equal(t, "half an hour later", try(anna.Address, now.Add(30*time.Minute)), false)
		equal(t, "an hour later", try(anna.Address, now.Add(time.Hour)), true)
	})
}

func TestOutcomes_IncludeBounces(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		key := sendDigest(t, s, 1, "a", "anna@a.example", now)
		report := newRefusal(key, 1, "a.example", 0)
		report.Source, report.SentAt, report.At = store.FromReport, now, now.Add(time.Minute)
		check(t, s.Suppressions.SaveRefusals(t.Context(), []store.Refusal{report}))
		want := store.Outcome{
			Key: key, Kind: "digest", At: now.Add(time.Minute), Result: "bounced", Code: 550, Enhanced: "5.1.1", Reply: "no such user", Reason: "dead",
		}
		list := must(s.Queue.Outcomes(t.Context(), 1, time.Time{}))(t)
		equal(t, "outcomes", len(list), 2)
		equal(t, "the last", list[1], want)
		_, history, _, err := s.Queue.Message(t.Context(), key)
		check(t, err)
		equal(t, "history", len(history), 2)
		must(s.Suppressions.Evaluate(t.Context(), now.Add(time.Hour), now.Add(time.Hour), func(store.EvaluationInput) store.EvaluationResult {
			return store.EvaluationResult{Verdicts: []string{"spared"}}
		}))(t)
		if list = must(s.Queue.Outcomes(t.Context(), 1, time.Time{}))(t); !strings.Contains(list[1].Reason, "not counted") {
			t.Errorf("after the verdict \"spared\" the reason is %q", list[1].Reason)
		}
	})
}
