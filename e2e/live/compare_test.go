//go:build live

package live

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"postrider/internal/smtptest"
)

// admin is the name of the forum's administrator.
const admin = "admin"

// side is who sends a message that the other one does not send.
type side string

const (
	onlyOurs  side = "only Postrider"
	onlyForum side = "only the forum"
)

// difference is one that an action is known to make. README.md explains each reason.
type difference struct {
	side side
	who  string // name of the member
	why  string
}

// comparison counts what was compared.
type comparison struct {
	actions       int
	ourRead       int // messages in our inbox that were read
	forumRead     int // messages in the forum's inbox that were read
	ourMessages   int
	forumMessages int // about posts
	otherMessages int // of the forum, about something else
	same          int // posts that both sent to the same address
	explained     map[string]int
	unexplained   int
	linksOpened   int
	brought       map[brought]bool
	accepted      int // alerts that ended daemons count
	digestLetters int
	digestPosts   int
}

func newComparison() comparison {
	return comparison{explained: map[string]int{}, brought: map[brought]bool{}}
}

// act lets people do something on the forum's pages, runs a round of Postrider, and compares what both have sent. Every difference
// must be expected, and every expected one must happen. Then the readers open the links.
func (w *world) act(what string, do func(), expected ...difference) {
	w.Helper()
	w.actions++
	nextSecond()
	do()
	if w.kind.flush != nil {
		w.kind.flush(w)
	}
	w.postrider.settle()
	ours, theirs := w.ourNew(), w.forumNew()
	w.Logf("%2d. %s: %s", w.actions, what, w.compare(what, ours, theirs, expected))
	nextSecond()
	for d, letter := range ours {
		w.openLinks(d, letter)
	}
}

// compare compares what an action made both send, and describes it.
func (w *world) compare(what string, ours map[delivery]smtptest.Letter, theirs map[delivery]notice, expected []difference) string {
	w.Helper()
	var both, differences []string
	used := map[difference]bool{}
	differs := func(s side, d delivery) {
		w.Helper()
		i := slices.IndexFunc(expected, func(e difference) bool { return e.side == s && e.who == w.nameOf(d.to) })
		if i < 0 {
			w.unexplained++
			w.Errorf("%s: %s sent post %d to %s", what, s, d.post, d.to)
			return
		}
		used[expected[i]] = true
		if s == onlyForum {
			w.wantReason(d)
		}
		w.explained[expected[i].why]++
		differences = append(differences, fmt.Sprintf("%s: %s to %s, %s", s, describe(d, w), d.to, expected[i].why))
	}
	for d, letter := range ours {
		n, sent := theirs[d]
		if !sent {
			differs(onlyOurs, d)
			continue
		}
		w.same++
		both = append(both, describe(d, w))
		if !strings.Contains(letter.Text, n.author) {
			w.Errorf("%s: the forum says that %s wrote, our message to %s does not:\n%s", what, n.author, d.to, letter.Text)
		}
		if !strings.Contains(letter.Text, n.title) {
			w.Errorf("%s: the forum names the thread %q, our message to %s does not:\n%s", what, n.title, d.to, letter.Text)
		}
	}
	for d := range theirs {
		if _, sent := ours[d]; !sent {
			differs(onlyForum, d)
		}
	}
	for _, e := range expected {
		if !used[e] {
			w.Errorf("%s: expected that %s sends something to %s (%s), but it did not", what, e.side, e.who, e.why)
		}
	}
	slices.Sort(both)
	slices.Sort(differences)
	text := "nobody"
	if len(both) > 0 {
		text = "both to " + strings.Join(both, ", ")
	}
	return strings.Join(append([]string{text}, differences...), "; ")
}

func describe(d delivery, w *world) string {
	return fmt.Sprintf("%s (post %d)", w.nameOf(d.to), d.post)
}

// report prints the counts.
func (w *world) report() {
	w.Helper()
	w.Logf("%d actions; Postrider sent %d alerts, the forum %d messages about posts and %d others; %d posts reached the same addresses, %d differences are explained, %d are not",
		w.actions, w.ourMessages-w.digestLetters, w.forumMessages, w.otherMessages, w.same, total(w.explained), w.unexplained)
	w.Logf("%d digests with %d posts; %d links opened", w.digestLetters, w.digestPosts, w.linksOpened)
	for _, why := range slices.Sorted(maps.Keys(w.explained)) {
		w.Logf("%3d: %s", w.explained[why], why)
	}
}

func total(counts map[string]int) (n int) {
	for _, count := range counts {
		n += count
	}
	return n
}
