package daemon

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"postrider/internal/racetest"
)

// event is one thing that happens in a history. Its numbers are taken modulo the size of the world, so a history is still valid
// after events are removed.
type event struct {
	name    string
	a, b, c int
}

func (x event) String() string { return fmt.Sprintf("%s %d %d %d", x.name, x.a, x.b, x.c) }

// history is everything that happens to a forum, its members, its daemons and its relay, in order.
type history []event

func (t history) String() string {
	words := make([]string, len(t))
	for i, x := range t {
		words[i] = x.String()
	}
	return strings.Join(words, "; ")
}

// parseHistory parses the result of String. Missing numbers are 0.
func parseHistory(t testing.TB, text string) history {
	t.Helper()
	return parseEvents(t, text, func(name string) bool { return events[name].apply != nil })
}

func parseEvents(t testing.TB, text string, known func(name string) bool) (list history) {
	t.Helper()
	for _, words := range strings.Split(text, ";") {
		fields := strings.Fields(words)
		if len(fields) == 0 {
			continue
		}
		x := event{name: fields[0]}
		for i, into := range []*int{&x.a, &x.b, &x.c} {
			if len(fields) > i+1 {
				n, err := strconv.Atoi(fields[i+1])
				if err != nil {
					t.Fatal(err)
				}
				*into = n
			}
		}
		if !known(x.name) {
			t.Fatalf("unknown event %q", x.name)
		}
		list = append(list, x)
	}
	return list
}

// generateHistory returns a random history.
func generateHistory(seed uint64, length int) history {
	r := rand.New(rand.NewPCG(seed, 4))
	var bag []string
	for _, what := range eventNames() {
		for range events[what].weight {
			bag = append(bag, what)
		}
	}
	list := make(history, length)
	for i := range list {
		list[i] = event{bag[r.IntN(len(bag))], r.IntN(1000), r.IntN(1000), r.IntN(1000)}
	}
	return list
}

// TestModel_EachPostReachesEachMemberOnce plays random histories, and compares what members get with a simple model of
// what they should get. POSTRIDER_HISTORIES is the number of histories or a duration ("10m"), POSTRIDER_SEED the first seed or "new",
// and POSTRIDER_HISTORY a single history to play again.
func TestModel_EachPostReachesEachMemberOnce(t *testing.T) {
	racetest.SkipIfRace(t)
	t.Parallel()
	if text := os.Getenv("POSTRIDER_HISTORY"); text != "" {
		for _, fault := range runHistory(t, parseHistory(t, text)) {
			t.Error(fault)
		}
		return
	}
	seed := uint64(1)
	switch text := os.Getenv("POSTRIDER_SEED"); text {
	case "":
	case "new":
		seed = uint64(time.Now().UnixNano())
	default:
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	histories, end := 12, time.Time{}
	if text := os.Getenv("POSTRIDER_HISTORIES"); text != "" {
		if n, err := strconv.Atoi(text); err == nil {
			histories = n
		} else if d, err := time.ParseDuration(text); err == nil {
			histories, end = 1<<30, time.Now().Add(d)
		} else {
			t.Fatal(err)
		}
	}
	const workers = 2
	played := make([]int, workers)
	t.Cleanup(func() { t.Logf("%d histories were played, from seed %d", played[0]+played[1], seed) })
	for worker := range workers {
		t.Run(fmt.Sprint("worker ", worker+1), func(t *testing.T) {
			t.Parallel()
			for i := worker; i < histories && (end.IsZero() || time.Now().Before(end)) && !t.Failed(); i += workers {
				one := generateHistory(seed+uint64(i), 20+i%50)
				if faults := runHistory(t, one); len(faults) > 0 {
					one, faults = shrink(t, one, faults)
					t.Errorf("seed %d: %s\nPOSTRIDER_HISTORY=%q", seed+uint64(i), strings.Join(faults, "\n"), one)
				}
				played[worker]++
			}
		})
	}
}

// shrink removes events from a history as long as it still fails.
func shrink(t *testing.T, full history, faults []string) (history, []string) {
	return shrinkHistory(full, faults, func(list history) []string { return runHistory(t, list) })
}

func shrinkHistory(full history, faults []string, run func(history) []string) (history, []string) {
	end := time.Now().Add(2 * time.Minute)
	for step := (len(full) + 1) / 2; step > 0; {
		shorter := false
		for at := 0; at+step <= len(full) && time.Now().Before(end); {
			reduced := append(append(history{}, full[:at]...), full[at+step:]...)
			if found := run(reduced); len(found) > 0 {
				full, faults, shorter = reduced, found, true
			} else {
				at += step
			}
		}
		if !shorter || step > len(full) {
			step /= 2
		}
	}
	return full, faults
}

// runHistory plays a history and returns the faults.
func runHistory(t *testing.T, list history) (faults []string) {
	synctest.Test(t, func(t *testing.T) {
		p := &faultRecorder{TB: t}
		defer func() {
			if fault := recover(); fault != nil && fault != any(p) {
				panic(fault)
			}
			faults = p.faults
		}()
		sim := newSimulation(p)
		for _, x := range list {
			events[x.name].apply(sim, x.a, x.b, x.c)
			if !slices.Contains([]string{"wait", "round", "run", "crash", "relay", "send_now"}, x.name) {
				sim.changes++
			}
			sim.updateWanted()
		}
		sim.finish()
	})
	return faults
}

// faultRecorder records faults instead of failing the test.
type faultRecorder struct {
	testing.TB
	faults []string
}

func (p *faultRecorder) Error(a ...any)            { p.faults = append(p.faults, fmt.Sprintln(a...)) }
func (p *faultRecorder) Errorf(f string, a ...any) { p.faults = append(p.faults, fmt.Sprintf(f, a...)) }
func (p *faultRecorder) Fatal(a ...any)            { p.Error(a...); panic(p) }
func (p *faultRecorder) Fatalf(f string, a ...any) { p.Errorf(f, a...); panic(p) }
