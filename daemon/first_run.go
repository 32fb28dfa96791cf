package daemon

import (
	"context"
	"time"

	"postrider/forum"
	"postrider/source"
)

// FirstRun says what the first digests of a new store will be.
type FirstRun struct {
	Members int                  // subscribers who get digests, in the share and on no list that excludes them
	First   int                  // how many of them get the first digests
	At      time.Time            // when; zero: never, because there are no subscribers
	Forum   source.DigestChoices // of these and of those who chose "off", the ones who chose nothing here
}

// FirstRun returns what the first digests will be, or nil if the store is not new. It reads the subscribers from the forum and
// saves nothing.
func (d *Daemon) FirstRun(ctx context.Context) (*FirstRun, error) {
	sync := &subscriberSync{d.base}
	first, err := sync.isFirstSync(ctx)
	if err != nil || !first {
		return nil, err
	}
	now, report := d.Now(), &FirstRun{Forum: make(source.DigestChoices)}
	for page, err := range sync.subscriberPages(ctx, now) {
		if err != nil {
			return nil, err
		}
		known, err := sync.knownSubscribers(ctx, page) // a member may have chosen a schedule before the first sync
		if err != nil {
			return nil, err
		}
		var groups map[forum.MemberID][]forum.GroupID
		if d.settings.Delivery.NeedsGroups() {
			if groups, err = d.groups(ctx, memberIDs(page)); err != nil {
				return nil, err
			}
		}
		for _, m := range page {
			if m.NoMail != "" || d.settings.Delivery.Blocked(m, groups[m.ID], d.Links.Percentile(int64(m.ID))) != "" {
				continue
			}
			was, ok := known[m.ID]
			if was.Schedule == nil {
				report.Forum.Add(m)
			}
			if m.OptOuts.Has(forum.Digests) {
				continue
			}
			report.add(sync.updateSubscriber(was, ok, m, now, 0, true).Due)
		}
	}
	return report, nil
}

func (r *FirstRun) add(due time.Time) {
	if due.IsZero() {
		return
	}
	r.Members++
	switch {
	case r.At.IsZero() || due.Before(r.At):
		r.At, r.First = due, 1
	case due.Equal(r.At):
		r.First++
	}
}
