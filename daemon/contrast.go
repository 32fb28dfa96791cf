package daemon

import (
	"context"
	"iter"
	"time"

	"postrider/forum"
)

// Contrast is how two rehearsals differ, as of two configurations.
type Contrast struct {
	Was, Will *Rehearsal
	Gain      int // members who would get a mail that they do not get now
	Lose      int // the other way round
	Differ    int // who would get it at another time, or with more or fewer posts
	Changes   []Change
}

// Change is one member for whom two rehearsals differ.
type Change struct {
	Member    forum.MemberID
	Was, Will Prospect
}

// mostChanges is how many changes are told of one by one.
const mostChanges = 1000

// Compare rehearses with two daemons, and tells what the second would do otherwise. Both go through their members in step,
// so that it needs no more memory for many than for few.
func Compare(ctx context.Context, now, then *Daemon, until time.Time) (Contrast, error) {
	var c Contrast
	var old, young iter.Seq2[Prospect, error]
	c.Was, old = now.Rehearse(ctx, until)
	c.Will, young = then.Rehearse(ctx, until)
	next, stop := iter.Pull2(young)
	defer stop()
	will, err, more := next()
	for was, e := range old {
		if e != nil {
			return c, e
		}
		for ; more && err == nil && will.Member < was.Member; will, err, more = next() {
			c.add(Prospect{Member: will.Member, Skip: skipNotWatching}, will)
		}
		if err != nil {
			return c, err
		}
		if !more || will.Member != was.Member {
			c.add(was, Prospect{Member: was.Member, Skip: skipNotWatching})
			continue
		}
		c.add(was, will)
		will, err, more = next()
	}
	for ; more && err == nil; will, err, more = next() {
		c.add(Prospect{Member: will.Member, Skip: skipNotWatching}, will)
	}
	return c, err
}

// skipNotWatching is why a rehearsal knows nothing of a member whom another knows.
const skipNotWatching = "watches nothing"

func (c *Contrast) add(was, will Prospect) {
	switch {
	case was.Mail() && !will.Mail():
		c.Lose++
	case !was.Mail() && will.Mail():
		c.Gain++
	case was.Mail() && (!was.Due.Equal(will.Due) || was.Posts != will.Posts):
		c.Differ++
	default:
		return
	}
	if len(c.Changes) < mostChanges {
		c.Changes = append(c.Changes, Change{was.Member, was, will})
	}
}
