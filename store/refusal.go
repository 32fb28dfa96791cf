package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"postrider/bounce"
	"postrider/forum"
)

// Where a refusal was learnt.
const (
	FromRelay  = "smtp" // it refused the mail at once
	FromReport = "dsn"  // a report came later
	FromReader = "arf"  // he complained: nothing is to be judged
)

// Refusal is a mail that was refused for good.
type Refusal struct {
	Key      string
	Source   string // FromRelay, FromReport or FromReader
	Member   forum.MemberID
	Address  string    // the one that was mailed
	Handed   time.Time // when it was handed over; its minute is kept
	Class    bounce.Class
	Code     int // SMTP reply code; 0: none
	Enhanced string
	Reply    string
	At       time.Time // when we learnt of it
	Verdict  string    // what was judged of it; empty: nothing yet. See Judge
}

type refusalRow struct {
	Key      string         `json:"key"`
	Source   string         `json:"source"`
	Member   forum.MemberID `json:"member"`
	Address  string         `json:"address"`
	Domain   string         `json:"domain"`
	Minute   int64          `json:"minute"`
	Class    bounce.Class   `json:"class"`
	Code     int            `json:"code"`
	Enhanced string         `json:"enhanced"`
	Reply    string         `json:"reply"`
	At       int64          `json:"at"`
}

// Domain is what stands behind the @ of an address, in lower case.
func Domain(address string) string {
	return strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])
}

func minute(t time.Time) int64 { return t.Unix() / 60 }

// NoteRefusals writes refusals down, to be judged later. A mail that was refused before, from the same source, is passed over.
func (s *Store) NoteRefusals(ctx context.Context, list []Refusal) error {
	if len(list) == 0 {
		return nil
	}
	noted := make([]refusalRow, len(list))
	for i, r := range list {
		noted[i] = refusalRow{
			r.Key, r.Source, r.Member, strings.ToLower(clean(r.Address)), clean(Domain(r.Address)), minute(r.Handed),
			r.Class, r.Code, clean(r.Enhanced), clean(r.Reply), r.At.Unix(),
		}
	}
	text, err := rows(noted)
	if err == nil {
		_, err = s.exec(ctx, nil, "note_refusals", args{"rows": text})
	}
	if err != nil {
		return fmt.Errorf("noting %d refusals: %w", len(list), err)
	}
	return nil
}

// RefusalFilter chooses refusals.
type RefusalFilter struct {
	Domain      string       // of the address; empty: any
	Class       bounce.Class // empty: any
	Skip, Limit int
}

