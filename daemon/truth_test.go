package daemon

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"postrider/daemon/explain"
	"postrider/forum"
	"postrider/internal/racetest"
	"postrider/store"
)

// truth plays a history, and compares explanations and forecasts with what is sent.
type truth struct {
	sim    *simulation
	daemon *Daemon
	got    map[memberPost][]receipt
	faults []string
}

// TestTruth_ExplainAndForecastMatchWhatIsSent plays random histories. At questions, it asks for an explanation of each post for each
// member and for a forecast of each member. Then it runs a day without further events and compares. POSTRIDER_EXPLAIN_HISTORIES is
// the number of histories, POSTRIDER_SEED the first seed, and POSTRIDER_EXPLAIN_HISTORY a single history to play again.
func TestTruth_ExplainAndForecastMatchWhatIsSent(t *testing.T) {
	racetest.SkipIfRace(t)
	t.Parallel()
	if text := os.Getenv("POSTRIDER_EXPLAIN_HISTORY"); text != "" {
		for _, fault := range playTruth(t, parseEvents(t, text, func(name string) bool { return truthEvents()[name].apply != nil })) {
			t.Error(fault)
		}
		return
	}
	number := func(name string, standard uint64) uint64 {
		n, err := strconv.ParseUint(os.Getenv(name), 10, 64)
		if err != nil {
			return standard
		}
		return n
	}
	first, histories := number("POSTRIDER_SEED", 1), number("POSTRIDER_EXPLAIN_HISTORIES", 6)
	for seed := first; seed < first+histories; seed++ {
		list := generateTruthHistory(seed, 25+int(seed%30))
		if faults := playTruth(t, list); len(faults) > 0 {
			list, faults = shrinkHistory(list, faults, func(list history) []string { return playTruth(t, list) })
			t.Fatalf("seed %d: %s\nPOSTRIDER_EXPLAIN_HISTORY=%q", seed, strings.Join(faults, "\n"), list)
		}
	}
}

// playTruth plays a history and returns the faults.
func playTruth(t *testing.T, list history) (faults []string) {
	synctest.Test(t, func(t *testing.T) {
		p := &faultRecorder{TB: t}
		q := &truth{got: map[memberPost][]receipt{}}
		defer func() {
			if fault := recover(); fault != nil && fault != any(p) {
				panic(fault)
			} else if fault != nil {
				q.faults = append(q.faults, p.faults...)
			}
			faults = q.faults
		}()
		q.sim = newSimulation(p)
		q.daemon = q.sim.daemons[0]
		all := truthEvents()
		for _, x := range list {
			if os.Getenv("POSTRIDER_EXPLAIN_HISTORY") != "" {
				t.Logf("%s: %s", q.sim.timestamp(), x)
			}
			all[x.name].apply(q, x.a, x.b, x.c)
			q.record()
			if len(q.faults) > 0 {
				return
			}
		}
	})
	return faults
}

func (q *truth) fault(format string, a ...any) {
	q.faults = append(q.faults, fmt.Sprintf(format, a...))
}

func (q *truth) messages(member forum.MemberID) []store.Message {
	list, err := q.sim.store.Outbox.MemberMessages(q.sim.Context(), member, time.Time{})
	if err != nil {
		q.sim.Fatal(err)
	}
	return list
}

// horizon is how long a question waits for its answer.
const horizon = 26 * time.Hour

// answer is what was said about the messages of a member.
type answer struct {
	posts    []explain.Post
	forecast MemberForecast
	planned  map[string]bool // messages at the time of the question
}

// ask asks about all members and posts, runs a day, and compares.
func (q *truth) ask() {
	asked := q.sim.clock()
	answers := make(map[forum.MemberID]answer)
	for _, p := range q.sim.members {
		a := answer{posts: q.explainAll(p.id), planned: map[string]bool{}}
		for _, m := range q.messages(p.id) {
			a.planned[m.Key] = true
		}
		answers[p.id] = a
	}
	_, list := New(q.daemon.Deps, q.daemon.settings).Forecast(q.sim.Context(), asked.Add(24*time.Hour))
	for f, err := range list {
		if err != nil {
			q.sim.Fatal(err)
		}
		if a, known := answers[f.Member]; known {
			a.forecast = f
			answers[f.Member] = a
		}
	}
	for id, a := range answers {
		q.checkSent(id, a)
	}
	q.runDay(asked)
	for id, a := range answers {
		q.checkPredictions(id, a, asked)
		q.checkForecast(id, a, asked)
	}
}

