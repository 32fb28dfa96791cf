package daemon

import (
	"context"
	"fmt"
	"slices"
	"time"

	"postrider/daemon/delivery"
	"postrider/daemon/editions"
	"postrider/daemon/envelope"
	"postrider/digest"
	"postrider/forum"
	"postrider/mail"
	"postrider/source"
	"postrider/store"
	"postrider/templates"
)

// AlertPreview is the alert about the posts of a period, in one message, as after quiet hours.
type AlertPreview struct {
	Member      forum.Member
	From, Until time.Time
	editions.AlertResult
	QuietUntil time.Time         // when quiet hours would release it; zero: not in quiet hours
	Content    templates.Content // this and the fields below are set only if there is something to send
	Envelope   mail.Message
	Text       bool // plain text only
}

// PreviewAlert builds the alert for one member, found by ID or name, about the posts created in [from, until), from the
// current state of the forum. Like Builder.Preview, it writes nothing and needs no sightings. Alerts about a thread before
// that period count; alerts about the posts themselves do not.
func (d *Daemon) PreviewAlert(ctx context.Context, who string, from, until time.Time) (AlertPreview, error) {
	return d.main.alerts.preview(ctx, who, from, until)
}

func (ap *alertPlanner) preview(ctx context.Context, who string, from, until time.Time) (AlertPreview, error) {
	p := AlertPreview{From: from, Until: until}
	var notices []digest.AlertItem
	var left []digest.Omitted
	err := ap.Forum.Read(ctx, func(s *source.Snapshot) error {
		member, err := s.FindMember(ctx, who, until)
		if err != nil {
			return err
		}
		p.Member = member
		created, err := s.PostsCreated(ctx, from, until)
		if err != nil {
			return err
		}
		notices, left, err = ap.selectAlertPosts(ctx, s, member.ID, created, from, until)
		return err
	})
	if err == nil {
		err = ap.renderPreview(ctx, &p, notices)
	}
	if err != nil {
		return AlertPreview{}, fmt.Errorf("previewing: %w", err)
	}
	p.LeftOut = append(left, p.LeftOut...)
	return p, nil
}

// renderPreview builds and renders the alert for some items.
func (ap *alertPlanner) renderPreview(ctx context.Context, p *AlertPreview, notices []digest.AlertItem) error {
	built, err := ap.builder.BuildAlerts(ctx, p.Until, []editions.AlertRequest{{Member: p.Member.ID, Items: notices}})
	if err != nil {
		return err
	}
	if p.AlertResult = built[0]; !ap.settings.Alerts.Enabled {
		p.Alert, p.SkipReason = nil, digest.ReasonAlertsDisabled
	}
	if p.Alert == nil {
		return nil
	}
	if quiet := ap.settings.Alerts.QuietOf(p.Choices); quiet != nil {
		p.QuietUntil, _ = quiet.End(p.Zone, p.Until)
	}
	m := ap.fillAlertDraft(delivery.Draft{}, p.AlertResult, envelope.AlertFooter(ap.Links, p.Alert), nil)
	p.Envelope, p.Text = m.Envelope, m.TextOnly
	p.Content, err = m.Render()
	return err
}

// selectAlertPosts selects the posts that the member would have got an alert about.
func (ap *alertPlanner) selectAlertPosts(ctx context.Context, s *source.Snapshot, member forum.MemberID, created []forum.PostID, from, until time.Time) ([]digest.AlertItem, []digest.Omitted, error) {
	readers, err := ap.builder.Readers(ctx, s, []forum.MemberID{member}, until)
	if err != nil || readers[member] == nil {
		return nil, nil, err
	}
	r := readers[member]
	listener := digest.AlertCandidate{ID: member, Watches: r.Watches, Choices: r.Choices, Switches: r.Switches, Overrides: r.Overrides}
	var notices []digest.AlertItem
	wrote := make(map[forum.ThreadID][]time.Time)
	for some := range slices.Chunk(created, eventBatchSize) {
		news, err := ap.eventsFor(ctx, s, some)
		if err != nil {
			return nil, nil, err
		}
		for _, n := range news {
			if n.Author == member {
				wrote[n.Thread] = append(wrote[n.Thread], n.PostedAt)
			}
		}
		bulletin, err := loadEvents(ctx, s, news)
		if err != nil {
			return nil, nil, err
		}
		notices = append(notices, bulletin.AlertItems(listener, until)...)
	}
	if ap.settings.Alerts.ModeOf(r.Choices) != digest.FirstReply {
		return notices, nil, nil
	}
	return ap.keepFirstPerThread(ctx, s, notices, wrote, from)
}

