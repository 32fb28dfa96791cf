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
	"postrider/digest"
	"postrider/forum"
)

// Health is what is known of an address that bounced or was suppressed by an operator.
type Health struct {
	Address string         // lower case
	Member  forum.MemberID // who had the address at its latest bounce; 0: unknown
	Tried   time.Time      // when the member last asked for a retry; only set by AddressHealth; zero: never
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
	err = s.query(ctx, tx, "address_health", args{"addresses": text}, func(scan scanFunc) error {
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

// Suppressed returns which of the addresses are suppressed now, in lower case, and why no message goes to them.
func (s Suppressions) Suppressed(ctx context.Context, now time.Time, addresses []string) (map[string]digest.Reason, error) {
	found := make(map[string]digest.Reason)
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
		var last, since, until sql.NullInt64
		err := scan(&address, &last, &since, &until)
		h := bounce.Health{LastEvent: timeOrZero(last.Int64), SuppressedSince: timeOrZero(since.Int64), SuppressedUntil: timeOrZero(until.Int64)}
		found[address] = SuppressionReason(h)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading suppressions: %w", err)
	}
	return found, nil
}

// SuppressionReason returns why a suppressed address gets no message.
func SuppressionReason(h bounce.Health) digest.Reason {
	if h.SuppressedByHand() {
		return digest.ReasonSuppressedByHand
	}
	return digest.ReasonSuppressed
}

// List returns a page of the suppressed addresses that contain part, in ascending order, starting behind after. An empty part
// matches all.
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

// Stats returns the number of subscribers and the number of suppressed addresses.
func (s Suppressions) Stats(ctx context.Context, now time.Time) (members, suppressed int, err error) {
	err = s.query(ctx, nil, "suppression_stats", args{"now": now.Unix()}, func(scan scanFunc) error { return scan(&members, &suppressed) })
	if err != nil {
		return 0, 0, fmt.Errorf("counting suppressed addresses: %w", err)
	}
	return members, suppressed, nil
}

// ManualSuppression returns the suppression of an address by an operator. It lasts until an operator removes it.
func ManualSuppression(address, reason string, since time.Time) (Health, error) {
	lower := strings.ToLower(strings.TrimSpace(address))
	local, domain, found := strings.Cut(lower, "@")
	if !found || local == "" || domain == "" || strings.ContainsAny(lower, " \t\r\n<>,;\x00") || strings.Contains(domain, "@") || len(lower) > 254 || !utf8.ValidString(address) {
		return Health{}, fmt.Errorf("invalid address %q: must look like anna@example.org", address)
	}
	return Health{Address: lower, Health: bounce.Health{Day: time.Unix(0, 0), SuppressedSince: since, Reason: reason}}, nil
}

// Add saves the health of addresses. The list must hold each address at most once.
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

// Remove ends suppressions and resets the health of the addresses. It returns which of them were suppressed.
func (s Suppressions) Remove(ctx context.Context, addresses []string) (removed []string, err error) {
	lower := make([]string, len(addresses))
	for i, a := range addresses {
		lower[i] = strings.ToLower(a)
	}
	text, err := marshalRows(lower)
	if err == nil {
		err = s.query(ctx, nil, "remove_suppressions", args{"addresses": text}, func(scan scanFunc) error {
			var address string
			err := scan(&address)
			removed = append(removed, address)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("removing suppressions: %w", err)
	}
	return removed, nil
}

// RetryAddress lifts the suppression of an address that bounced, and reports whether it did. It does nothing for an address
// that an operator suppressed, or that was retried since after.
func (s Suppressions) RetryAddress(ctx context.Context, now time.Time, address string, after time.Time) (tried bool, err error) {
	a := args{"address": strings.ToLower(sanitizeText(address)), "now": now.Unix(), "before": after.Unix()}
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		tried = false
		if _, err := s.lockCounter(ctx, tx, evaluationLock); err != nil {
			return err
		}
		return s.query(ctx, tx, "retry_address", a, func(scan scanFunc) error {
			tried = true
			return scan(new(string))
		})
	})
	if err != nil {
		return false, fmt.Errorf("retrying an address: %w", err)
	}
	return tried, nil
}

// SentMessage is a message of the outbox with the fields to match a bounce or a complaint with it.
type SentMessage struct {
	Key     string
	Kind    string
	Address string // of the latest attempt, in lower case; empty: none yet, or not recorded yet
	Relay   string // of the latest attempt: SharedRelay or AnnouncementRelay
	State   string
	Settled time.Time // zero: not settled yet
}

// SentMessages returns all messages of a member, in no order.
func (s Outbox) SentMessages(ctx context.Context, member forum.MemberID) (list []SentMessage, err error) {
	err = s.query(ctx, nil, "sent_messages", args{"member": int64(member)}, func(scan scanFunc) error {
		var m SentMessage
		var settled int64
		err := scan(&m.Key, &m.Kind, &m.Address, &m.Relay, &m.State, &settled)
		m.Settled = timeOrZero(settled)
		list = append(list, m)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the messages of a member: %w", err)
	}
	return list, nil
}