func (q *truth) explainAll(member forum.MemberID) []explain.Post {
	posts := q.allPosts()
	_, list, err := NewExplainer(q.daemon.Deps, q.daemon.settings).Posts(q.sim.Context(), q.sim.clock(), fmt.Sprint(int64(member)), posts)
	if err != nil {
		q.sim.Fatal(err)
	}
	return list
}

// runDay runs rounds without faults or other events.
func (q *truth) runDay(asked time.Time) {
	q.startDelivery()
	q.sim.replies = nil
	q.round()
	for _, wait := range []time.Duration{time.Minute, time.Minute, 4 * time.Minute, 10 * time.Minute} {
		time.Sleep(wait)
		q.round()
	}
	for q.sim.clock().Before(asked.Add(horizon)) {
		const step = 30 * time.Minute // editions are due at whole or half hours
		time.Sleep(q.sim.clock().Truncate(step).Add(step).Sub(q.sim.clock()))
		q.round()
	}
}

// checkSent compares what is explained as sent with what the relay accepted.
func (q *truth) checkSent(member forum.MemberID, a answer) {
	for _, x := range a.posts {
		got := q.got[memberPost{member, x.Post}]
		by := slices.ContainsFunc(got, func(r receipt) bool { return r.key == x.Mail })
		if sent := x.Verdict == explain.Sent; sent != (len(got) > 0) || sent && !by {
			q.fault("%s: member %d got post %d in %v, but it is explained as %s in %q: %s", q.sim.timestamp(), member, x.Post, got, x.Verdict, x.Mail, reasonText(x.Reason))
		}
	}
}

// checkPredictions compares what was explained as coming or left out with what came.
func (q *truth) checkPredictions(member forum.MemberID, a answer, asked time.Time) {
	merged := make(map[string]string)
	for _, m := range q.messages(member) {
		if m.State == store.StateMerged {
			merged[m.Key] = m.Last.Reason
		}
	}
	for _, x := range a.posts {
		if x.Verdict == explain.Sent {
			continue
		}
		got := q.got[memberPost{member, x.Post}]
		came := len(got) > 0
		fault := ""
		switch x.Verdict {
		case explain.Omitted:
			if came {
				fault = "was not to come"
			}
		case explain.Waiting:
			if key := x.Mail; !came || got[0].key != key && got[0].key != merged[key] {
				fault = "was to come with " + key
			}
		case explain.Upcoming:
			alert, late := x.Reason.Key == "in_next_alert", x.At.After(asked.Add(horizon-time.Hour))
			switch {
			case late && came && got[0].at.Before(x.At):
				fault = "was to come later"
			case late || came && strings.HasPrefix(got[0].key, "alert/") == alert && !got[0].at.Before(x.At):
			case !came && alert && q.quietFor(member): // the end of quiet hours may be beyond the horizon
			default:
				fault = "was to come"
			}
		}
		if fault != "" {
			q.fault("asked %s: post %d to member %d %s (%s at %s; alert: %s), but came in %v", asked.Format("2 Jan 15:04:05"), x.Post, member, fault,
				reasonText(x.Reason), x.At.Format("2 Jan 15:04"), reasonText(x.Alert), got)
		}
	}
}

// quietFor reports whether a member has quiet hours all day.
func (q *truth) quietFor(member forum.MemberID) bool {
	i := slices.IndexFunc(q.sim.members, func(p *modelMember) bool { return p.id == member })
	return q.sim.members[i].quietHours[0] != q.sim.members[i].quietHours[1]
}

// checkForecast compares the forecast for a member with the first edition that was planned after it.
func (q *truth) checkForecast(member forum.MemberID, a answer, asked time.Time) {
	posts, key := 0, ""
	for _, m := range q.messages(member) {
		if m.Kind == store.KindDigest && !a.planned[m.Key] && m.Created.Before(asked.Add(24*time.Hour)) && key == "" {
			if posts, key = m.Last.Posts, m.Key; m.State != store.StateAccepted {
				posts = 0
			}
		}
	}
	want := a.forecast.Posts
	if !a.forecast.WouldSend() {
		want = 0
	}
	if posts != want {
		q.fault("asked %s: member %d got %d posts in %q, but the forecast is %+v", asked.Format("2 Jan 15:04:05"), member, posts, key, a.forecast)
	}
}
