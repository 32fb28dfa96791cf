package daemon

import (
	"fmt"
	"testing"
	"time"

	"postrider/forum"
)

func TestFirstRun_WaitsForNextSlot(t *testing.T) {
	w := newWorld(t) // at 9:00 UTC, an hour after the slot
	w.set.AwaitSlot = true
	w.restart()
	w.member(200, "Ada", passenger, routes)
	w.member(201, "Ben", passenger, routes)
	w.member(202, "Tomo", passenger, routes)
	w.execSQL(`UPDATE member SET zone = 'Asia/Tokyo' WHERE id = 202; INSERT INTO digest_setting VALUES (201, 'daily')`)
	// These three watch something, but get no digests.
	for id, column := range map[int64]string{203: "state = 'banned'", 204: "wants_mail = 0", 205: "email = ''"} {
		w.member(id, fmt.Sprint("nobody ", id), passenger, routes)
		w.execSQL(`UPDATE member SET zone = 'Asia/Tokyo', `+column+` WHERE id = ?`, id)
	}
	thread := w.thread(routes)
	post := w.writePost(thread)
	plan, err := w.daemon.FirstRun(t.Context())
	tokyo := time.Date(2026, 5, 4, 23, 0, 0, 0, time.UTC)
	if err != nil || plan == nil || plan.Members != 3 || plan.First != 1 || !plan.At.Equal(tokyo) {
		t.Fatalf("FirstRun = %+v, %v, want one of three members at %s", plan, err, tokyo)
	}
	if got := plan.Forum.String(); got != "members chose on the forum: 1 daily, 1 off" { // a member who opted out of all email counts, too
		t.Errorf("the choices on the forum are %q", got)
	}
	if report := w.round(); report.Planned != 0 || report.Sent != 0 {
		t.Errorf("the first round plans %d digests and sends %d messages, want none", report.Planned, report.Sent)
	}
	if plan, err := w.daemon.FirstRun(t.Context()); plan != nil || err != nil {
		t.Errorf("after a round FirstRun = %+v, %v, want nil: the store is not new", plan, err)
	}
	w.setTime(tokyo)
	w.round()
	w.setClock(5, "08:00")
	w.round()
	for _, name := range []string{"Ada", "Ben", "Tomo"} {
		w.wantMessages(name, []forum.PostID{post})
	}
}
