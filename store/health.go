package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"

	"postrider/bounce"
	"postrider/forum"
)

// Health is what is known of an address that mail came back from, or that a person has suppressed.
type Health struct {
	Address string         // lower case
	Member  forum.MemberID // whose it was when mail last came back; 0: not known
	Tried   time.Time      // when its member last had it tried again, as far as AddressHealth tells; zero: never
	bounce.Health
}

type healthRow struct {
	Address  string         `json:"address"`
	Member   forum.MemberID `json:"member"`
	Score    float64        `json:"score"`
	Day      int64          `json:"day"`
	DayScore float64        `json:"day_score"`
	Missing  *int64         `json:"missing"`
	Last     *int64         `json:"last"`
	Since    *int64         `json:"since"`
	Until    *int64         `json:"until"`
	Reason   string         `json:"reason"`
}

func (h Health) row() healthRow {
	return healthRow{
		strings.ToLower(sanitizeText(h.Address)), h.Member, h.Score, h.Day.Unix(), h.DayScore, unixOrNull(h.Missing), unixOrNull(h.LastEvent),
		unixOrNull(h.SuppressedSince), unixOrNull(h.SuppressedUntil), sanitizeText(h.Reason),
	}
}

func scanHealth(scan scanFunc, more ...any) (h Health, err error) {
	var day int64
	var missing, last, since, until sql.NullInt64
	err = scan(append([]any{&h.Address, &h.Member, &h.Score, &day, &h.DayScore, &missing, &last, &since, &until, &h.Reason}, more...)...)
	h.Day, h.Missing, h.LastEvent = time.Unix(day, 0).UTC(), timeOrZero(missing.Int64), timeOrZero(last.Int64)
	h.SuppressedSince, h.SuppressedUntil = timeOrZero(since.Int64), timeOrZero(until.Int64)
	return h, err
}

func (s Suppressions) healthByAddress(ctx context.Context, tx *sqlx.Tx, addresses []string) (map[string]bounce.Health, error) {
	known := make(map[string]bounce.Health)
	text, err := marshalRows(addresses)
	if err != nil {
		return nil, err
	}
	err = s.query(ctx, tx, "patients", args{"addresses": text}, func(scan scanFunc) error {
		var accepted int
		h, err := scanHealth(scan, &accepted)
		known[h.Address] = h.RecordDelivered(accepted)
		return err
	})
	return known, err
}

func (s Suppressions) saveHealth(ctx context.Context, tx *sqlx.Tx, now time.Time, list []Health) error {
	if len(list) == 0 {
		return nil
	}
	saved := make([]healthRow, len(list))
	for i, h := range list {
		saved[i] = h.row()
	}
	text, err := marshalRows(saved)
	if err != nil {
		return err
	}
	_, err = s.exec(ctx, tx, "save_health", args{"now": now.Unix(), "rows": text})
	return err
}

