package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"postrider/bounce"
	"postrider/forum"
)

// Where a refusal was learnt.
const (
	FromRelay     = "smtp" // it refused the mail at once
	FromReport    = "dsn"  // a report came later
	FromComplaint = "arf"  // he complained: nothing is to be judged
)

// Refusal is a mail that was refused for good.
type Refusal struct {
	Key      string
	Source   string // FromRelay, FromReport or FromComplaint
	Member   forum.MemberID
	Address  string    // the one that was mailed
	SentAt   time.Time // when it was handed over; its minute is kept
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

// SaveRefusals writes refusals down, to be judged later. A mail that was refused before, from the same source, is passed over.
func (s Suppressions) SaveRefusals(ctx context.Context, list []Refusal) error {
	if len(list) == 0 {
		return nil
	}
	noted := make([]refusalRow, len(list))
	for i, r := range list {
		noted[i] = refusalRow{
			r.Key, r.Source, r.Member, strings.ToLower(sanitizeText(r.Address)), sanitizeText(Domain(r.Address)), minute(r.SentAt),
			r.Class, r.Code, sanitizeText(r.Enhanced), sanitizeText(r.Reply), r.At.Unix(),
		}
	}
	text, err := marshalRows(noted)
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
func (s Suppressions) Refusals(ctx context.Context, f RefusalFilter) (list []Refusal, err error) {
	a := args{"domain": strings.ToLower(sanitizeText(f.Domain)), "class": sanitizeText(string(f.Class)), "skip": f.Skip, "most": f.Limit}
	err = s.query(ctx, nil, "refusals", a, func(scan scanFunc) error {
		var r Refusal
		var minute, at int64
		err := scan(&r.Key, &r.Source, &r.Member, &r.Address, &minute, &r.Class, &r.Code, &r.Enhanced, &r.Reply, &at, &r.Verdict)
		r.SentAt, r.At = timeOrZero(60*minute), timeOrZero(at)
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
func (s Suppressions) RefusalClasses(ctx context.Context, since time.Time) (list []ClassCount, err error) {
	err = s.query(ctx, nil, "refusal_classes", args{"since": since.Unix()}, func(scan scanFunc) error {
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
