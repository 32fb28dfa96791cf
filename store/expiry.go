package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"postrider/forum"
)

const (
	alertLasts        = 24 * 60 * 60 // seconds
	announcementLasts = 72 * 60 * 60
)

// MaxQueueAge returns how long a message of a kind may wait for a relay, from the time when it may be sent. 0 means forever:
// an edition waits until the member's next one replaces it.
func MaxQueueAge(kind string) time.Duration {
	switch kind {
	case KindAlert, KindConfirmation:
		return alertLasts * time.Second
	case KindAnnouncement:
		return announcementLasts * time.Second
	}
	return 0
}

// expires returns when a message that may be sent at a given time expires, in Unix seconds; 0: never.
func expires(kind string, at time.Time) int64 {
	if lasts := MaxQueueAge(kind); lasts > 0 {
		return at.Add(lasts).Unix()
	}
	return 0
}

// Expired is a message that exceeded its queue lifetime.
type Expired struct {
	Key    string
	Kind   string
	Member forum.MemberID
}

// expiredReason is recorded for expired messages. The results of their attempts are kept, too.
const expiredReason = "no relay accepted it in time"

// Expire settles messages that exceeded their queue lifetime, and returns them.
func (s Outbox) Expire(ctx context.Context, now time.Time) (list []Expired, err error) {
	err = s.inTx(ctx, func(tx *sqlx.Tx) error {
		list = list[:0]
		return s.query(ctx, tx, "expire", args{"now": now.Unix(), "reason": expiredReason}, func(scan scanFunc) error {
			var m Expired
			err := scan(&m.Key, &m.Kind, &m.Member)
			list = append(list, m)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("expiring messages: %w", err)
	}
	return list, nil
}