// Refusals are those that are known, the latest first.
func (s *Store) Refusals(ctx context.Context, f RefusalFilter) (list []Refusal, err error) {
	a := args{"domain": strings.ToLower(clean(f.Domain)), "class": clean(string(f.Class)), "skip": f.Skip, "most": f.Limit}
	err = s.query(ctx, nil, "refusals", a, func(scan scan) error {
		var r Refusal
		var minute, at int64
		err := scan(&r.Key, &r.Source, &r.Member, &r.Address, &minute, &r.Class, &r.Code, &r.Enhanced, &r.Reply, &at, &r.Verdict)
		r.Handed, r.At = moment(60*minute), moment(at)
		list = append(list, r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing refusals: %w", err)
	}
	return list, nil
}

// ClassCount is how many refusals are of a class.
type ClassCount struct {
	Class    bounce.Class
	Refusals int
}

// RefusalClasses counts refusals since a moment, the most frequent class first.
func (s *Store) RefusalClasses(ctx context.Context, since time.Time) (list []ClassCount, err error) {
	err = s.query(ctx, nil, "refusal_classes", args{"since": since.Unix()}, func(scan scan) error {
		var c ClassCount
		err := scan(&c.Class, &c.Refusals)
		list = append(list, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("counting refusals: %w", err)
	}
	return list, nil
}

// keepTally is how long counts are kept: relays try for five days and more before they report (Postfix's
// maximal_queue_lifetime).
const keepTally = 8 * 24 * time.Hour

// Tally counts mails that were handed over, by minute and domain.
type Tally map[TallyKey]int

// TallyKey names a minute and a domain.
type TallyKey struct {
	Minute int64 // Unix minutes
	Domain string
}

// Count counts one mail.
func (t Tally) Count(at time.Time, address string) { t[TallyKey{minute(at), Domain(address)}]++ }

type tallyRow struct {
	Minute int64  `json:"minute"`
	Domain string `json:"domain"`
	Mails  int    `json:"mails"`
}

// AddTally adds to what is counted already.
func (s *Store) AddTally(ctx context.Context, t Tally) error {
	if len(t) == 0 {
		return nil
	}
	list := make([]tallyRow, 0, len(t))
	for k, n := range t {
		list = append(list, tallyRow{k.Minute, clean(k.Domain), n})
	}
	// In one order, so that two daemons do not wait for each other.
	slices.SortFunc(list, func(a, b tallyRow) int {
		return cmp.Or(cmp.Compare(a.Minute, b.Minute), cmp.Compare(a.Domain, b.Domain))
	})
	text, err := rows(list)
	if err == nil {
		err = retry(func() error { _, err := s.exec(ctx, nil, "tally", args{"rows": text}); return err })
	}
	if err != nil {
		return fmt.Errorf("counting what was handed over: %w", err)
	}
	return nil
}

// Docket is what is to be judged.
type Docket struct {
	// Cohorts are those whose minute is over and of which a refusal waits to be judged. One without a domain is all mails
	// of its minute, with what the relay refused at once.
	Cohorts  []bounce.Cohort
	Refusals []Refusal                // that have waited long enough, the oldest first
	Health   map[string]bounce.Health // of their addresses, in lower case; worn off by what was accepted since
	Holds    map[string]Hold          // the last one of each domain of Cohorts that has one, standing or over not long ago
}

// Judgment is what follows.
type Judgment struct {
	Verdicts []string // of the Docket's Refusals, in their order
	Health   []Health // as it is now, each address once
	Holds    []Hold
}

// ripeAtOnce is how many refusals are judged in one transaction.
const ripeAtOnce = 1000

// judgeTurn is the counter that keeps daemons from judging at once.
const judgeTurn = "judge"

// Judge lets judge look at refusals and writes down what it says. Refusals are judged that were learnt of before ripe. Daemons
// that share the store take turns, so each refusal is judged once. It says how many were judged; there may be more.
func (s *Store) Judge(ctx context.Context, now, ripe time.Time, judge func(Docket) Judgment) (judged int, err error) {
	open := false
	err = s.query(ctx, nil, "open_refusals", nil, func(scan) error { open = true; return nil })
	if err != nil || !open {
		return 0, err
	}
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		if _, err := s.turn(ctx, tx, judgeTurn); err != nil {
			return err
		}
		judged = 0
		d, err := s.docket(ctx, tx, now, ripe)
		if err != nil || len(d.Cohorts) == 0 && len(d.Refusals) == 0 {
			return err
		}
		judged = len(d.Refusals)
		return s.pass(ctx, tx, now, d, judge(d))
	})
	if err != nil {
		return 0, fmt.Errorf("judging refusals: %w", err)
	}
	return judged, nil
}

func (s *Store) docket(ctx context.Context, tx *sqlx.Tx, now, ripe time.Time) (d Docket, err error) {
	if d.Cohorts, err = s.cohorts(ctx, tx, now); err != nil {
		return d, err
	}
	if d.Refusals, err = s.ripe(ctx, tx, ripe); err != nil {
		return d, err
	}
	addresses := make([]string, len(d.Refusals))
	for i, r := range d.Refusals {
		addresses[i] = r.Address
	}
	if d.Health, err = s.patients(ctx, tx, addresses); err != nil {
		return d, err
	}
	domains := make([]string, len(d.Cohorts))
	for i, c := range d.Cohorts {
		domains[i] = c.Domain
	}
	d.Holds, err = s.lastHolds(ctx, tx, domains)
	return d, err
}

func (s *Store) cohorts(ctx context.Context, tx *sqlx.Tx, now time.Time) (list []bounce.Cohort, err error) {
	err = s.query(ctx, tx, "cohorts", args{"minute": minute(now)}, func(scan scan) error {
		var c bounce.Cohort
		var minute int64
		err := scan(&c.Domain, &minute, &c.Refused, &c.Handed)
		c.Minute = time.Unix(60*minute, 0).UTC()
		list = append(list, c)
		return err
	})
	return list, err
}

func (s *Store) ripe(ctx context.Context, tx *sqlx.Tx, ripe time.Time) (list []Refusal, err error) {
	err = s.query(ctx, tx, "ripe", args{"ripe": ripe.Unix(), "most": ripeAtOnce}, func(scan scan) error {
		var r Refusal
		var minute, at int64
		err := scan(&r.Key, &r.Source, &r.Member, &r.Address, &minute, &r.Class, &r.Code, &r.Enhanced, &r.Reply, &at)
		r.Handed, r.At = time.Unix(60*minute, 0).UTC(), time.Unix(at, 0).UTC()
		list = append(list, r)
		return err
	})
	return list, err
}

func (s *Store) lastHolds(ctx context.Context, tx *sqlx.Tx, domains []string) (map[string]Hold, error) {
	last := make(map[string]Hold)
	text, err := rows(domains)
	if err != nil {
		return nil, err
	}
	err = s.query(ctx, tx, "last_holds", args{"domains": text}, func(scan scan) error {
		h, err := scanHold(scan)
		last[h.Domain] = h
		return err
	})
	return last, err
}

type verdictRow struct {
	Key     string `json:"key"`
	Source  string `json:"source"`
	Verdict string `json:"verdict"`
}

// pass writes a judgment down.
func (s *Store) pass(ctx context.Context, tx *sqlx.Tx, now time.Time, d Docket, j Judgment) error {
	for _, h := range j.Holds {
		if err := s.hold(ctx, tx, h); err != nil {
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
	text, err := rows(verdicts)
	if err != nil {
		return err
	}
	_, err = s.exec(ctx, tx, "judged", args{"now": now.Unix(), "rows": text})
	return err
}
