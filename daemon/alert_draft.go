package daemon

import (
	"context"
	"fmt"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/mail"
	"postrider/store"
	"postrider/templates"
)

// answered is how many earlier alerts of its thread an alert refers to; see mail.Message.
const answered = 9

// alertDrafts is the drafter of alerts.
func (d *Daemon) alertDrafts(ctx context.Context, rows []store.Row) ([]draft, error) {
	keys := keysOf(rows)
	notices, err := d.Store.Notices(ctx, keys)
	if err != nil {
		return nil, err
	}
	asks := make([]AlertAsk, len(rows))
	for i, r := range rows {
		asks[i] = AlertAsk{Member: r.Member, Notices: notices[r.Key]}
	}
	now := d.Now()
	built, err := d.builder.BuildAlerts(ctx, now, d.set.Alerts, asks)
	if err != nil {
		return nil, err
	}
	elders, err := d.Store.EarlierAlertKeys(ctx, keys, answered)
	if err != nil {
		return nil, err
	}
	subjects, err := d.subjects(ctx, built)
	if err != nil {
		return nil, err
	}
	drafts := make([]draft, len(rows))
	for i, b := range built {
		drafts[i] = d.alertDraft(rows[i].Key, b, asks[i], now, elders[rows[i].Key], subjects)
	}
	return drafts, nil
}

// alertDraft is the draft of one alert.
func (d *Daemon) alertDraft(key string, b BuiltAlert, ask AlertAsk, now time.Time, elders []string, subjects map[forum.ThreadID]string) draft {
	m := draft{skip: b.Skip}
	m.done, m.owes = d.leftOut(b.LeftOut, ask.Notices, now)
	if b.Alert == nil {
		return m
	}
	if quiet := d.set.Alerts.quiet(b.Choices); quiet != nil {
		if end, is := quiet.End(b.Zone, now); is {
			return draft{hold: end}
		}
	}
	return d.alertMail(m, b, viewed(alertFooter(d.Links, b.Alert), d.Links, ask.Member, key), elders, subjects)
}

// alertMail adds to the draft of an alert how it is written, and where it stands in its conversation.
func (d *Daemon) alertMail(m draft, b BuiltAlert, footer templates.Footer, elders []string, subjects map[forum.ThreadID]string) draft {
	a := b.Alert
	oneClick := footer.Unsubscribe
	if a.Cause().IsDirect() { // who ends what calls him means all of it
		oneClick = footer.All
	}
	m.to, m.posts, m.text, m.envelope = a.Member, a.Counts().Posts, b.Choices.Format == digest.Text, AlertEnvelope(d.set, oneClick)
	if !a.MultiThread() {
		t := &a.Groups[0].Threads[0]
		a.Title, a.Followup = subjects[t.ID], len(elders) > 0
		m.envelope.ThreadRoot, m.envelope.InReplyTo = fmt.Sprintf("thread/%d", t.ID), elders
		m.envelope.Archive = d.Forum.Links().Thread(t.ID)
	}
	m.write = func() (templates.Content, error) { return d.Press.Alert(a, footer, d.set.Digest.MaxBytes) }
	return m
}

// leftOut parts what an alert goes without: what is read is done with, all else is owed, for the next edition to judge.
func (d *Daemon) leftOut(left []digest.Omitted, notices []digest.AlertItem, now time.Time) (done []digest.Omitted, owes []digest.DeferredPost) {
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

// subjects gives what the alerts of each thread are called.
func (d *Daemon) subjects(ctx context.Context, built []BuiltAlert) (map[forum.ThreadID]string, error) {
	titles := titlesOf(built)
	if len(titles) == 0 {
		return nil, nil
	}
	return d.Store.SaveSubjects(ctx, titles)
}

// titlesOf are the titles, as they are now, of the threads of which alerts tell alone.
func titlesOf(built []BuiltAlert) map[forum.ThreadID]string {
	titles := make(map[forum.ThreadID]string)
	for _, b := range built {
		if b.Alert != nil && !b.Alert.MultiThread() {
			t := b.Alert.Groups[0].Threads[0]
			titles[t.ID] = t.Title
		}
	}
	return titles
}

// alertFooter holds the ways out of an alert: of its section for whom watches that, else of its thread; and of all alerts.
func alertFooter(links *link.Signer, a *digest.Alert) templates.Footer {
	member := int64(a.Member.ID)
	all := links.URL(link.Claims{Scope: link.Alerts, Member: member})
	f := templates.Footer{Settings: links.URL(link.Claims{Scope: link.Settings, Member: member}), Unsubscribe: all, All: all}
	if a.MultiThread() {
		return f
	}
	g := a.Groups[0]
	grant := link.Claims{Scope: link.Thread, Member: member, Object: int64(g.Threads[0].ID)}
	if a.Cause() == digest.SectionWatched {
		grant.Scope, grant.Object = link.Section, int64(g.Section.ID)
	}
	f.Unsubscribe = links.URL(grant)
	return f
}

// AlertEnvelope is what all alerts of a site have in common, with the one-click address of one member.
func AlertEnvelope(set Settings, unsubscribe string) mail.Message {
	m := Envelope(set, unsubscribe)
	m.Stream = KindAlert
	m.List.ID = "alerts." + set.Host
	m.FeedbackID = KindAlert + ":" + set.Host + ":postrider"
	return m
}
