package daemon

import (
	"context"
	"fmt"
	"time"

	"postrider/daemon/editions"
	"postrider/daemon/envelope"
	"postrider/digest"
	"postrider/forum"
	"postrider/store"
	"postrider/templates"
)

// maxReferences is how many earlier alerts about its thread an alert refers to; see mail.Message.
const maxReferences = 9

// draftAlerts is the drafter for alerts.
func (d *Daemon) draftAlerts(ctx context.Context, rows []store.Row) ([]messageDraft, error) {
	keys := keysOf(rows)
	notices, err := d.Store.Alerts.Items(ctx, keys)
	if err != nil {
		return nil, err
	}
	asks := make([]editions.AlertRequest, len(rows))
	for i, r := range rows {
		asks[i] = editions.AlertRequest{Member: r.Member, Notices: notices[r.Key]}
	}
	now := d.Now()
	built, err := d.builder.BuildAlerts(ctx, now, d.settings.Alerts, asks)
	if err != nil {
		return nil, err
	}
	earlierKeys, err := d.Store.Alerts.EarlierAlertKeys(ctx, keys, maxReferences)
	if err != nil {
		return nil, err
	}
	subjects, err := d.subjects(ctx, built)
	if err != nil {
		return nil, err
	}
	drafts := make([]messageDraft, len(rows))
	for i, b := range built {
		drafts[i] = d.alertDraft(rows[i].Key, b, asks[i], now, earlierKeys[rows[i].Key], subjects)
	}
	return drafts, nil
}

// alertDraft returns the draft of one alert.
func (d *Daemon) alertDraft(key string, b editions.AlertResult, ask editions.AlertRequest, now time.Time, earlierKeys []string, subjects map[forum.ThreadID]string) messageDraft {
	m := messageDraft{skip: b.SkipReason}
	m.omitted, m.deferred = d.splitOmitted(b.LeftOut, ask.Notices, now)
	if b.Alert == nil {
		return m
	}
	if quiet := d.settings.Alerts.QuietOf(b.Choices); quiet != nil {
		if end, is := quiet.End(b.Zone, now); is {
			return messageDraft{notBefore: end}
		}
	}
	return d.fillAlertDraft(m, b, envelope.WithViewLink(envelope.AlertFooter(d.Links, b.Alert), d.Links, ask.Member, key), earlierKeys, subjects)
}

// fillAlertDraft adds the rendering and the position in the email conversation to the draft of an alert.
func (d *Daemon) fillAlertDraft(m messageDraft, b editions.AlertResult, footer templates.Footer, earlierKeys []string, subjects map[forum.ThreadID]string) messageDraft {
	a := b.Alert
	oneClick := footer.Unsubscribe
	if a.Cause().IsDirect() { // unsubscribing from a quote or mention turns off all alerts
		oneClick = footer.All
	}
	m.to, m.posts, m.textOnly, m.envelope = a.Member, a.Counts().Posts, b.Choices.Format == digest.Text, envelope.Alert(d.settings, oneClick)
	if !a.MultiThread() {
		t := &a.Groups[0].Threads[0]
		a.Title, a.Followup = subjects[t.ID], len(earlierKeys) > 0
		m.envelope.ThreadRoot, m.envelope.InReplyTo = fmt.Sprintf("thread/%d", t.ID), earlierKeys
		m.envelope.Archive = d.Forum.Links().Thread(t.ID)
	}
	m.render = func() (templates.Content, error) { return d.Renderer.Alert(a, footer, d.settings.Digest.MaxBytes) }
	return m
}

// splitOmitted splits the omitted posts of an alert. Posts already read are done; all others are deferred, and the next
// edition checks them again.
func (d *Daemon) splitOmitted(left []digest.Omitted, notices []digest.AlertItem, now time.Time) (done []digest.Omitted, owes []digest.DeferredPost) {
	why := make(map[forum.PostID]digest.Reason, len(left))
	for _, l := range left {
		why[l.Post] = l.Reason
	}
	for _, n := range notices {
		switch reason := why[n.Post]; reason {
		case "":
		case digest.AlreadyRead:
			done = append(done, digest.Omitted{Post: n.Post, Reason: reason})
		default:
			o := digest.DeferredPost{Post: n.Post, Seq: n.Seq, NotBefore: now, Reason: reason}
			if n.Cause.IsDirect() {
				o.Cause = n.Cause
			}
			owes = append(owes, o)
		}
	}
	return done, owes
}

// subjects returns the subject of the alerts about each thread. It stays the same for the whole email conversation.
func (d *Daemon) subjects(ctx context.Context, built []editions.AlertResult) (map[forum.ThreadID]string, error) {
	titles := threadTitles(built)
	if len(titles) == 0 {
		return nil, nil
	}
	return d.Store.Alerts.SaveSubjects(ctx, titles)
}

// threadTitles returns the current titles of the threads that have an alert of a single thread.
func threadTitles(built []editions.AlertResult) map[forum.ThreadID]string {
	titles := make(map[forum.ThreadID]string)
	for _, b := range built {
		if b.Alert != nil && !b.Alert.MultiThread() {
			t := b.Alert.Groups[0].Threads[0]
			titles[t.ID] = t.Title
		}
	}
	return titles
}
