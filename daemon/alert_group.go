package daemon

import (
	"fmt"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

// memberThread is a thread as one member is told of it.
type memberThread struct {
	forum.MemberID
	forum.ThreadID
}

// groupByThread puts the notices to each member together by thread.
func (d *Daemon) groupByThread(notices []digest.AlertItem) []store.Alert {
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
		list[i].Notices = append(list[i].Notices, n)
	}
	for i := range list {
		list[i].NotBefore, list[i].DebounceUntil = d.debounceWindow(list[i].Notices)
	}
	return list
}

// debounceWindow says when posts may go out: so long after the newest was written that its author may have mended it, but not
// longer than so long after the oldest.
func (d *Daemon) debounceWindow(notices []digest.AlertItem) (notBefore, most time.Time) {
	oldest, newest := notices[0].PostedAt, notices[0].PostedAt
	for _, n := range notices[1:] {
		if n.PostedAt.Before(oldest) {
			oldest = n.PostedAt
		}
		if n.PostedAt.After(newest) {
			newest = n.PostedAt
		}
	}
	notBefore, most = newest.Add(d.settings.Alerts.Debounce), oldest.Add(d.settings.Alerts.DebounceMax)
	if notBefore.After(most) {
		notBefore = most
	}
	return notBefore, most
}
