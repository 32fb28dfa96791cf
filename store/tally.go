package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"postrider/internal/addr"
)

// countRetention is how long counts are kept: relays may retry for five days or more before they send a bounce (Postfix's
// maximal_queue_lifetime).
const countRetention = 8 * 24 * time.Hour

// DeliveryCounts counts sent messages by minute, domain and relay.
type DeliveryCounts map[DeliveryCountKey]int

// DeliveryCountKey is a minute, a domain and a relay.
type DeliveryCountKey struct {
	Minute int64 // Unix minutes
	Domain string
	Relay  string // SharedRelay or AnnouncementRelay
}

// Count counts one message.
func (t DeliveryCounts) Count(at time.Time, relay, address string) {
	t[DeliveryCountKey{minute(at), addr.Domain(address), relay}]++
}

type tallyRow struct {
	Minute   int64  `json:"minute"`
	Domain   string `json:"domain"`
	Relay    string `json:"relay"`
	Messages int    `json:"mails"`
}

// Add adds to the stored counts.
func (s Counts) Add(ctx context.Context, t DeliveryCounts) error {
	if len(t) == 0 {
		return nil
	}
	list := make([]tallyRow, 0, len(t))
	for k, n := range t {
		list = append(list, tallyRow{k.Minute, sanitizeText(k.Domain), k.Relay, n})
	}
	// Every daemon uses the same order, so that two of them cannot deadlock.
	slices.SortFunc(list, func(a, b tallyRow) int {
		return cmp.Or(cmp.Compare(a.Minute, b.Minute), cmp.Compare(a.Domain, b.Domain), cmp.Compare(a.Relay, b.Relay))
	})
	text, err := marshalRows(list)
	if err == nil {
		err = retrySerialization(func() error { _, err := s.exec(ctx, nil, "add_counts", args{"rows": text}); return err })
	}
	if err != nil {
		return fmt.Errorf("counting sent messages: %w", err)
	}
	return nil
}
