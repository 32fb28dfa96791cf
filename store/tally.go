package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// countRetention is how long counts are kept: relays try for five days and more before they report (Postfix's
// maximal_queue_lifetime).
const countRetention = 8 * 24 * time.Hour

// DeliveryCounts counts mails that were handed over, by minute and domain.
type DeliveryCounts map[DeliveryCountKey]int

// DeliveryCountKey names a minute and a domain.
type DeliveryCountKey struct {
	Minute int64 // Unix minutes
	Domain string
}

// Count counts one mail.
func (t DeliveryCounts) Count(at time.Time, address string) {
	t[DeliveryCountKey{minute(at), Domain(address)}]++
}

type tallyRow struct {
	Minute int64  `json:"minute"`
	Domain string `json:"domain"`
	Mails  int    `json:"mails"`
}

// Add adds to what is counted already.
func (s Counts) Add(ctx context.Context, t DeliveryCounts) error {
	if len(t) == 0 {
		return nil
	}
	list := make([]tallyRow, 0, len(t))
	for k, n := range t {
		list = append(list, tallyRow{k.Minute, sanitizeText(k.Domain), n})
	}
	// In one order, so that two daemons do not wait for each other.
	slices.SortFunc(list, func(a, b tallyRow) int {
		return cmp.Or(cmp.Compare(a.Minute, b.Minute), cmp.Compare(a.Domain, b.Domain))
	})
	text, err := marshalRows(list)
	if err == nil {
		err = retrySerialization(func() error { _, err := s.exec(ctx, nil, "tally", args{"rows": text}); return err })
	}
	if err != nil {
		return fmt.Errorf("counting what was handed over: %w", err)
	}
	return nil
}
