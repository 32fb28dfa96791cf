package daemon

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"postrider/daemon/members"
	"postrider/digest"
	"postrider/forum"
)

// addSection adds a section for a member, as the settings page does.
func (w *world) addSection(member forum.MemberID, section int, cadence digest.Cadence) error {
	w.Helper()
	service := members.New(w.source, w.store, w.set)
	a, err := service.Account(w.Context(), w.clock(), member)
	if err != nil {
		w.Fatal(err)
	}
	return service.AddSection(w.Context(), w.clock(), a, forum.SectionID(section), cadence)
}

func TestAdded_SectionCountsAsWatched(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	const dora = 104 // watches nothing on the forum
	if err := w.addSection(dora, guardsvan, digest.Instant); !errors.Is(err, members.ErrNotAddable) {
		t.Errorf("a section that Dora may not read: %v", err)
	}
	for section, cadence := range map[int]digest.Cadence{tonight: digest.Instant, routes: digest.WithDigest} {
		if err := w.addSection(dora, section, cadence); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.addSection(dora, routes, digest.Instant); !errors.Is(err, members.ErrNotAddable) {
		t.Errorf("a section that Dora watches already: %v", err)
	}
	w.setAlertMode(digest.EveryReply)
	atOnce, later := w.writePost(w.thread(tonight)), w.writePost(w.thread(routes))
	if story := fmt.Sprint(w.explainPost(dora, later)); !strings.Contains(story, "coming") {
		t.Errorf("the explanation of a post in the digest is %s", story)
	}
	w.round()
	w.setClock(4, "10:10")
	w.round()
	w.wantAlerts("dora", posts(atOnce))
	w.setClock(5, "08:00")
	w.round()
	w.wantAlerts("dora", posts(later)) // the digest

	w.writePost(w.thread(routes))
	w.writePost(w.thread(tonight))
	w.execSQL(`DELETE FROM permission WHERE section_id = ? AND role_id = ?`, routes, passenger)
	w.execSQL(`INSERT INTO section_watch VALUES (?, ?, 'threads', 0)`, dora, tonight) // newer than the choice here, which ends
	w.setClock(5, "12:00")
	w.round()
	w.setClock(6, "08:00")
	w.round()
	w.wantAlerts("dora") // neither what they may not read any more, nor replies
	w.execSQL(`DELETE FROM section_watch WHERE member_id = ?`, dora)
	w.setClock(6, "12:00")
	w.round()
	if sub, err := w.store.Preferences.Overrides(t.Context(), []forum.MemberID{dora}); err != nil || fmt.Sprint(sub[dora].Added) != fmt.Sprint([]int{routes}) {
		t.Errorf("Dora still added %v, %v; want only the section that they did not watch on the forum", sub[dora].Added, err)
	}
}
