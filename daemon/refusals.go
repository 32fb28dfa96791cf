package daemon

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"postrider/bounce"
	"postrider/store"
)

const (
	// refusalSettleTime is how long a refusal waits before it is judged: what else comes back from its domain in that time tells whose
	// fault it was. An address that is dead stays so for ten minutes.
	refusalSettleTime = 10 * time.Minute
	// maxCohortAge is how old a cohort may be for which a domain is held: what comes back from days ago tells nothing of now.
	maxCohortAge = time.Hour
)

// What refusals come to.
const (
	verdictCounted = "counted"
	verdictIgnored = "spared" // most of what was handed over with it was refused: no address is to blame
)

// evaluateRefusals decides what refusals mean for the addresses that they are about. A domain that refuses most of what it gets is held,
// and none of its addresses scored: it is us, or our relay, or this very mail that it does not want.
func (d *Daemon) evaluateRefusals(ctx context.Context) error {
	now := d.Now()
	for ctx.Err() == nil {
		var r evaluation
		judged, err := d.Store.Suppressions.Evaluate(ctx, now, now.Add(-refusalSettleTime), func(docket store.EvaluationInput) store.EvaluationResult {
			r = evaluate(now, docket) // anew each time: PostgreSQL may want the transaction repeated
			return r.EvaluationResult
		})
		if err != nil {
			return err
		}
		d.logEvaluation(r)
		if judged == 0 {
			return nil
		}
	}
	return nil
}

// evaluation is a judgment with what is told of it.
type evaluation struct {
	store.EvaluationResult
	held            []bounce.Cohort // in the order of Holds
	relay           int             // refusals of minutes in which the relay refused most of what it got
	newlySuppressed []store.Refusal // by which an address was suppressed
	policy          map[string][]store.Refusal
	faulty          []store.Refusal // mails that were themselves at fault
}

type cohortKey struct {
	domain string
	minute time.Time
}

// evaluate judges a docket.
func evaluate(now time.Time, d store.EvaluationInput) evaluation {
	r := evaluation{policy: make(map[string][]store.Refusal)}
	atFault := make(map[cohortKey]bool)
	for _, c := range d.Cohorts {
		atFault[cohortKey{c.Domain, c.Minute}] = c.DomainAtFault()
	}
	for _, c := range d.Cohorts {
		if c.Domain != "" && c.DomainAtFault() && now.Sub(c.Minute) <= maxCohortAge {
			r.holdDomain(now, c, d.Holds[c.Domain])
		}
	}
	health := make(map[string]store.Health)
	for _, x := range d.Refusals {
		relay := x.Source == store.FromRelay && x.Code != 0 && atFault[cohortKey{"", x.SentAt}]
		if relay || atFault[cohortKey{store.Domain(x.Address), x.SentAt}] {
			r.Verdicts = append(r.Verdicts, verdictIgnored)
			if relay {
				r.relay++
			}
			continue
		}
		r.Verdicts = append(r.Verdicts, verdictCounted)
		h, met := health[x.Address]
		if !met {
			h.Health = d.Health[x.Address]
		}
		health[x.Address] = r.scoreAddress(h, x)
	}
	for _, h := range health {
		r.Health = append(r.Health, h)
	}
	slices.SortFunc(r.Health, func(a, b store.Health) int { return strings.Compare(a.Address, b.Address) })
	return r
}

// holdDomain holds a domain because of a cohort, unless it is held already, or was because of this very one.
func (r *evaluation) holdDomain(now time.Time, c bounce.Cohort, last store.DomainHold) {
	if !last.Since.Before(c.Minute) || last.Until.After(now) {
		return
	}
	h := store.DomainHold{
		Domain: c.Domain, Since: now, Until: now.Add(bounce.NextHold(last.Until.Sub(last.Since))),
		Reason: fmt.Sprintf("refused %d of %d mails handed over at %s", c.Refused, c.Handed, c.Minute.UTC().Format(time.DateTime)),
	}
	r.Holds = append(r.Holds, h)
	r.held = append(r.held, c)
}

// scoreAddress is the health of an address after a refusal.
func (r *evaluation) scoreAddress(h store.Health, x store.Refusal) store.Health {
	was := h.Suppressed(x.At)
	reason := string(x.Class)
	if x.Reply != "" {
		reason += ": " + x.Reply
	}
	h.Address, h.Member, h.Health = x.Address, x.Member, h.RecordBounce(x.Class, x.At, reason)
	switch {
	case x.Class == bounce.ClassPolicy:
		r.policy[store.Domain(x.Address)] = append(r.policy[store.Domain(x.Address)], x)
	case x.Class == bounce.ClassContent:
		r.faulty = append(r.faulty, x)
	case !was && h.Suppressed(x.At):
		r.newlySuppressed = append(r.newlySuppressed, x)
	}
	return h
}

// logEvaluation tells the administrator what was judged.
func (d *Daemon) logEvaluation(r evaluation) {
	for i, c := range r.held {
		d.Log.Error("a domain refuses most of what it gets, and is held; none of its addresses is blamed",
			"domain", c.Domain, "refused", c.Refused, "handed", c.Handed, "until", r.Holds[i].Until)
	}
	if r.relay > 0 {
		d.Log.Error("the relay refused most of what it got; no address is blamed", "refused", r.relay)
	}
	for domain, list := range r.policy {
		d.Log.Warn("mails refused on grounds of policy; no address is blamed",
			"domain", domain, "mails", len(list), "code", list[0].Code, "enhanced", list[0].Enhanced)
	}
	for _, x := range r.faulty {
		d.Log.Error("a mail was refused for what it is", "key", x.Key, "code", x.Code, "enhanced", x.Enhanced)
	}
	for _, x := range r.newlySuppressed {
		d.Log.Info("address suppressed", "member", x.Member, "key", x.Key, "class", x.Class, "code", x.Code, "enhanced", x.Enhanced)
	}
}
