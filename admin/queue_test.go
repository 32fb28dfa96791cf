package admin_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

// fillOutbox fills the outbox: member n's digest has the n-th state. Replies and addresses are hostile.
func (w *fixture) fillOutbox(states ...string) {
	w.Helper()
	ctx := w.Context()
	var subs []store.Subscriber
	var plans []store.Plan
	for i := range states {
		member := forum.MemberID(i + 1)
		subs = append(subs, store.Subscriber{ID: member, Due: w.now})
		plans = append(plans, store.Plan{Key: digestKey(i + 1), Kind: store.KindDigest, Member: member, Until: 9, NextDue: w.now.Add(24 * time.Hour)})
	}
	check(w, w.store.Subscribers.Save(ctx, w.now, subs))
	must(w.store.Outbox.Plan(ctx, w.now, plans))(w)
	rows := must(w.store.Outbox.Claim(ctx, w.now, "a-daemon", time.Hour, store.AllPriorities, len(states)))(w)
	var settled []store.Settlement
	var back []string
	for _, row := range rows {
		state := states[row.Member-1]
		switch state {
		case "leased":
			continue
		case "queued":
			back = append(back, row.Key)
			continue
		}
		settled = append(settled, store.Settlement{
			Key: row.Key, State: state, CountAttempt: true, Result: state, Code: 550, Enhanced: "5.1.1", Reply: hostile, QueueID: hostile,
			Address: fmt.Sprintf("m%d@%s.example", row.Member, state), At: w.now, Posts: 3, Bytes: 4000,
		})
	}
	check(w, w.store.Outbox.Release(ctx, "a-daemon", back))
	check(w, w.store.Outbox.Settle(ctx, "a-daemon", settled))
}

func digestKey(member int) string { return fmt.Sprintf("digest/%d/2026-05-04", member) }

func (w *fixture) messageState(key string) string {
	w.Helper()
	m, _, known, err := w.store.Queue.Message(w.Context(), key)
	if err != nil || !known {
		w.Fatalf("mail %s: known %v, %v", key, known, err)
	}
	return m.State
}

