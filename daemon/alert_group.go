package daemon

import (
	"context"
	"fmt"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/source"
	"postrider/store"
)

// memberThread identifies the alerts of one member about one thread.
type memberThread struct {
	forum.MemberID
	forum.ThreadID
}

// memberSection identifies the alerts of one member about new threads of one section.
type memberSection struct {
	forum.MemberID
	forum.SectionID
}

// groupItems groups alert items: those of one member in one thread, or in new threads of one section, or
// all that are late or wait for each other. Those that come with the digest form groups of their own.
func (ap *alertPlanner) groupItems(ctx context.Context, s *source.Snapshot, items []digest.AlertItem) ([]store.Alert, error) {
	now := ap.Now()
	late := lateMembers(items, now)
	deadlines, err := ap.digestsBeforeAlerts(ctx, s, late, now)
	if err != nil {
		return nil, err
	}
	g := newAlertGrouping()
	var rest []digest.AlertItem
	for _, n := range items {
		switch {
		case n.WithDigest || isLate(n, now) && deadlines[n.Member]:
			g.leaveToDigest(n)
		case isLate(n, now) || n.Bundle.Window() > 0:
			g.addToBundle(n)
		default:
			rest = append(rest, n)
		}
	}
	for _, n := range rest {
		g.add(n)
	}
	for i := range g.alerts {
		a := &g.alerts[i]
		a.NotBefore, a.DebounceUntil = ap.debounceWindow(a.Items)
		if a.Bundle {
			a.NotBefore, a.DebounceUntil = ap.bundleWindow(a.Items, now)
		}
	}
	return g.alerts, nil
}

// alertGrouping collects alerts, and finds those that an item belongs to.
type alertGrouping struct {
	alerts    []store.Alert
	byThread  map[memberThread]int // indexes into alerts
	bySection map[memberSection]int
	bundle    map[forum.MemberID]int
	toDigest  map[forum.MemberID]int
}

func newAlertGrouping() *alertGrouping {
	return &alertGrouping{byThread: make(map[memberThread]int), bySection: make(map[memberSection]int), bundle: make(map[forum.MemberID]int), toDigest: make(map[forum.MemberID]int)}
}

// addToBundle adds an item to the one alert about all late posts of its member, or about all that appear in a while.
func (g *alertGrouping) addToBundle(n digest.AlertItem) {
	i, found := g.bundle[n.Member]
	if !found {
		i = g.begin(n)
		g.bundle[n.Member] = i
		g.alerts[i].Bundle = true
	}
	g.byThread[memberThread{n.Member, n.Thread}] = i // its newer posts come with them
	g.alerts[i].Items = append(g.alerts[i].Items, n)
}

// leaveToDigest leaves an item to the next digest of its member.
func (g *alertGrouping) leaveToDigest(n digest.AlertItem) {
	i, found := g.toDigest[n.Member]
	if !found {
		i = g.begin(n)
		g.toDigest[n.Member] = i
		g.alerts[i].LeftToDigest = true
	}
	g.alerts[i].Items = append(g.alerts[i].Items, n)
}

// add adds an item to the alert about its thread, or about new threads of its section.
func (g *alertGrouping) add(n digest.AlertItem) {
	c := memberThread{n.Member, n.Thread}
	i, found := g.byThread[c]
	if section := (memberSection{n.Member, n.Section}); !found && n.Opening && n.Cause == digest.SectionWatched {
		if i, found = g.bySection[section]; !found {
			i, found = g.begin(n), true
			g.bySection[section], g.alerts[i].Section = i, n.Section
		}
	}
	if !found {
		i = g.begin(n)
	}
	g.byThread[c] = i
	g.alerts[i].Items = append(g.alerts[i].Items, n)
}

// begin adds an empty alert for an item and returns its index.
func (g *alertGrouping) begin(n digest.AlertItem) int {
	g.alerts = append(g.alerts, store.Alert{Key: fmt.Sprintf("%s/%d/T%d/%d", store.KindAlert, n.Member, n.Thread, n.Seq)})
	return len(g.alerts) - 1
}

// debounceWindow returns when posts may be sent: some time after the newest post, so that its author can still correct it,
// but not too long after the oldest.
func (ap *alertPlanner) debounceWindow(notices []digest.AlertItem) (notBefore, most time.Time) {
	oldest, newest := notices[0].PostedAt, notices[0].PostedAt
	for _, n := range notices[1:] {
		if n.PostedAt.Before(oldest) {
			oldest = n.PostedAt
		}
		if n.PostedAt.After(newest) {
			newest = n.PostedAt
		}
	}
	notBefore, most = newest.Add(ap.settings.Alerts.Debounce), oldest.Add(ap.settings.Alerts.DebounceMax)
	if notBefore.After(most) {
		notBefore = most
	}
	return notBefore, most
}
