package daemon

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/daemon/editions"
	"postrider/daemon/settings"
	"postrider/daemon/view"
	"postrider/digest"
	"postrider/forum"
	"postrider/internal/link"
)

// viewedPosts opens a member's messages in the browser view and returns the posts of each, in the order of planning.
func (w *world) viewedPosts(member forum.MemberID) (shown [][]forum.PostID) {
	w.Helper()
	v := view.New(w.source, w.store, w.set, w.daemon.Renderer, w.daemon.Links)
	messages, err := w.store.Outbox.MemberMessages(w.Context(), member, time.Time{})
	if err != nil {
		w.Fatal(err)
	}
	for _, m := range messages {
		content, err := v.View(w.Context(), w.clock(), member, link.Mail(m.Key))
		if errors.Is(err, editions.ErrNothingToShow) {
			continue // a skipped edition has no posts
		}
		if err != nil {
			w.Fatal(err)
		}
		var ids []forum.PostID
		text := content.HTML.Plain()
		for id := range w.next() {
			if strings.Contains(text, fmt.Sprintf("This is post %d.", id)) {
				ids = append(ids, forum.PostID(id))
			}
		}
		shown = append(shown, ids)
	}
	return shown
}

func TestView_ShowsOnlyOriginalPosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set.Alerts = settings.DefaultAlerts()
	w.restart()
	w.member(101, "anna", passenger, routes, dining)
	w.setOverride(101, routes, digest.Weekly)
	weekly, daily := w.thread(routes), w.thread(dining)
	w.execSQL(`UPDATE section_watch SET mail = 0 WHERE member_id = 101`)
	w.round()
	var brought [][]forum.PostID
	for day := 4; day <= 13; day++ {
		w.setClock(day, "10:00")
		if day == 5 {
			w.writePost(weekly)
		}
		if day == 7 { // sent in an alert
			w.execSQL(`INSERT INTO thread_watch VALUES (101, ?, 1)`, daily)
		}
		w.writePost(daily)
		w.round()
		w.setClock(day, "10:05")
		w.round()
		w.setClock(day+1, "08:00")
		w.round()
		brought = append(brought, w.relay.takeMessages(w, address("anna"))...)
	}
	for _, ids := range brought {
		slices.Sort(ids)
	}
	if got := w.viewedPosts(101); !slices.EqualFunc(got, brought, slices.Equal) {
		t.Errorf("the browser view has\n%v, want the posts that were sent:\n%v", got, brought)
	}
}