func TestQueue_Filters(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.fillOutbox("queued", "leased", "accepted", "refused", "uncertain", "skipped")
	b := w.admin()
	for _, c := range []struct {
		query string
		want  []int
	}{
		{"", []int{1, 2}},
		{"?state=open", []int{1, 2}},
		{"?state=all", []int{1, 2, 3, 4, 5, 6}},
		{"?state=refused", []int{4}},
		{"?state=all&kind=alert", nil},
		{"?state=all&kind=digest&member=3", []int{3}},
		{"?state=all&member=corridor+kate", []int{3}},
		{"?state=all&member=kate@passengers.example", []int{3}},
		{"?state=all&member=nobody", nil},
		{"?state=all&member=-3", nil},
		{"?state=all&domain=refused.example", []int{4}},
		{"?state=all&reason=ALERT(1)", []int{3, 4, 5, 6}},
		{"?state=all&since=hour", []int{1, 2, 3, 4, 5, 6}},
		{"?state=none-such&kind=none&since=ever&page=-3", []int{1, 2}},
		{"?state=all&page=2", nil},
	} {
		page := b.get("/queue" + c.query).body
		var got []int
		for i := range 6 {
			if strings.Contains(page, `value="`+digestKey(i+1)+`"`) {
				got = append(got, i+1)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q: %v, want %v", c.query, got, c.want)
		}
		if unknown := strings.HasSuffix(c.query, "=nobody") || strings.HasSuffix(c.query, "member=-3"); strings.Contains(page, "does not match exactly one member") != unknown {
			t.Errorf("%q: the page says that the member is unknown: %v", c.query, !unknown)
		}
	}
	w.now = w.now.Add(2 * time.Hour)
	if page := w.admin().get("/queue?state=all&since=hour").body; strings.Contains(page, digestKey(1)) {
		t.Error("the filter for the last hour shows an older message")
	}
}

func TestQueue_EscapesReplies(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.fillOutbox("refused", "uncertain")
	b := w.admin()
	wantEscaped(t, "the queue", b.get("/queue?state=all").body)
	wantEscaped(t, "a message", b.get("/queue/mail?key="+digestKey(1)).body)
	for _, q := range []string{"state", "kind", "domain", "reason", "member", "since", "page", "unchanged", "why", "done"} {
		if got := b.get("/queue?" + q + "=%22%3E%3Cscript%3E"); got.status != http.StatusOK || runsScript(got.body) {
			t.Errorf("hostile %s: status %d", q, got.status)
		}
	}
	if got := b.get("/queue/mail?key=%3Cscript%3E"); got.status != http.StatusNotFound || runsScript(got.body) {
		t.Errorf("unknown message: status %d", got.status)
	}
	sure := b.postWithToken("/queue/drop", "key", hostile, "back", hostile)
	wantEscaped(t, "confirmation of drop", sure.body)
}

func TestQueue_RetryIsLogged(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.fillOutbox("refused", "refused", "accepted")
	b := w.admin()
	got := b.postWithToken("/queue/retry", "key", digestKey(1), "key", digestKey(3), "state", "all", "kind", "digest").header.Get("Location")
	if got != "/base/queue?done=retried&kind=digest&n=1&state=all&unchanged=1&why=settled" {
		t.Errorf("redirected to %q", got)
	}
	for key, want := range map[string]string{digestKey(1): "queued", digestKey(2): "refused", digestKey(3): "accepted"} {
		if got := w.messageState(key); got != want {
			t.Errorf("%s is %s, want %s", key, got, want)
		}
	}
	if got := w.auditOf("mail/" + digestKey(1)); !slices.Equal(got, []string{"web: admin retry refused"}) || len(w.auditOf("mail/"+digestKey(3))) > 0 {
		t.Errorf("audit log is %q", got)
	}
	page := b.get(strings.TrimPrefix(got, "/base")).body
	if !strings.Contains(page, "1 message was requeued.") || !strings.Contains(page, "1 message was left unchanged. Reason: already settled.") {
		t.Errorf("the page after it:\n%s", page)
	}
	if page := b.get("/queue/mail?key=" + digestKey(1)).body; !strings.Contains(page, "<bdi>web: admin</bdi>, requeued") {
		t.Errorf("message page does not name the administrator:\n%s", page)
	}
}

// Only digests cover sightings, and an announcement has no posts.
func TestMessage_ShowsSightingsAndPostsOfDigestsOnly(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.fillOutbox("accepted")
	a := twoLanguageAnnouncement()
	a.Speed, a.Canary = 0, digest.Canary{}
	started := w.saveAnnouncement(a, 1)
	check(w, w.store.Announcements.Begin(w.Context(), w.now, started))
	_, _, err := w.store.Announcements.Enqueue(w.Context(), w.now, started, []store.Recipient{{Member: 1, NotBefore: w.now}}, 1, true, 20)
	check(w, err)
	rows := must(w.store.Outbox.Claim(w.Context(), w.now, "a-daemon", time.Hour, store.AllPriorities, 1))(w)
	key := rows[0].Key
	check(w, w.store.Outbox.Settle(w.Context(), "a-daemon", []store.Settlement{{Key: key, State: "accepted", CountAttempt: true, Result: "accepted", Code: 250, Address: "m1@a.example", At: w.now, Bytes: 4000}}))
	b := w.admin()
	for key, want := range map[string]bool{digestKey(1): true, key: false} {
		page := b.get("/queue/mail?key=" + key).body
		if !strings.Contains(page, "4,000 bytes") || strings.Contains(page, "Sightings covered") != want || strings.Contains(page, " posts, ") != want {
			t.Errorf("%s: sightings and posts should be shown: %v\n%s", key, want, page)
		}
	}
}

func TestQueue_RetriesAllOfAFilter(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	states := slices.Repeat([]string{"refused"}, 60)
	w.fillOutbox(append(states, "uncertain")...)
	b := w.admin()
	if got := b.postWithToken("/queue/retry", "all", "yes", "state", "refused").header.Get("Location"); !strings.Contains(got, "n=60") {
		t.Errorf("redirected to %q", got)
	}
	if w.messageState(digestKey(60)) != "queued" || w.messageState(digestKey(61)) != "uncertain" || w.wakeups != 1 {
		t.Errorf("the states are %s and %s; woken %d times", w.messageState(digestKey(60)), w.messageState(digestKey(61)), w.wakeups)
	}
}

func TestQueue_DropNeedsConfirmation(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.fillOutbox("queued", "leased")
	b := w.admin()
	asked := b.postWithToken("/queue/drop", "key", digestKey(1), "key", digestKey(2), "state", "all")
	if asked.status != http.StatusOK || !strings.Contains(asked.body, "Drop 2 messages?") || w.messageState(digestKey(1)) != "queued" {
		t.Errorf("confirmation: status %d, message is %s", asked.status, w.messageState(digestKey(1)))
	}
	got := b.postWithToken("/queue/drop", "sure", "yes", "key", digestKey(1), "key", digestKey(2), "back", "/queue?state=all").header.Get("Location")
	if got != "/base/queue?done=dropped&n=1&state=all&unchanged=1&why=leased" {
		t.Errorf("redirected to %q", got)
	}
	m, _, _, err := w.store.Queue.Message(t.Context(), digestKey(1))
	if err != nil || m.State != "skipped" || m.Last.Reason != store.DroppedByHand || w.messageState(digestKey(2)) != "leased" {
		t.Errorf("messages are %s (%s) and %s, %v", m.State, m.Last.Reason, w.messageState(digestKey(2)), err)
	}
	if got := w.auditOf("mail/" + digestKey(1)); !slices.Equal(got, []string{"web: admin drop queued"}) {
		t.Errorf("audit log is %q", got)
	}
}

// A member who is not found is not the same as no member: the action must not reach the messages of all members.
func TestQueue_ActionOnAllSparesOthersIfMemberIsUnknown(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.fillOutbox("queued", "refused")
	b := w.admin()
	b.postWithToken("/queue/drop", "all", "yes", "state", "open", "member", "nobody", "sure", "yes")
	b.postWithToken("/queue/retry", "all", "yes", "state", "all", "member", "nobody")
	if got := [2]string{w.messageState(digestKey(1)), w.messageState(digestKey(2))}; got != [2]string{"queued", "refused"} {
		t.Errorf("messages are %q, want them unchanged", got)
	}
}
