package store

import (
	"context"

	"postrider/digest"
)

// AnnouncementProgress is an announcement with the results of its messages.
type AnnouncementProgress struct {
	Announcement
	Progress Progress
	Feedback AnnouncementFeedback
}

// Progress returns an announcement with its progress.
func (s Announcements) Progress(ctx context.Context, id int64) (c AnnouncementProgress, err error) {
	if c.Announcement, err = s.Get(ctx, id); err != nil {
		return c, err
	}
	if c.Progress, err = s.CountMessages(ctx, id); err != nil {
		return c, err
	}
	c.Feedback, err = s.Feedback(ctx, id)
	return c, err
}

// ProgressOfAll returns all announcements, newest first.
func (s Announcements) ProgressOfAll(ctx context.Context) ([]AnnouncementProgress, error) {
	list, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]AnnouncementProgress, len(list))
	for i, a := range list {
		if all[i], err = s.Progress(ctx, a.ID); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Title returns the title of the first variant.
func (c AnnouncementProgress) Title() string {
	if len(c.Variants) == 0 {
		return ""
	}
	return c.Variants[0].Title
}

// wholeAudience reports whether the whole audience is in the outbox, and not only the canary.
func (c AnnouncementProgress) wholeAudience() bool {
	state := c.State
	if state == Paused {
		state = c.Resumes
	}
	return state == Done || state == Sending && c.AllEnqueued
}

// Total returns how many members the announcement is for: the audience at the start, until the whole audience is in the outbox.
func (c AnnouncementProgress) Total() int {
	n := c.Progress.Enrolled()
	if c.wholeAudience() {
		return n
	}
	return max(n, c.Size)
}

// Sent returns how many messages a relay accepted.
func (c AnnouncementProgress) Sent() int { return c.Progress.States["accepted"] }

// Settled returns how many messages are settled, with any result.
func (c AnnouncementProgress) Settled() int { return c.Progress.Enrolled() - c.unsettled() }

// Percent returns which part of the audience is settled.
func (c AnnouncementProgress) Percent() int {
	if c.Total() == 0 {
		return 0
	}
	return 100 * c.Settled() / c.Total()
}

// unsettled returns how many messages wait in the outbox.
func (c AnnouncementProgress) unsettled() int {
	return c.Progress.States["queued"] + c.Progress.States["leased"] + c.Progress.States["held"]
}

// Waiting returns how many members still wait for the announcement. A cancelled one has none.
func (c AnnouncementProgress) Waiting() int {
	if c.State == Cancelled {
		return c.unsettled()
	}
	return c.Total() - c.Settled()
}

// Unqueued returns how many members of the audience have no message in the outbox yet.
func (c AnnouncementProgress) Unqueued() int { return c.Total() - c.Progress.Enrolled() }

// Rest is a part of the audience that the announcement has not reached yet.
type Rest struct {
	Reason  digest.Reason
	Members int
}

// Rests returns which members of the audience are not reached, and why.
func (c AnnouncementProgress) Rests() (list []Rest) {
	add := func(why digest.Reason, n int) {
		if n > 0 {
			list = append(list, Rest{why, n})
		}
	}
	outside, states := c.Unqueued(), c.Progress.States
	switch {
	case c.State == Cancelled:
		add(digest.RestCancelled, outside)
	case c.State == Paused:
		add(digest.RestPaused, outside+states["queued"]+states["held"])
	case c.State == Scheduled:
		add(digest.RestScheduled, outside)
	case c.State == InCanary:
		add(digest.RestCanary, outside)
	default:
		add(digest.RestNotQueued, outside)
	}
	if c.State != Paused {
		add(digest.RestSpeed, states["held"])
		add(digest.RestQueued, states["queued"])
	}
	add(digest.RestInDelivery, states["leased"])
	return list
}

// Active reports whether the announcement advances without an operator, now or later.
func (c AnnouncementProgress) Active() bool {
	return c.State == Scheduled || c.State == InCanary || c.State == Sending
}
