package daemon

import (
	netmail "net/mail"
	"strings"
	"testing"
)

// The email about the end of an alarm is a reply to the one about its start, and not to that of an earlier alarm of the same kind.
func TestAlarms_ResolvedRepliesToRaised(t *testing.T) {
	t.Parallel()
	w := newAlarmWorld(t)
	var heads []netmail.Header
	for range 2 {
		w.execSQL(`ALTER TABLE post RENAME TO posts`)
		w.runMinutes(10)
		w.execSQL(`ALTER TABLE posts RENAME TO post`)
		w.runMinutes(20)
	}
	for _, sent := range w.relay.messages() {
		if head, _, _ := parseMessage(t, sent.raw); sent.to == admin && strings.Contains(head.Get("Subject"), "forum") {
			heads = append(heads, head)
		}
	}
	if len(heads) != 4 {
		t.Fatalf("the administrator got %d messages, want 4", len(heads))
	}
	for i, head := range heads {
		id := head.Get("Message-Id")
		for _, other := range heads[:i] {
			if id == other.Get("Message-Id") {
				t.Errorf("message %d has the Message-ID of an earlier one", i)
			}
		}
		want := ""
		if i%2 == 1 {
			want = heads[i-1].Get("Message-Id")
		}
		if head.Get("In-Reply-To") != want || head.Get("References") != want {
			t.Errorf("%q: In-Reply-To %q, References %q, want %q", head.Get("Subject"), head.Get("In-Reply-To"), head.Get("References"), want)
		}
	}
}
