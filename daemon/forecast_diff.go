package daemon

import (
	"context"
	"iter"
	"time"

	"postrider/digest"
	"postrider/forum"
)

// ForecastDiff is the difference between the forecasts of two configurations.
type ForecastDiff struct {
	Before, After *Forecast
	Gained        int // members who would get a message only with the second
	Lost          int // members who would get one only with the first
	Changed       int // members whose message would have another time or number of posts
	Changes       []Change
}

// Change is a member whose forecasts differ.
type Change struct {
	Member        forum.MemberID
	Before, After MemberForecast
}

// maxChanges limits the changes that are listed.
const maxChanges = 1000

// Compare runs the forecasts of two daemons and returns the differences. Both process their members in parallel, so that
// memory use does not grow with the number of members.
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
			c.add(MemberForecast{Member: will.Member, Skip: digest.ReasonNotSubscribed}, will)
		}
		if err != nil {
			return c, err
		}
		if !more || will.Member != was.Member {
			c.add(was, MemberForecast{Member: was.Member, Skip: digest.ReasonNotSubscribed})
			continue
		}
		c.add(was, will)
		will, err, more = next()
	}
	for ; more && err == nil; will, err, more = next() {
		c.add(MemberForecast{Member: will.Member, Skip: digest.ReasonNotSubscribed}, will)
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
