package daemon

import (
	"fmt"
	"strings"
	"testing"

	"postrider/digest"
	"postrider/forum"
	"postrider/internal/link"
)

// sentTo returns the members who get a digest with a share of all members, on a new store.
func sentTo(t *testing.T, share float64) map[string]bool {
	t.Helper()
	w := newWorld(t)
	w.set.Delivery.Share = share
	w.restart()
	for id := range int64(40) {
		w.member(200+id, fmt.Sprintf("M%d", id), passenger, routes)
	}
	w.writePost(w.thread(routes))
	report := w.round()
	sent := make(map[string]bool)
	for id := range int64(40) {
		name := fmt.Sprintf("M%d", id)
		if sent[name] = len(w.relay.takeMessages(w, address(name))) > 0; !sent[name] {
			if reasons := fmt.Sprint(w.outcomes(200 + forum.MemberID(id))); !strings.Contains(reasons, digest.ReasonNotInShare) {
				t.Errorf("share %v: %s has the outcomes %s", share, name, reasons)
			}
			delete(sent, name)
		}
	}
	if skipped := report.Skipped[digest.ReasonNotInShare]; skipped+len(sent) != 40 {
		t.Errorf("share %v: %d sent, %d outside of the share, want 40 together", share, len(sent), skipped)
	}
	return sent
}

func TestShare_GrowsWithoutDroppingMembers(t *testing.T) {
	few, more, all := sentTo(t, 10), sentTo(t, 60), sentTo(t, 100)
	if len(few) == 0 || len(few) >= len(more) || len(more) >= 40 || len(all) != 40 {
		t.Fatalf("shares of 10, 60 and 100 have %d, %d and %d members", len(few), len(more), len(all))
	}
	for name := range few {
		if !more[name] {
			t.Errorf("%s is in the share of 10, but not of 60", name)
		}
	}
}

func TestShare_IsExplained(t *testing.T) {
	w := newWorld(t)
	w.set.Delivery.Share = 0.000001
	w.restart()
	w.member(200, "Ada", passenger, routes)
	post := w.writePost(w.thread(routes))
	w.round()
	story := w.explainPost(200, post)
	if text := fmt.Sprint(story); !strings.Contains(text, digest.ReasonNotInShare) {
		t.Errorf("the explanation is %s", text)
	}
}

func TestLists_AlwaysBeatsTheShareAndNeverBeatsAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lists := &w.set.Delivery
	lists.Share, lists.Always, lists.AlwaysGroups = 0.000001, []string{"201", address("Bea")}, []int64{steward}
	lists.Never, lists.NeverGroups = []string{address("Dan")}, []int64{9}
	w.restart()
	names := []string{"Ada", "Bea", "Cem", "Dan", "Eva", "Fay", "Gus"}
	roles := []int{passenger, passenger, steward, steward, passenger, steward, steward}
	for i, name := range names {
		w.member(201+int64(i), name, roles[i], routes)
	}
	w.execSQL(`UPDATE member SET wants_mail = 0 WHERE name = 'Fay'`)
	w.execSQL(`INSERT INTO role VALUES (9, 'Driver')`)
	w.execSQL(`INSERT INTO permission SELECT 9, section_id, reads FROM permission WHERE role_id = ?`, steward)
	w.execSQL(`UPDATE member SET role_id = 9 WHERE name = 'Gus'`)
	post := w.writePost(w.thread(routes))
	w.round()
	for i, want := range []string{"", "", "", digest.ReasonNever, digest.ReasonNotInShare, forum.OptedOut, digest.ReasonNever} {
		id := 201 + forum.MemberID(i)
		if got := len(w.relay.takeMessages(w, address(names[i]))) > 0; got != (want == "") {
			t.Errorf("%s got a digest: %t, want %q", names[i], got, want)
		}
		if story := fmt.Sprint(w.explainPost(id, post)); !strings.Contains(story, want) {
			t.Errorf("the explanation for %s is %s, want %q", names[i], story, want)
		}
	}
}

func TestPercentile_IsEven(t *testing.T) {
	links, err := link.NewSigner("https://forum.example.org", []byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	below := 0
	for member := range int64(10_000) {
		p := links.Percentile(member)
		if p < 0 || p >= 100 {
			t.Fatalf("Percentile(%d) = %v", member, p)
		}
		if p < 5 {
			below++
		}
	}
	if below < 400 || below > 600 {
		t.Errorf("%d of 10,000 members are in a share of 5, want about 500", below)
	}
}
