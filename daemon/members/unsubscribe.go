package members

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"postrider/daemon/envelope"
	"postrider/digest"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/store"
)

// UndoState is what unsubscribing changed, to undo it. It contains only preferences that the member had before, so undoing
// never results in more messages than before.
type UndoState struct {
	Member        forum.MemberID   `json:"m"`
	Scope         link.Scope       `json:"s"`
	Object        int64            `json:"o,omitempty"`
	At            int64            `json:"at"` // Unix seconds
	Schedule      *digest.Schedule `json:"d,omitempty"`
	SetByAdmin    bool             `json:"b,omitempty"` // the schedule
	Alerts        digest.AlertMode `json:"a,omitempty"`
	Announcements *bool            `json:"n,omitempty"`
	Switches      digest.Switches  `json:"k,omitzero"`
	Wish          digest.Cadence   `json:"w,omitempty"`
}

// Bytes returns the encoded state.
func (e UndoState) Bytes() []byte {
	text, err := json.Marshal(e)
	if err != nil {
		panic(err) // numbers and strings only, which cannot fail
	}
	return text
}

// Read decodes the result of Bytes.
func (e *UndoState) Read(text []byte) error {
	if err := json.Unmarshal(text, e); err != nil {
		return fmt.Errorf("reading the undo state: %w", err)
	}
	return nil
}

// Unsubscribe unsubscribes from what a link says. It returns nil if the member was already unsubscribed.
func (d *Service) Unsubscribe(ctx context.Context, now time.Time, g link.Claims) (*UndoState, error) {
	e := UndoState{Member: forum.MemberID(g.Member), Scope: g.Scope, Object: g.Object, At: now.Unix()}
	if g.Scope == link.Thread || g.Scope == link.Section {
		return d.unsubscribeWatch(ctx, now, e)
	}
	before, err := d.choices(ctx, e.Member)
	if err != nil {
		return nil, err
	}
	e.Schedule, e.SetByAdmin, e.Alerts, e.Announcements, e.Switches = before.Schedule, before.SetByAdmin, before.Alerts, before.Announcements, before.Switches
	if kind, is := postKind(g.Scope); is {
		if before.Switches.Of(kind) == digest.Off {
			return nil, nil
		}
		return &e, d.store.Preferences.UnsubscribePosts(ctx, now, e.Member, kind)
	}
	streams := activeStreams(before, g.Scope)
	if len(streams) == 0 {
		return nil, nil
	}
	for _, kind := range streams {
		if err := d.store.Preferences.UnsubscribeKind(ctx, now, e.Member, kind); err != nil {
			return nil, err
		}
	}
	return &e, nil
}

// Subscribed reports whether there is still something that a link can unsubscribe from.
func (d *Service) Subscribed(ctx context.Context, g link.Claims) (bool, error) {
	e := UndoState{Member: forum.MemberID(g.Member), Scope: g.Scope, Object: g.Object}
	if g.Scope == link.Thread || g.Scope == link.Section {
		cadence, err := d.override(ctx, e)
		return cadence != digest.Off, err
	}
	c, err := d.choices(ctx, e.Member)
	if kind, is := postKind(g.Scope); is {
		return err != nil || c.Switches.Or(d.set.Notify.Switches()).Of(kind) != digest.Off, err
	}
	return err != nil || len(activeStreams(c, g.Scope)) > 0, err
}

// Unsubscribed returns which of these members turned off everything that they would get otherwise.
func (d *Service) Unsubscribed(ctx context.Context, now time.Time, members []int64) (map[int64]bool, error) {
	ids := make([]forum.MemberID, len(members))
	for i, id := range members {
		ids[i] = forum.MemberID(id)
	}
	chosen, err := d.store.Preferences.OfMembers(ctx, ids)
	if err != nil {
		return nil, err
	}
	unsubscribed := make(map[int64]bool)
	for id, c := range chosen {
		c, _ = d.effective(now, c, forum.Member{})
		if !d.set.Alerts.Enabled {
			c.Alerts = digest.NoAlerts
		}
		unsubscribed[int64(id)] = len(activeStreams(c, link.Everything)) == 0
	}
	return unsubscribed, nil
}

// postKind returns the kind of posts that a scope unsubscribes from, if it is about one.
func postKind(scope link.Scope) (kind digest.PostKind, is bool) {
	for _, kind := range digest.PostKinds() {
		if envelope.KindScope(kind) == scope {
			return kind, true
		}
	}
	return "", false
}

// activeStreams returns the kinds of messages that a scope unsubscribes from and that are still on.
func activeStreams(c digest.Preferences, scope link.Scope) []string {
	var kinds []string
	for _, stream := range []struct {
		scope link.Scope
		kind  string
		ended bool
	}{
		{link.Digests, store.KindDigest, c.Schedule != nil && c.Schedule.Cadence == digest.Off},
		{link.Alerts, store.KindAlert, c.Alerts == digest.NoAlerts},
		{link.Announcements, store.KindAnnouncement, c.Announcements != nil && !*c.Announcements},
	} {
		if (scope == stream.scope || scope == link.Everything) && !stream.ended {
			kinds = append(kinds, stream.kind)
		}
	}
	return kinds
}

func (d *Service) unsubscribeWatch(ctx context.Context, now time.Time, e UndoState) (*UndoState, error) {
	section, thread := e.place()
	before, err := d.override(ctx, e)
	if err != nil || before == digest.Off {
		return nil, err
	}
	e.Wish = before
	if err := d.store.Preferences.SetOverride(ctx, now, e.Member, section, thread, digest.Off); err != nil {
		return nil, err
	}
	return &e, nil
}

// place returns the section or the thread that the member unsubscribed from.
func (e UndoState) place() (forum.SectionID, forum.ThreadID) {
	if e.Scope == link.Section {
		return forum.SectionID(e.Object), 0
	}
	return 0, forum.ThreadID(e.Object)
}

// override returns the current override for the section or thread.
func (d *Service) override(ctx context.Context, e UndoState) (digest.Cadence, error) {
	all, err := d.store.Preferences.Overrides(ctx, []forum.MemberID{e.Member})
	if section, thread := e.place(); thread == 0 {
		return all[e.Member].Sections[section], err
	} else {
		return all[e.Member].Threads[thread], err
	}
}

// undoWindow is how long after unsubscribing from digests an undo misses no posts. After that the digest starts fresh.
const undoWindow = 24 * time.Hour

// Undo restores the previous state. back is false if the member made another choice since, which then applies.
func (d *Service) Undo(ctx context.Context, now time.Time, e UndoState) (back bool, err error) {
	if e.Scope == link.Thread || e.Scope == link.Section {
		section, thread := e.place()
		muted, err := d.store.Preferences.MutedAt(ctx, e.Member, section, thread)
		if err != nil || muted.IsZero() || muted.Unix() != e.At {
			return false, err
		}
		return true, d.store.Preferences.SetOverride(ctx, now, e.Member, section, thread, e.Wish)
	}
	c, err := d.choices(ctx, e.Member)
	if err != nil || c.ChosenAt.Unix() != e.At {
		return false, err
	}
	c.Schedule, c.SetByAdmin, c.Alerts, c.Announcements, c.Switches = e.Schedule, e.SetByAdmin, e.Alerts, e.Announcements, e.Switches
	if err := d.store.Preferences.Save(ctx, now, e.Member, c); err != nil {
		return false, err
	}
	late := now.Sub(time.Unix(e.At, 0)) > undoWindow
	return true, d.reschedule(ctx, now, e.Member, late)
}
