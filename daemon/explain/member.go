package explain

import (
	"context"
	"fmt"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

// historyDays is how far back a member's messages are listed.
const historyDays = 30 * 24 * time.Hour

// Member explains what a member gets and why.
type Member struct {
	Member         forum.Member
	Subscribed     bool // watches something and is synced
	Sections       int  // watched
	Threads        int
	Choices        digest.Preferences
	Schedule       digest.Schedule
	Origin         digest.Origin // of the schedule
	Zone           string
	Consents       []store.Consent // subscriptions that the member confirmed, the latest first
	Health         store.Health    // no Address: no message ever bounced
	NoDigest       []digest.Reason // why there are no digests
	NoAlert        []digest.Reason // why there are no alerts
	NoAnnouncement []digest.Reason // why there are no announcements
	Delays         []digest.Phrase // why messages are waiting
	Due            time.Time       // when the next digest is due; zero: never
	Posts          int             // in the next digest as of now
	Skip           digest.Reason   // why the next digest would not be sent now
	Messages       []store.Message // waiting, or settled in the last 30 days, in the order of planning
	Attempts       []store.Outcome
}

// Member explains one member, found by ID or name.
func (e *Service) Member(ctx context.Context, now time.Time, who string) (Member, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f, err := e.loadMember(ctx, who, now)
	if err != nil {
		return Member{}, fmt.Errorf("explaining: %w", err)
	}
	m := Member{
		Member: f.member, Subscribed: !f.unsubscribed && f.rehearsal.Watches, Choices: f.choices, Health: f.health,
		Sections: len(f.reader.Watches.Sections), Threads: len(f.reader.Watches.Threads),
		Zone:     f.reader.Zone.String(),
		NoDigest: e.blockers(f, store.KindDigest), NoAlert: e.blockers(f, store.KindAlert), NoAnnouncement: e.announcementBlockers(f), Delays: e.delayReasons(f),
	}
	m.Schedule, m.Origin = e.schedule(f)
	if m.Consents, err = e.store.Consents.Of(ctx, f.member.ID); err != nil {
		return Member{}, fmt.Errorf("explaining: %w", err)
	}
	if m.Attempts, err = e.store.Queue.Outcomes(ctx, f.member.ID, now.Add(-historyDays)); err != nil {
		return Member{}, fmt.Errorf("explaining: %w", err)
	}
	for _, mail := range f.messages {
		if pending(mail) || !mail.Settled.Before(now.Add(-historyDays)) {
			m.Messages = append(m.Messages, mail)
		}
	}
	if m.Subscribed {
		m.Due, m.Skip = f.next.due, f.next.skip
	}
	if b := f.built[""]; b.Digest != nil && m.Skip == "" {
		m.Posts = b.Digest.Counts().Posts
	}
	return m, nil
}
