package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"postrider/bounce"
)

// EvaluationInput is what Evaluate passes to its callback.
type EvaluationInput struct {
	// Cohorts are those whose minute is over and that have refusals to evaluate. A cohort without a domain covers all messages
	// of its relay and minute, and the rejections by the relay itself.
	Cohorts  []bounce.Cohort
	Refusals []Refusal                // that have waited long enough, oldest first
	Health   map[string]bounce.Health // of their lower-case addresses, with the messages accepted since
	Holds    map[HoldKey]DomainHold   // the latest holds of the domains in Cohorts, active or ended recently
}

// EvaluationResult is what Evaluate saves.
type EvaluationResult struct {
	Verdicts []string // of the input's Refusals, in the same order
	Health   []Health // the new health, each address once
	Holds    []DomainHold
}

// evaluationBatchSize is how many refusals are evaluated in one transaction.
const evaluationBatchSize = 1000

// evaluationLock is the counter that makes daemons evaluate in turn.
const evaluationLock = "judge"

// Evaluate passes the refusals that we learned of before a time to judge and saves its results. Daemons that share the store
// take turns, so each refusal is evaluated once. It returns how many were evaluated; there may be more.
func (s Suppressions) Evaluate(ctx context.Context, now, before time.Time, judge func(EvaluationInput) EvaluationResult) (evaluated int, err error) {
	open := false
	err = s.query(ctx, nil, "open_refusals", nil, func(scanFunc) error { open = true; return nil })
	if err != nil || !open {
		return 0, err
	}
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		if _, err := s.lockCounter(ctx, tx, evaluationLock); err != nil {
			return err
		}
		evaluated = 0
		d, err := s.loadEvaluation(ctx, tx, now, before)
		if err != nil || len(d.Cohorts) == 0 && len(d.Refusals) == 0 {
			return err
		}
		evaluated = len(d.Refusals)
		return s.saveEvaluation(ctx, tx, now, d, judge(d))
	})
	if err != nil {
		return 0, fmt.Errorf("evaluating refusals: %w", err)
	}
	return evaluated, nil
}

func (s Suppressions) loadEvaluation(ctx context.Context, tx *sqlx.Tx, now, before time.Time) (d EvaluationInput, err error) {
	if d.Cohorts, err = s.cohorts(ctx, tx, now); err != nil {
		return d, err
	}
	if d.Refusals, err = s.dueRefusals(ctx, tx, before); err != nil {
		return d, err
	}
	addresses := make([]string, len(d.Refusals))
	for i, r := range d.Refusals {
		addresses[i] = r.Address
	}
	if d.Health, err = s.healthByAddress(ctx, tx, addresses); err != nil {
		return d, err
	}
	domains := make([]string, len(d.Cohorts))
	for i, c := range d.Cohorts {
		domains[i] = c.Domain
	}
	d.Holds, err = s.lastHolds(ctx, tx, domains)
	return d, err
}

func (s Suppressions) cohorts(ctx context.Context, tx *sqlx.Tx, now time.Time) (list []bounce.Cohort, err error) {
	err = s.query(ctx, tx, "cohorts", args{"minute": minute(now)}, func(scan scanFunc) error {
		var c bounce.Cohort
		var minute int64
		err := scan(&c.Relay, &c.Domain, &minute, &c.Refused, &c.AtSMTP, &c.Handed)
		c.Minute = time.Unix(60*minute, 0).UTC()
		list = append(list, c)
		return err
	})
	return list, err
}

func (s Suppressions) dueRefusals(ctx context.Context, tx *sqlx.Tx, before time.Time) (list []Refusal, err error) {
	err = s.query(ctx, tx, "due_refusals", args{"before": before.Unix(), "most": evaluationBatchSize}, func(scan scanFunc) error {
		var r Refusal
		var minute, at int64
		err := scan(&r.Key, &r.Source, &r.Relay, &r.Member, &r.Address, &minute, &r.Class, &r.Code, &r.Enhanced, &r.Reply, &at)
		r.SentAt, r.At = time.Unix(60*minute, 0).UTC(), time.Unix(at, 0).UTC()
		list = append(list, r)
		return err
	})
	return list, err
}

func (s Suppressions) lastHolds(ctx context.Context, tx *sqlx.Tx, domains []string) (map[HoldKey]DomainHold, error) {
	last := make(map[HoldKey]DomainHold)
	text, err := marshalRows(domains)
	if err != nil {
		return nil, err
	}
	err = s.query(ctx, tx, "last_holds", args{"domains": text}, func(scan scanFunc) error {
		h, err := scanHold(scan)
		last[h.Key()] = h
		return err
	})
	return last, err
}

type verdictRow struct {
	Key     string `json:"key"`
	Source  string `json:"source"`
	Verdict string `json:"verdict"`
}

// saveEvaluation saves the results.
func (s Suppressions) saveEvaluation(ctx context.Context, tx *sqlx.Tx, now time.Time, d EvaluationInput, j EvaluationResult) error {
	for _, h := range j.Holds {
		if err := Holds(s).hold(ctx, tx, h); err != nil {
			return err
		}
	}
	if err := s.saveHealth(ctx, tx, now, j.Health); err != nil {
		return err
	}
	if len(d.Refusals) == 0 {
		return nil
	}
	verdicts := make([]verdictRow, len(d.Refusals))
	for i, r := range d.Refusals {
		verdicts[i] = verdictRow{r.Key, r.Source, j.Verdicts[i]}
	}
	text, err := marshalRows(verdicts)
	if err != nil {
		return err
	}
	_, err = s.exec(ctx, tx, "save_verdicts", args{"now": now.Unix(), "rows": text})
	return err
}
