package daemon

import (
	"context"
	"iter"
	"time"

	"postrider/forum"
)

// ForecastDiff is how two rehearsals differ, as of two configurations.
type ForecastDiff struct {
	Before, After *Forecast
	Gained        int // members who would get a mail that they do not get now
	Lost          int // the other way round
	Changed       int // who would get it at another time, or with more or fewer posts
	Changes       []Change
}

// Change is one member for whom two rehearsals differ.
type Change struct {
	Member        forum.MemberID
	Before, After MemberForecast
}

// maxChanges is how many changes are told of one by one.
const maxChanges = 1000

// Compare rehearses with two daemons, and tells what the second would do otherwise. Both go through their members in step,
// so that it needs no more memory for many than for few.
func Compare(ctx context.Context, now, then *Daemon, until time.Time) (ForecastDiff, error) {
	var c ForecastDiff
	var old, after iter.Seq2[MemberForecast, error]
	c.Before, old = now.Forecast(ctx, until)
	c.After, after = then.Forecast(ctx, until)
	next, stop := iter.Pull2(after)
	defer stop()
	will, err, more := next()
	for was, e := range old {
		if e != nil {
			return c, e
		}
		for ; more && err == nil && will.Member < was.Member; will, err, more = next() {
			c.add(MemberForecast{Member: will.Member, Skip: reasonNotSubscribed}, will)
		}
		if err != nil {
			return c, err
		}
		if !more || will.Member != was.Member {
			c.add(was, MemberForecast{Member: was.Member, Skip: reasonNotSubscribed})
			continue
		}
		c.add(was, will)
		will, err, more = next()
	}
	for ; more && err == nil; will, err, more = next() {
		c.add(MemberForecast{Member: will.Member, Skip: reasonNotSubscribed}, will)
	}
	return c, err
}

func (c *ForecastDiff) add(was, will MemberForecast) {
	switch {
	case was.WouldSend() && !will.WouldSend():
		c.Lost++
	case !was.WouldSend() && will.WouldSend():
		c.Gained++
	case was.WouldSend() && (!was.Due.Equal(will.Due) || was.Posts != will.Posts):
		c.Changed++
	default:
		return
	}
	if len(c.Changes) < maxChanges {
		c.Changes = append(c.Changes, Change{was.Member, was, will})
	}
}
