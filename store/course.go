package store

import "context"

// Course is an announcement with what has become of its mails.
type Course struct {
	Announcement
	Progress Progress
	Back     CameBack
}

// Course tells how far an announcement has come.
func (s *Store) Course(ctx context.Context, id int64) (c Course, err error) {
	if c.Announcement, err = s.Announcement(ctx, id); err != nil {
		return c, err
	}
	if c.Progress, err = s.Progress(ctx, id); err != nil {
		return c, err
	}
	c.Back, err = s.CameBack(ctx, id)
	return c, err
}

// Courses are all announcements, the newest first.
func (s *Store) Courses(ctx context.Context) ([]Course, error) {
	list, err := s.Announcements(ctx)
	if err != nil {
		return nil, err
	}
	courses := make([]Course, len(list))
	for i, a := range list {
		if courses[i], err = s.Course(ctx, a.ID); err != nil {
			return nil, err
		}
	}
	return courses, nil
}

// Title is the one of its first variant.
func (c Course) Title() string {
	if len(c.Variants) == 0 {
		return ""
	}
	return c.Variants[0].Title
}

// Total is how many mails there are to be in all, as far as is known.
func (c Course) Total() int {
	n := c.Progress.Enrolled()
	if c.Fanned && c.State != InCanary {
		return n
	}
	return max(n, c.Size)
}

// Sent is how many mails a relay has taken.
func (c Course) Sent() int { return c.Progress.States["accepted"] }

// Settled is how many mails are over, whatever became of them.
func (c Course) Settled() int { return c.Progress.Enrolled() - c.Waiting() }

// Waiting is how many mails are still to go.
func (c Course) Waiting() int {
	return c.Progress.States["queued"] + c.Progress.States["leased"] + c.Progress.States["held"]
}

// Live tells whether something happens by itself, now or later.
func (c Course) Live() bool { return c.State == Scheduled || c.State == InCanary || c.State == Sending }
