package daemon

import (
	"context"
	"fmt"
	"time"

	"postrider/daemon/delivery"
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
func (ap *alertPlanner) draftAlerts(ctx context.Context, rows []store.Row) ([]delivery.Draft, error) {
	keys := make([]string, len(rows))
	for i, r := range rows {
		keys[i] = r.Key
	}
	notices, err := ap.Store.Alerts.Items(ctx, keys)
	if err != nil {
		return nil, err
	}
	asks := make([]editions.AlertRequest, len(rows))
	for i, r := range rows {
		asks[i] = editions.AlertRequest{Member: r.Member, Items: notices[r.Key]}
		if r.UncertainCount > 0 {
			asks[i].Repeated = r.Key
		}
	}
	now := ap.Now()
	built, err := ap.builder.BuildAlerts(ctx, now, asks)
	if err != nil {
		return nil, err
	}
	earlierKeys, err := ap.Store.Alerts.EarlierAlertKeys(ctx, keys, maxReferences)
	if err != nil {
		return nil, err
	}
	drafts := make([]delivery.Draft, len(rows))
	for i, b := range built {
		drafts[i] = ap.alertDraft(rows[i].Key, b, asks[i], now, earlierKeys[rows[i].Key])
	}
	return drafts, nil
}

// alertDraft returns the draft of one alert.
func (ap *alertPlanner) alertDraft(key string, b editions.AlertResult, ask editions.AlertRequest, now time.Time, earlierKeys []string) delivery.Draft {
	m := delivery.Draft{Skip: b.SkipReason}
	m.Omitted, m.Deferred = ap.splitOmitted(b.LeftOut, ask.Items, now)
	if b.Alert == nil {
		return m
	}
	if b.Choices.WantsWeekendsOff() {
		if end, is := digest.WeekendEnd(b.Zone, b.Hour, now); is {
			return delivery.Draft{NotBefore: end, HoldReason: digest.ReasonWeekend}
		}
	}
	if quiet := ap.settings.Alerts.QuietOf(b.Choices); quiet != nil {
		if end, is := quiet.End(b.Zone, now); is {
			return delivery.Draft{NotBefore: end}
		}
	}
	return ap.fillAlertDraft(m, b, envelope.WithViewLink(envelope.AlertFooter(ap.Links, b.Alert), ap.Links, ask.Member, key), earlierKeys)
}

// fillAlertDraft adds the rendering and the position in the email conversation to the draft of an alert.
func (ap *alertPlanner) fillAlertDraft(m delivery.Draft, b editions.AlertResult, footer templates.Footer, earlierKeys []string) delivery.Draft {
	a := b.Alert
	m.To, m.Posts, m.Digest, m.TextOnly, m.Envelope = a.Member, a.Counts().Posts, &a.Digest, b.Choices.Format == digest.Text, envelope.Alert(ap.settings, a, envelope.OneClick(ap.Links, a, footer))
	if !a.MultiThread() {
		t := &a.Groups[0].Threads[0]
		a.Followup = len(earlierKeys) > 0
		m.Envelope.ThreadRoot, m.Envelope.InReplyTo = fmt.Sprintf("thread/%d", t.ID), earlierKeys
		m.Envelope.Archive = ap.Forum.Links().Thread(t.ID)
	}
	m.Render = func() (templates.Content, error) { return ap.Renderer.Alert(a, footer, ap.settings.Digest.MaxBytes) }
	return m
}

// splitOmitted splits the omitted posts of an alert. Posts already read are done; all others are deferred, and the next
// edition checks them again.
func (ap *alertPlanner) splitOmitted(left []digest.Omitted, notices []digest.AlertItem, now time.Time) (done []digest.Omitted, owes []digest.DeferredPost) {
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
