package daemon

import (
	"context"
	"slices"
	"strings"
	"time"

	"postrider/bounce"
	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/internal/addr"
	"postrider/store"
)

// maxCohortAge is the maximum age of a cohort that causes a hold: old bounces say nothing about the present.
const maxCohortAge = time.Hour

// The verdicts on rejections.
const (
	verdictCounted = "counted"
	verdictIgnored = "spared" // most messages of the same cohort were rejected: the address is not the cause
)

// evaluateRefusals decides what rejections mean for the addresses. A domain that rejects most messages during delivery is put on
// hold and none of its addresses is scored: the cause is our domain, our relay or this message.
func (b *base) evaluateRefusals(ctx context.Context) error {
	now := b.Now()
	for ctx.Err() == nil {
		var r evaluation
		judged, err := b.Store.Suppressions.Evaluate(ctx, now, now.Add(-settings.RefusalSettleTime), func(docket store.EvaluationInput) store.EvaluationResult {
			r = evaluate(now, docket) // repeated if PostgreSQL repeats the transaction
			return r.EvaluationResult
		})
		if err != nil {
			return err
		}
		b.logEvaluation(r)
		if judged == 0 {
			return nil
		}
	}
	return nil
}

// evaluation is the result of an evaluation, with details for the log.
type evaluation struct {
	store.EvaluationResult
	held            []bounce.Cohort // in the order of Holds
	relay           int             // rejections in minutes in which the relay rejected most messages
	newlySuppressed []store.Refusal // rejections that caused a suppression
	policy          map[string][]store.Refusal
	faulty          []store.Refusal // messages rejected because of their content
}

type cohortKey struct {
	store.HoldKey
	minute time.Time
}

// keyOf returns the key of the cohort of a rejected message: of its domain, or if domain is empty, of its relay.
func keyOf(x store.Refusal, domain string) cohortKey {
	return cohortKey{store.HoldKey{Relay: x.Relay, Domain: domain}, x.SentAt}
}

// evaluate evaluates the rejections of an input.
func evaluate(now time.Time, d store.EvaluationInput) evaluation {
	r := evaluation{policy: make(map[string][]store.Refusal)}
	atFault := make(map[cohortKey]bool)
	for _, c := range d.Cohorts {
		atFault[cohortKey{store.HoldKey{Relay: c.Relay, Domain: c.Domain}, c.Minute}] = c.DomainAtFault()
	}
	for _, c := range d.Cohorts {
		if c.HoldsDomain() && now.Sub(c.Minute) <= maxCohortAge {
			r.holdDomain(now, c, d.Holds[store.HoldKey{Relay: c.Relay, Domain: c.Domain}])
		}
	}
	health := make(map[string]store.Health)
	for _, x := range d.Refusals {
		relay := x.Source == store.FromRelay && x.Code != 0 && atFault[keyOf(x, "")]
		if relay || atFault[keyOf(x, addr.Domain(x.Address))] {
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

// holdDomain puts a domain on hold because of a cohort, unless it is on hold already or this cohort caused its last hold.
func (r *evaluation) holdDomain(now time.Time, c bounce.Cohort, last store.DomainHold) {
	if !last.Since.Before(c.Minute) || last.Until.After(now) {
		return
	}
	h := store.DomainHold{
		Relay: c.Relay, Domain: c.Domain, Since: now, Until: now.Add(bounce.NextHold(last.Until.Sub(last.Since))),
		Reason: digest.NewPhrase("hold_rejected", "rejected", c.AtSMTP, "of", c.Handed, "time", c.Minute.UTC().Format(time.DateTime)).Stored(),
	}
	r.Holds = append(r.Holds, h)
	r.held = append(r.held, c)
}

// scoreAddress returns the health of an address after a rejection.
func (r *evaluation) scoreAddress(h store.Health, x store.Refusal) store.Health {
	was := h.Suppressed(x.At)
	reason := string(x.Class)
	if x.Reply != "" {
		reason += ": " + x.Reply
	}
	h.Address, h.Member, h.Health = x.Address, x.Member, h.RecordBounce(x.Class, x.At, reason)
	switch {
	case x.Class == bounce.ClassPolicy:
		r.policy[addr.Domain(x.Address)] = append(r.policy[addr.Domain(x.Address)], x)
	case x.Class == bounce.ClassContent:
		r.faulty = append(r.faulty, x)
	case !was && h.Suppressed(x.At):
		r.newlySuppressed = append(r.newlySuppressed, x)
	}
	return h
}

// logEvaluation logs the result of an evaluation.
func (b *base) logEvaluation(r evaluation) {
	for i, c := range r.held {
		b.Log.Error("domain on hold: most messages rejected",
			"domain", c.Domain, "relay", store.RelayTable(c.Relay), "refused", c.AtSMTP, "handed", c.Handed, "until", r.Holds[i].Until)
	}
	if r.relay > 0 {
		b.Log.Error("relay rejected most messages; no address is suppressed", "refused", r.relay)
	}
	for domain, list := range r.policy {
		b.Log.Warn("messages rejected by policy; no address is suppressed",
			"domain", domain, "messages", len(list), "code", list[0].Code, "enhanced", list[0].Enhanced)
	}
	for _, x := range r.faulty {
		b.Log.Error("message rejected because of its content", "key", x.Key, "code", x.Code, "enhanced", x.Enhanced)
	}
	for _, x := range r.newlySuppressed {
		b.Log.Info("address suppressed", "member", x.Member, "key", x.Key, "class", x.Class, "code", x.Code, "enhanced", x.Enhanced)
	}
}
