package daemon

import (
	"fmt"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

// memberThread identifies the alerts of one member about one thread.
type memberThread struct {
	forum.MemberID
	forum.ThreadID
}

// groupByThread groups alert items by member and thread.
func (ap *alertPlanner) groupByThread(notices []digest.AlertItem) []store.Alert {
	var list []store.Alert
	at := make(map[memberThread]int)
	for _, n := range notices {
		c := memberThread{n.Member, n.Thread}
		i, found := at[c]
		if !found {
			i = len(list)
			at[c] = i
			list = append(list, store.Alert{Key: fmt.Sprintf("%s/%d/T%d/%d", store.KindAlert, n.Member, n.Thread, n.Seq)})
		}
		list[i].Items = append(list[i].Items, n)
	}
	for i := range list {
		list[i].NotBefore, list[i].DebounceUntil = ap.debounceWindow(list[i].Items)
	}
	return list
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
