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

// MaxQueueAge is how long a mail of a kind may wait for a relay, from the moment at which it may go; 0: for ever, as an edition does,
// which its member's next one takes in.
func MaxQueueAge(kind string) time.Duration {
	switch kind {
	case "alert":
		return alertLasts * time.Second
	case "announcement":
		return announcementLasts * time.Second
	}
	return 0
}

// expires is when the time of a mail is over that may go at a moment, as the database keeps it.
func expires(kind string, at time.Time) int64 {
	if lasts := MaxQueueAge(kind); lasts > 0 {
		return at.Add(lasts).Unix()
	}
	return 0
}

// Expired is a mail whose time is over.
type Expired struct {
	Key    string
	Kind   string
	Member forum.MemberID
}

// expiredReason is what is known of a mail whose time is over, besides the outcomes of its attempts.
const expiredReason = "no relay has taken it in time"

// Expire settles mails whose time is over, and gives them.
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
		return nil, fmt.Errorf("settling mails whose time is over: %w", err)
	}
	return list, nil
}
