package editions

import (
	"context"
	"fmt"
	"slices"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/source"
	"postrider/store"
)

// AlertRequest names an alert to build: a member and the alert items.
type AlertRequest struct {
	Member   forum.MemberID
	Items    []digest.AlertItem
	Repeated string // its key, if copies of it may have arrived
}

// AlertResult is the result of building an alert.
type AlertResult struct {
	Alert      *digest.Alert
	SkipReason string // why there is nothing to send; empty: send Alert
	LeftOut    []digest.Omitted
	Zone       *time.Location
	Choices    digest.Preferences
	Hour       int // of the digests
}

// BuildAlerts builds one alert per request, in the same order. An error means that the forum or the store could not be
// read. In that case nothing may be sent.
func (b *Builder) BuildAlerts(ctx context.Context, now time.Time, requests []AlertRequest) ([]AlertResult, error) {
	if len(requests) == 0 {
		return nil, nil
	}
	built := make([]AlertResult, len(requests))
	err := b.forum.Read(ctx, func(s *source.Snapshot) error {
		inputs, err := b.loadAlertInputs(ctx, s, requests, now)
		if err != nil {
			return err
		}
		for i, a := range requests {
			built[i] = b.selectAlert(inputs, a, now)
		}
		if err := b.fillAlerts(ctx, s, built, inputs.contents, now); err != nil {
			return err
		}
		return b.addContext(ctx, s, built, inputs.readers, inputs.before, now)
	})
	if err != nil {
		return nil, fmt.Errorf("building alerts: %w", err)
	}
	return built, nil
}

// alertInputs is the current data from which alerts are built.
type alertInputs struct {
	window   *digest.Window
	contents map[forum.PostID]*forum.Content
	before   map[forum.ThreadID][]store.EarlierPost
	readers  map[forum.MemberID]*digest.Reader
	earlier  map[string]map[forum.PostID]bool // posts of earlier copies, by key
}

func (b *Builder) loadAlertInputs(ctx context.Context, s *source.Snapshot, requests []AlertRequest, now time.Time) (x alertInputs, err error) {
	if x.window, x.contents, err = b.alertWindow(ctx, s, requests); err != nil {
		return x, err
	}
	if x.before, err = b.earlierPosts(ctx, requests); err != nil {
		return x, err
	}
	if x.readers, err = b.alertReaders(ctx, s, requests, x.before, now); err != nil {
		return x, err
	}
	x.earlier, err = b.earlierAlertCopies(ctx, requests)
	return x, err
}

// alertWindow reads the current state and the contents of the posts of all alert items.
func (b *Builder) alertWindow(ctx context.Context, s *source.Snapshot, requests []AlertRequest) (*digest.Window, map[forum.PostID]*forum.Content, error) {
	known := make(map[forum.PostID]bool)
	var sightings []digest.Sighting
	for _, a := range requests {
		for _, n := range a.Items {
			if !known[n.Post] {
				known[n.Post] = true
				sightings = append(sightings, digest.Sighting{Seq: n.Seq, Post: n.Post, PostedAt: n.PostedAt})
			}
		}
	}
	if err := b.setVisibleSince(ctx, sightings); err != nil {
		return nil, nil, err
	}
	window, posts, err := b.loadWindow(ctx, s, sightings)
	if err != nil {
		return nil, nil, err
	}
	contents, err := b.contents(ctx, s, contentRequest{posts: versions(posts)})
	return window, contents, err
}

// setVisibleSince reads since when posts of alerts are visible.
func (b *Builder) setVisibleSince(ctx context.Context, sightings []digest.Sighting) error {
	seqs := make([]int64, len(sightings))
	for i, x := range sightings {
		seqs[i] = x.Seq
	}
	stored, err := b.store.Sightings.At(ctx, seqs)
	if err != nil {
		return err
	}
	since := make(map[int64]time.Time, len(stored))
	for _, x := range stored {
		since[x.Seq] = x.VisibleSince
	}
	for i, x := range sightings {
		sightings[i].VisibleSince = since[x.Seq]
	}
	return nil
}

func versions(posts []forum.Post) map[forum.PostID]string {
	all := make(map[forum.PostID]string, len(posts))
	for _, p := range posts {
		all[p.ID] = p.Version
	}
	return all
}

// alertReaders reads everything that decides what the members' alerts may include.
func (b *Builder) alertReaders(ctx context.Context, s *source.Snapshot, requests []AlertRequest, before map[forum.ThreadID][]store.EarlierPost, now time.Time) (map[forum.MemberID]*digest.Reader, error) {
	ids := make([]forum.MemberID, len(requests))
	since := now
	for i, a := range requests {
		ids[i] = a.Member
		for _, n := range a.Items {
			if n.PostedAt.Before(since) {
				since = n.PostedAt
			}
		}
	}
	for _, list := range before {
		for _, e := range list {
			if e.PostedAt.Before(since) {
				since = e.PostedAt
			}
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	readers, err := b.Readers(ctx, s, ids, now)
	if err != nil {
		return nil, err
	}
	read, err := s.ReadMarksSince(ctx, ids, since)
	if err != nil {
		return nil, err
	}
	for id, r := range readers {
		marks := read[id]
		r.Read = &marks
	}
	return readers, nil
}

// selectAlert selects the posts of one alert.
func (b *Builder) selectAlert(x alertInputs, a AlertRequest, now time.Time) AlertResult {
	r := x.readers[a.Member]
	switch {
	case r == nil:
		return AlertResult{SkipReason: digest.ReasonMemberDeleted}
	case r.Choices.NoEmailReason(r.Member, forum.Alerts) != "":
		return AlertResult{SkipReason: r.Choices.NoEmailReason(r.Member, forum.Alerts)}
	case r.Choices.Alerts == digest.NoAlerts:
		return AlertResult{SkipReason: digest.ReasonAlertsOff}
	case r.Choices.PausedUntil.After(now):
		return AlertResult{SkipReason: digest.ReasonPaused}
	}
	reader := *r // a member may have several alerts
	reader.EarlierCopies = x.earlier[a.Repeated]
	d, left := x.window.Alert(reader, a.Items, x.contents)
	d.WantedExcerpt = b.alerts.Excerpt
	built := AlertResult{Alert: &digest.Alert{Digest: *d}, LeftOut: left, Zone: r.Zone, Choices: r.Choices, Hour: r.Schedule.Hour}
	if d.Empty() {
		built.Alert, built.SkipReason = nil, digest.ReasonNothingNew
		if len(left) > 0 {
			built.SkipReason = string(left[0].Reason)
		}
	}
	return built
}

// fillAlerts adds the contents of the selected posts.
func (b *Builder) fillAlerts(ctx context.Context, s *source.Snapshot, built []AlertResult, contents map[forum.PostID]*forum.Content, now time.Time) error {
	var editions []Edition
	for _, a := range built {
		if a.Alert != nil {
			editions = append(editions, Edition{Digest: &a.Alert.Digest})
		}
	}
	need := newContentRequest(editions)
	part, err := s.Participation(ctx, need.members, need.threadIDs())
	if err != nil {
		return err
	}
	marks, err := s.ThreadMarks(ctx, need.threadIDs())
	if err != nil {
		return err
	}
	for _, a := range built {
		if a.Alert == nil {
			continue
		}
		d := &a.Alert.Digest
		d.Zone = a.Zone
		if d.Member.Locale == "" {
			d.Member.Locale = b.set.Locale
		}
		d.Fill(contents, part[d.Member.ID], marks)
		d.SortByAge()
		d.From, d.Until = d.Oldest(), now
	}
	return nil
}
