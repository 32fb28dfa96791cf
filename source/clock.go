package source

import (
	"context"
	"fmt"
	"time"

	"postrider/internal/sqlfile"
)

// DatabaseTime returns the time of the forum's database server. Known is false for SQLite, which has no server.
func (db *DB) DatabaseTime(ctx context.Context) (at time.Time, known bool, err error) {
	if db.engine == sqlfile.SQLite {
		return time.Time{}, false, nil
	}
	query := "SELECT UNIX_TIMESTAMP()"
	if db.engine == sqlfile.Postgres {
		query = "SELECT CAST(FLOOR(EXTRACT(EPOCH FROM CURRENT_TIMESTAMP)) AS BIGINT)"
	}
	var seconds int64
	db.statements.Add(1)
	if err := db.sql.QueryRowContext(ctx, query).Scan(&seconds); err != nil {
		return time.Time{}, false, fmt.Errorf("reading the clock of the forum's database: %w", err)
	}
	return time.Unix(seconds, 0), true, nil
}