// eventsFor reads posts as if they had just been sighted. Posts that were sighted keep their sequence numbers, so that
// earlier posts can be found.
func (ap *alertPlanner) eventsFor(ctx context.Context, s *source.Snapshot, created []forum.PostID) ([]store.PostEvent, error) {
	posts, err := s.Posts(ctx, created)
	if err != nil {
		return nil, err
	}
	seen, err := ap.Store.Sightings.Records(ctx, created)
	if err != nil {
		return nil, err
	}
	head, err := ap.Store.Sightings.LastSeq(ctx)
	if err != nil {
		return nil, err
	}
	number := make(map[forum.PostID]int64, len(seen))
	for _, x := range slices.Backward(seen) {
		number[x.Post] = x.Seq
	}
	news := make([]store.PostEvent, len(posts))
	for i, p := range posts {
		seq, known := number[p.ID]
		if !known {
			seq = head + 1 + int64(p.ID)
		}
		news[i] = store.PostEvent{Seq: seq, Post: p.ID, Thread: p.Thread, Author: p.Author, PostedAt: p.PostedAt}
	}
	return news, nil
}

// keepFirstPerThread leaves out posts after an alert about their thread, until the member visits it. It assumes that each
// alert goes out as soon as its debounce time is over.
func (ap *alertPlanner) keepFirstPerThread(ctx context.Context, s *source.Snapshot, notices []digest.AlertItem, wrote map[forum.ThreadID][]time.Time, from time.Time) (kept []digest.AlertItem, left []digest.Omitted, err error) {
	before, err := ap.Store.Alerts.Unanswered(ctx, notices)
	if err != nil || len(notices) == 0 {
		return nil, nil, err
	}
	told := make(map[forum.ThreadID]digest.LastAlert)
	since := from
	for _, t := range before {
		if t.Until.Before(from) {
			told[t.Thread] = t
		}
		if t.Until.Before(since) {
			since = t.Until
		}
	}
	member := notices[0].Member
	read, err := s.ReadMarksSince(ctx, []forum.MemberID{member}, since)
	if err != nil {
		return nil, nil, err
	}
	visits, err := s.Visits(ctx, []forum.MemberID{member})
	if err != nil {
		return nil, nil, err
	}
	open := make(map[forum.ThreadID][]digest.AlertItem) // the items of the pending alert
	for _, n := range notices {
		if waits := open[n.Thread]; len(waits) > 0 {
			if goes, _ := ap.debounceWindow(waits); n.PostedAt.After(goes) {
				told[n.Thread] = digest.LastAlert{Member: member, Thread: n.Thread, Until: waits[len(waits)-1].PostedAt, SentAt: goes}
				open[n.Thread] = nil
			}
		}
		t, before := told[n.Thread]
		if before && s.KnowsVisits() && !n.Cause.IsDirect() && !t.VisitedSince(read[member], visits[member], n.Section) && !postedBetween(wrote[n.Thread], t.Until, n.PostedAt) {
			left = append(left, digest.Omitted{Post: n.Post, Reason: digest.ReasonNotVisitedSince})
			continue
		}
		open[n.Thread] = append(open[n.Thread], n)
		kept = append(kept, n)
	}
	return kept, left, nil
}

// postedBetween reports whether the member posted in (after, before].
func postedBetween(wrote []time.Time, after, before time.Time) bool {
	return slices.ContainsFunc(wrote, func(at time.Time) bool { return at.After(after) && !at.After(before) })
}