// Suppressed are those of the addresses that get no mail now, in lower case.
func (s Suppressions) Suppressed(ctx context.Context, now time.Time, addresses []string) (map[string]bool, error) {
	found := make(map[string]bool)
	lower := make([]string, len(addresses))
	for i, a := range addresses {
		lower[i] = strings.ToLower(a)
	}
	text, err := marshalRows(lower)
	if err != nil {
		return nil, err
	}
	err = s.query(ctx, nil, "suppressed", args{"addresses": text, "now": now.Unix()}, func(scan scanFunc) error {
		var address string
		err := scan(&address)
		found[address] = true
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("asking which addresses are suppressed: %w", err)
	}
	return found, nil
}

// List are addresses that get no mail now, by address, a page at a time: those behind after. They have part in them;
// an empty one all have.
func (s Suppressions) List(ctx context.Context, now time.Time, part, after string, limit int) (list []Health, err error) {
	a := args{"now": now.Unix(), "part": strings.ToLower(sanitizeText(part)), "after": strings.ToLower(sanitizeText(after)), "most": limit}
	err = s.query(ctx, nil, "suppressions", a, func(scan scanFunc) error {
		h, err := scanHealth(scan)
		list = append(list, h)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing suppressions: %w", err)
	}
	return list, nil
}

// Stats is how many members the roll has, and how many addresses get no mail now because mail came back from them or a
// person has suppressed them.
func (s Suppressions) Stats(ctx context.Context, now time.Time) (members, suppressed int, err error) {
	err = s.query(ctx, nil, "reach", args{"now": now.Unix()}, func(scan scanFunc) error { return scan(&members, &suppressed) })
	if err != nil {
		return 0, 0, fmt.Errorf("counting suppressed addresses: %w", err)
	}
	return members, suppressed, nil
}

// ManualSuppression is the suppression of an address by a person: it stands until a person lifts it.
func ManualSuppression(address, reason string, since time.Time) (Health, error) {
	lower := strings.ToLower(strings.TrimSpace(address))
	local, domain, found := strings.Cut(lower, "@")
	if !found || local == "" || domain == "" || strings.ContainsAny(lower, " \t\r\n<>,;\x00") || strings.Contains(domain, "@") || len(lower) > 254 || !utf8.ValidString(address) {
		return Health{}, fmt.Errorf("%q is no address: give one such as anna@example.org", address)
	}
	return Health{Address: lower, Health: bounce.Health{Day: time.Unix(0, 0), SuppressedSince: since, Reason: reason}}, nil
}

// Add writes down addresses as they are given, each at most once.
func (s Suppressions) Add(ctx context.Context, now time.Time, list []Health) error {
	err := s.inTx(ctx, func(tx *sqlx.Tx) error {
		if _, err := s.lockCounter(ctx, tx, evaluationLock); err != nil {
			return err
		}
		return s.saveHealth(ctx, tx, now, list)
	})
	if err != nil {
		return fmt.Errorf("suppressing %d addresses: %w", len(list), err)
	}
	return nil
}

// Remove makes suppressed addresses as good as new, and says which of those given were suppressed.
func (s Suppressions) Remove(ctx context.Context, addresses []string) (lifted []string, err error) {
	lower := make([]string, len(addresses))
	for i, a := range addresses {
		lower[i] = strings.ToLower(a)
	}
	text, err := marshalRows(lower)
	if err == nil {
		err = s.query(ctx, nil, "lift", args{"addresses": text}, func(scan scanFunc) error {
			var address string
			err := scan(&address)
			lifted = append(lifted, address)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("lifting suppressions: %w", err)
	}
	return lifted, nil
}

// RetryAddress lets mail go once more to an address that it came back from, and tells whether it does now. What a person has
// suppressed stays so, and an address that was tried after a moment is not tried again.
func (s Suppressions) RetryAddress(ctx context.Context, now time.Time, address string, after time.Time) (tried bool, err error) {
	a := args{"address": strings.ToLower(sanitizeText(address)), "now": now.Unix(), "before": after.Unix()}
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		tried = false
		if _, err := s.lockCounter(ctx, tx, evaluationLock); err != nil {
			return err
		}
		return s.query(ctx, tx, "try_again", a, func(scan scanFunc) error {
			tried = true
			return scan(new(string))
		})
	})
	if err != nil {
		return false, fmt.Errorf("trying an address again: %w", err)
	}
	return tried, nil
}

// SentMessage is a mail of the outbox, as far as a report that comes back must know it.
type SentMessage struct {
	Key     string
	Kind    string
	Address string // where it went last, in lower case; empty: it was not handed over, or nobody has written that down yet
	State   string
	Settled time.Time // zero: something is still to become of it
}

// SentMessages are all mails of a member, in no order.
func (s Outbox) SentMessages(ctx context.Context, member forum.MemberID) (list []SentMessage, err error) {
	err = s.query(ctx, nil, "mailed", args{"member": int64(member)}, func(scan scanFunc) error {
		var m SentMessage
		var settled int64
		err := scan(&m.Key, &m.Kind, &m.Address, &m.State, &settled)
		m.Settled = timeOrZero(settled)
		list = append(list, m)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the mails of a member: %w", err)
	}
	return list, nil
}
