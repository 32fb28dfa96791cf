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

// event is one thing that happens in a tale. Its numbers are read as far as the world goes, so that a tale from which acts
// were taken out is still one.
type event struct {
	name    string
	a, b, c int
}

func (x event) String() string { return fmt.Sprintf("%s %d %d %d", x.name, x.a, x.b, x.c) }

// history is all that happens to a forum, its members, its daemons and its relay, in order.
type history []event

func (t history) String() string {
	words := make([]string, len(t))
	for i, x := range t {
		words[i] = x.String()
	}
	return strings.Join(words, "; ")
}

// parseHistory reads what String wrote. Numbers that are left out are 0.
func parseHistory(t testing.TB, text string) (list history) {
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
		if events[x.name].play == nil {
			t.Fatalf("nobody knows how to %q", x.name)
		}
		list = append(list, x)
	}
	return list
}

// generateHistory makes up a tale.
func generateHistory(seed uint64, length int) history {
	r := rand.New(rand.NewPCG(seed, 4))
	var bag []string
	for _, what := range eventNames() {
		for range events[what].often {
			bag = append(bag, what)
		}
	}
	list := make(history, length)
	for i := range list {
		list[i] = event{bag[r.IntN(len(bag))], r.IntN(1000), r.IntN(1000), r.IntN(1000)}
	}
	return list
}

// TestModel_EachPostReachesEachMemberOnce plays tales that are made up, and holds what members were mailed against a
// simple view of what they should get. POSTRIDER_TALES is how many, or for how long ("10m"); POSTRIDER_SEED the first of them, "new"
// for tales that nobody has heard; POSTRIDER_TALE a tale to be told again.
func TestModel_EachPostReachesEachMemberOnce(t *testing.T) {
	racetest.SkipIfRace(t)
	t.Parallel()
	if text := os.Getenv("POSTRIDER_TALE"); text != "" {
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
	if text := os.Getenv("POSTRIDER_TALES"); text != "" {
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
	t.Cleanup(func() { t.Logf("%d tales were told, from seed %d", played[0]+played[1], seed) })
	for worker := range workers {
		t.Run(fmt.Sprint("teller ", worker+1), func(t *testing.T) {
			t.Parallel()
			for i := worker; i < histories && (end.IsZero() || time.Now().Before(end)) && !t.Failed(); i += workers {
				one := generateHistory(seed+uint64(i), 20+i%50)
				if faults := runHistory(t, one); len(faults) > 0 {
					one, faults = shrink(t, one, faults)
					t.Errorf("seed %d: %s\nPOSTRIDER_TALE=%q", seed+uint64(i), strings.Join(faults, "\n"), one)
				}
				played[worker]++
			}
		})
	}
}

// shrink takes acts out of a tale as long as it goes wrong.
func shrink(t *testing.T, full history, faults []string) (history, []string) {
	end := time.Now().Add(2 * time.Minute)
	for step := (len(full) + 1) / 2; step > 0; {
		shorter := false
		for at := 0; at+step <= len(full) && time.Now().Before(end); {
			reduced := append(append(history{}, full[:at]...), full[at+step:]...)
			if found := runHistory(t, reduced); len(found) > 0 {
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

// runHistory tells a tale and says what went wrong.
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
			events[x.name].play(sim, x.a, x.b, x.c)
			if !slices.Contains([]string{"wait", "round", "run", "die", "relay", "now"}, x.name) {
				sim.changes++
			}
			sim.updateWanted()
		}
		sim.finish()
	})
	return faults
}

// faultRecorder takes down faults instead of failing the test.
type faultRecorder struct {
	testing.TB
	faults []string
}

func (p *faultRecorder) Error(a ...any)            { p.faults = append(p.faults, fmt.Sprintln(a...)) }
func (p *faultRecorder) Errorf(f string, a ...any) { p.faults = append(p.faults, fmt.Sprintf(f, a...)) }
func (p *faultRecorder) Fatal(a ...any)            { p.Error(a...); panic(p) }
func (p *faultRecorder) Fatalf(f string, a ...any) { p.Errorf(f, a...); panic(p) }
