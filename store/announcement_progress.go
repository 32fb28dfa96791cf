package store

import "context"

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

// Total returns how many messages there will be, as far as is known.
func (c AnnouncementProgress) Total() int {
	n := c.Progress.Enrolled()
	if c.AllEnqueued && c.State != InCanary {
		return n
	}
	return max(n, c.Size)
}

// Sent returns how many messages a relay accepted.
func (c AnnouncementProgress) Sent() int { return c.Progress.States["accepted"] }

// Settled returns how many messages are settled, with any result.
func (c AnnouncementProgress) Settled() int { return c.Progress.Enrolled() - c.Waiting() }

// Waiting returns how many messages are not settled yet.
func (c AnnouncementProgress) Waiting() int {
	return c.Progress.States["queued"] + c.Progress.States["leased"] + c.Progress.States["held"]
}

// Active reports whether the announcement advances without an operator, now or later.
func (c AnnouncementProgress) Active() bool {
	return c.State == Scheduled || c.State == InCanary || c.State == Sending
}
