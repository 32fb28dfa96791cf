package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"postrider/bounce"
	"postrider/forum"
	"postrider/internal/addr"
)

// The sources of a refusal.
const (
	FromRelay     = "smtp" // the relay rejected the message
	FromReport    = "dsn"  // a bounce report came later
	FromComplaint = "arf"  // the member complained; not evaluated
)

// Refusal is a message that was rejected permanently, bounced or complained about.
type Refusal struct {
	Key      string
	Source   string // FromRelay, FromReport or FromComplaint
	Relay    string // of the message: SharedRelay or AnnouncementRelay
	Member   forum.MemberID
	Address  string    // of the recipient
	SentAt   time.Time // kept to the minute
	Class    bounce.Class
	Code     int // SMTP reply code; 0: none
	Enhanced string
	Reply    string
	Stage    string    // of FromRelay: the rejected command, "RCPT TO" or "end of DATA" for example; empty: unknown
	At       time.Time // when we learned of it
	Verdict  string    // result of Evaluate; empty: not evaluated yet
}

// Said returns the reply without the code in Enhanced, with which most replies begin.
func (r Refusal) Said() string { return withoutCode(r.Reply, r.Enhanced) }

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
	Stage    string         `json:"stage"`
	Relay    string         `json:"relay"`
	At       int64          `json:"at"`
}

func minute(t time.Time) int64 { return t.Unix() / 60 }

// SaveRefusals saves refusals for later evaluation. It skips a message that already has one from the same source.
func (s Suppressions) SaveRefusals(ctx context.Context, list []Refusal) error {
	if len(list) == 0 {
		return nil
	}
	noted := make([]refusalRow, len(list))
	for i, r := range list {
		noted[i] = refusalRow{
			r.Key, r.Source, r.Member, strings.ToLower(sanitizeText(r.Address)), sanitizeText(addr.Domain(r.Address)), minute(r.SentAt),
			r.Class, r.Code, sanitizeText(r.Enhanced), sanitizeText(r.Reply), sanitizeText(r.Stage), r.Relay, r.At.Unix(),
		}
	}
	text, err := marshalRows(noted)
	if err == nil {
		_, err = s.exec(ctx, nil, "save_refusals", args{"rows": text})
	}
	if err != nil {
		return fmt.Errorf("saving %d refusals: %w", len(list), err)
	}
	return nil
}

// RefusalFilter selects refusals.
type RefusalFilter struct {
	Domain      string       // of the address; empty: any
	Class       bounce.Class // empty: any
	Skip, Limit int
}

// Refusals returns refusals, latest first.
func (s Suppressions) Refusals(ctx context.Context, f RefusalFilter) (list []Refusal, err error) {
	a := args{"domain": addr.Domain(sanitizeText(f.Domain)), "class": sanitizeText(string(f.Class)), "skip": f.Skip, "most": f.Limit}
	err = s.query(ctx, nil, "refusals", a, func(scan scanFunc) error {
		var r Refusal
		var minute, at int64
		err := scan(&r.Key, &r.Source, &r.Relay, &r.Member, &r.Address, &minute, &r.Class, &r.Code, &r.Enhanced, &r.Reply, &r.Stage, &at, &r.Verdict)
		r.SentAt, r.At = timeOrZero(60*minute), timeOrZero(at)
		list = append(list, r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing refusals: %w", err)
	}
	return list, nil
}

// ClassCount is the number of refusals of a class.
type ClassCount struct {
	Class    bounce.Class
	Refusals int
}

// RefusalClasses counts refusals by class since a time, the most frequent class first.
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
