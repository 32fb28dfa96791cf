package mirror

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// emptiedAtOnce is how many posts lose their text in one transaction.
const emptiedAtOnce = 1000

// DropTexts deletes the texts of posts that arrived longer than keep ago, and says in the log how many. The posts stay, without text,
// so that all counts and numbers stay right.
func (db *DB) DropTexts(ctx context.Context, keep time.Duration, now time.Time, log *slog.Logger) error {
	total := int64(0)
	for {
		var n int64
		err := db.transaction(ctx, func(tx *transaction) (err error) {
			n, err = tx.exec("empty_posts", args{"before": now.Add(-keep).Unix(), "limit": emptiedAtOnce})
			return err
		})
		if err != nil {
			return fmt.Errorf("deleting old texts of the mirror: %w", err)
		}
		if total += n; n < emptiedAtOnce {
			break
		}
	}
	if total > 0 {
		log.Info("old texts of the mirror deleted", "posts", total, "older_than", keep)
	}
	return nil
}
