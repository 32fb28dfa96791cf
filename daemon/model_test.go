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

// act is one thing that happens in a tale. Its numbers are read as far as the world goes, so that a tale from which acts
// were taken out is still one.
type act struct {
	what    string
	a, b, c int
}

func (x act) String() string { return fmt.Sprintf("%s %d %d %d", x.what, x.a, x.b, x.c) }

// script is all that happens to a forum, its members, its daemons and its relay, in order.
type script []act

func (t script) String() string {
	words := make([]string, len(t))
	for i, x := range t {
		words[i] = x.String()
	}
	return strings.Join(words, "; ")
}

// readScript reads what String wrote. Numbers that are left out are 0.
func readScript(t testing.TB, text string) (list script) {
	t.Helper()
	for _, words := range strings.Split(text, ";") {
		fields := strings.Fields(words)
		if len(fields) == 0 {
			continue
		}
		x := act{what: fields[0]}
		for i, into := range []*int{&x.a, &x.b, &x.c} {
			if len(fields) > i+1 {
				n, err := strconv.Atoi(fields[i+1])
				if err != nil {
					t.Fatal(err)
				}
				*into = n
			}
		}
		if acts[x.what].play == nil {
			t.Fatalf("nobody knows how to %q", x.what)
		}
		list = append(list, x)
	}
	return list
}

// generate makes up a tale.
func generate(seed uint64, length int) script {
	r := rand.New(rand.NewPCG(seed, 4))
	var bag []string
	for _, what := range actNames() {
		for range acts[what].often {
			bag = append(bag, what)
		}
	}
	list := make(script, length)
	for i := range list {
		list[i] = act{bag[r.IntN(len(bag))], r.IntN(1000), r.IntN(1000), r.IntN(1000)}
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
		for _, fault := range run(t, readScript(t, text)) {
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
	tales, end := 12, time.Time{}
	if text := os.Getenv("POSTRIDER_TALES"); text != "" {
		if n, err := strconv.Atoi(text); err == nil {
			tales = n
		} else if d, err := time.ParseDuration(text); err == nil {
			tales, end = 1<<30, time.Now().Add(d)
		} else {
			t.Fatal(err)
		}
	}
	const workers = 2
	told := make([]int, workers)
	t.Cleanup(func() { t.Logf("%d tales were told, from seed %d", told[0]+told[1], seed) })
	for worker := range workers {
		t.Run(fmt.Sprint("teller ", worker+1), func(t *testing.T) {
			t.Parallel()
			for i := worker; i < tales && (end.IsZero() || time.Now().Before(end)) && !t.Failed(); i += workers {
				one := generate(seed+uint64(i), 20+i%50)
				if faults := run(t, one); len(faults) > 0 {
					one, faults = shorten(t, one, faults)
					t.Errorf("seed %d: %s\nPOSTRIDER_TALE=%q", seed+uint64(i), strings.Join(faults, "\n"), one)
				}
				told[worker]++
			}
		})
	}
}

// shorten takes acts out of a tale as long as it goes wrong.
func shorten(t *testing.T, whole script, faults []string) (script, []string) {
	end := time.Now().Add(2 * time.Minute)
	for step := (len(whole) + 1) / 2; step > 0; {
		shorter := false
		for at := 0; at+step <= len(whole) && time.Now().Before(end); {
			less := append(append(script{}, whole[:at]...), whole[at+step:]...)
			if found := run(t, less); len(found) > 0 {
				whole, faults, shorter = less, found, true
			} else {
				at += step
			}
		}
		if !shorter || step > len(whole) {
			step /= 2
		}
	}
	return whole, faults
}

// run tells a tale and says what went wrong.
func run(t *testing.T, list script) (faults []string) {
	synctest.Test(t, func(t *testing.T) {
		p := &probe{TB: t}
		defer func() {
			if fault := recover(); fault != nil && fault != any(p) {
				panic(fault)
			}
			faults = p.faults
		}()
		stage := newSimulation(p)
		for _, x := range list {
			acts[x.what].play(stage, x.a, x.b, x.c)
			if !slices.Contains([]string{"wait", "round", "run", "die", "relay", "now"}, x.what) {
				stage.changes++
			}
			stage.evaluate()
		}
		stage.end()
	})
	return faults
}

// probe takes down faults instead of failing the test.
type probe struct {
	testing.TB
	faults []string
}

func (p *probe) Error(a ...any)            { p.faults = append(p.faults, fmt.Sprintln(a...)) }
func (p *probe) Errorf(f string, a ...any) { p.faults = append(p.faults, fmt.Sprintf(f, a...)) }
func (p *probe) Fatal(a ...any)            { p.Error(a...); panic(p) }
func (p *probe) Fatalf(f string, a ...any) { p.Errorf(f, a...); panic(p) }
