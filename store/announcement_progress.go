package store

import "context"

// Progress is an announcement with what has become of its mails.
type AnnouncementProgress struct {
	Announcement
	Progress Progress
	Feedback AnnouncementFeedback
}

// Progress tells how far an announcement has come.
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

// ProgressOfAll are all announcements, the newest first.
func (s Announcements) ProgressOfAll(ctx context.Context) ([]AnnouncementProgress, error) {
	list, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	courses := make([]AnnouncementProgress, len(list))
	for i, a := range list {
		if courses[i], err = s.Progress(ctx, a.ID); err != nil {
			return nil, err
		}
	}
	return courses, nil
}

// Title is the one of its first variant.
func (c AnnouncementProgress) Title() string {
	if len(c.Variants) == 0 {
		return ""
	}
	return c.Variants[0].Title
}

// Total is how many mails there are to be in all, as far as is known.
func (c AnnouncementProgress) Total() int {
	n := c.Progress.Enrolled()
	if c.AllEnqueued && c.State != InCanary {
		return n
	}
	return max(n, c.Size)
}

// Sent is how many mails a relay has taken.
func (c AnnouncementProgress) Sent() int { return c.Progress.States["accepted"] }

// Settled is how many mails are over, whatever became of them.
func (c AnnouncementProgress) Settled() int { return c.Progress.Enrolled() - c.Waiting() }

// Waiting is how many mails are still to go.
func (c AnnouncementProgress) Waiting() int {
	return c.Progress.States["queued"] + c.Progress.States["leased"] + c.Progress.States["held"]
}

// Active tells whether something happens by itself, now or later.
func (c AnnouncementProgress) Active() bool {
	return c.State == Scheduled || c.State == InCanary || c.State == Sending
}
