package daemon

import (
	"context"
	"fmt"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/source"
	"postrider/store"
)

// toldDays is how far back a member's mails are listed.
const toldDays = 30 * 24 * time.Hour

// MemberStory is what there is to tell of one member.
type MemberStory struct {
	Member   forum.Member
	OnRoll   bool // he watches something, and postrider knows
	Sections int  // that he watches
	Threads  int
	Choices  digest.Preferences
	Schedule digest.Schedule
	Zone     string
	Health   store.Health // no Address: no mail ever came back from his
	NoDigest []string     // why he gets no digests
	NoAlert  []string     // why he gets no alerts
	Delays   []string     // why his mails wait
	Due      time.Time    // when his next digest is due; zero: never
	Posts    int          // that it would hold now
	Skip     string       // why it would not be sent now
	Mails    []store.Mail // that wait, or were settled in the last 30 days, in the order in which they were planned
	Attempts []store.Outcome
}

// Member tells of one member, found by number or name.
func (e *Explainer) Member(ctx context.Context, now time.Time, who string) (MemberStory, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var f *file
	err := e.builder.forum.Read(ctx, func(s *source.Snapshot) (err error) {
		f, err = e.open(ctx, s, who, now)
		return err
	})
	if err != nil {
		return MemberStory{}, fmt.Errorf("explaining: %w", err)
	}
	m := MemberStory{
		Member: f.member, OnRoll: f.onRoll, Choices: f.choices, Health: f.health,
		Sections: len(f.reader.Watches.Sections), Threads: len(f.reader.Watches.Threads),
		Schedule: e.calendar.schedule(f.sub), Zone: f.reader.Zone.String(),
		NoDigest: e.obstacles(f, KindDigest), NoAlert: e.obstacles(f, KindAlert), Delays: e.delays(f),
	}
	if m.Attempts, err = e.builder.store.Outcomes(ctx, f.member.ID, now.Add(-toldDays)); err != nil {
		return MemberStory{}, fmt.Errorf("explaining: %w", err)
	}
	for _, mail := range f.mails {
		if open(mail) || !mail.Settled.Before(now.Add(-toldDays)) {
			m.Mails = append(m.Mails, mail)
		}
	}
	if !f.onRoll {
		return m, nil
	}
	m.Due = f.sub.Due
	return m, e.foretell(ctx, f, &m)
}

// foretell builds the member's next digest as it would be now.
func (e *Explainer) foretell(ctx context.Context, f *file, m *MemberStory) error {
	a := f.next()
	a.Until = f.head
	editions, err := e.builder.Build(ctx, f.now, []Ask{a})
	if err != nil {
		return fmt.Errorf("explaining: %w", err)
	}
	if m.Skip = editions[0].Skip; editions[0].Digest != nil {
		m.Posts = editions[0].Digest.Counts().Posts
	}
	return nil
}
