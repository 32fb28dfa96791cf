package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"

	"postrider/internal/sqlfile"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// ErrSchemaTooNew means that a newer version of the program has changed the database.
var ErrSchemaTooNew = errors.New("store: the database schema is newer than this postrider: run the newer version that migrated it")

// migrationLock is the advisory lock that makes daemons migrate a PostgreSQL database in turn: "postride" as a number.
const migrationLock = 0x706f737472696465

// migration is one change of the schema.
type migration struct {
	number int
	file   string
	text   string
}

// steps reads the migrations for engine: "0007_hold.sql", or "0007_hold.postgres.sql" and "0007_hold.sqlite.sql" where the
// engines need different SQL.
func steps(engine sqlfile.Engine) ([]migration, error) {
	entries, err := migrationFiles.ReadDir("migrations") // sorted by name
	if err != nil {
		return nil, err
	}
	var all []migration
	for _, e := range entries {
		if _, variant, found := strings.Cut(strings.TrimSuffix(e.Name(), ".sql"), "."); found && variant != string(engine) {
			continue
		}
		st := migration{file: e.Name()}
		if _, err := fmt.Sscanf(e.Name(), "%04d_", &st.number); err != nil || st.number != len(all)+1 {
			return nil, fmt.Errorf("invalid migration file name %s: want step %d", e.Name(), len(all)+1)
		}
		text, err := migrationFiles.ReadFile("migrations/" + e.Name())
		if err != nil {
			return nil, err
		}
		st.text = string(text)
		all = append(all, st)
	}
	return all, nil
}

// Migrate migrates the database to the schema of this program, forward only, and returns how many steps it took.
func (s *Store) Migrate(ctx context.Context) (taken int, err error) {
	all, err := steps(s.engine)
	if err != nil {
		return 0, fmt.Errorf("reading migrations: %w", err)
	}
	return s.migrate(ctx, all)
}

func (s *database) migrate(ctx context.Context, all []migration) (taken int, err error) {
	for _, st := range all {
		took := false
		err := s.runTx(ctx, func(tx *sqlx.Tx) (err error) {
			took, err = s.apply(ctx, tx, st, len(all))
			return err
		})
		switch {
		case errors.Is(err, ErrSchemaTooNew):
			return taken, err
		case err != nil:
			return taken, fmt.Errorf("migrating to step %d (%s): %w", st.number, st.file, err)
		}
		if took {
			taken++
		}
	}
	if s.statements != nil {
		return taken, nil
	}
	return taken, s.prepare(ctx)
}

// apply runs a migration unless the database already has it.
func (s *database) apply(ctx context.Context, tx *sqlx.Tx, st migration, last int) (bool, error) {
	if s.engine == sqlfile.Postgres {
		if _, err := s.execRaw(ctx, tx, fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", migrationLock)); err != nil {
			return false, err
		}
	} // SQLite's transactions begin as writers: only one runs at a time
	have, err := s.schemaVersion(ctx, tx)
	switch {
	case err != nil:
		return false, err
	case have > last:
		return false, fmt.Errorf("%w (it is at step %d, this postrider knows %d)", ErrSchemaTooNew, have, last)
	case have >= st.number:
		return false, nil
	case have == 0:
		if _, err := s.execRaw(ctx, tx, "CREATE TABLE schema_step (step BIGINT NOT NULL PRIMARY KEY, file TEXT NOT NULL)"); err != nil {
			return false, err
		}
	}
	if _, err := s.execRaw(ctx, tx, st.text); err != nil {
		return false, err
	}
	_, err = s.execRaw(ctx, tx, tx.Rebind("INSERT INTO schema_step (step, file) VALUES (?, ?)"), st.number, st.file)
	return true, err
}

// execRaw runs SQL that is not prepared.
func (s *database) execRaw(ctx context.Context, tx *sqlx.Tx, text string, a ...any) (int64, error) {
	s.sent.Add(1)
	result, err := tx.ExecContext(ctx, text, a...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Version returns the schema step of the database and the step that this program needs. 0 means an empty database.
func (s *Store) Version(ctx context.Context) (have, want int, err error) { return s.version(ctx) }

func (s *database) version(ctx context.Context) (have, want int, err error) {
	all, err := steps(s.engine)
	if err != nil {
		return 0, 0, fmt.Errorf("reading migrations: %w", err)
	}
	if have, err = s.schemaVersion(ctx, s.write); err != nil {
		return 0, 0, fmt.Errorf("reading the schema version: %w", err)
	}
	return have, len(all), nil
}

func (s *database) schemaVersion(ctx context.Context, db sqlx.QueryerContext) (step int, err error) {
	there := "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_step'"
	if s.engine == sqlfile.Postgres {
		// Not to_regclass: after a wait for the advisory lock, a transaction may get a stale answer from its cache.
		there = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'schema_step'"
	}
	var tables int
	s.sent.Add(1)
	if err := sqlx.GetContext(ctx, db, &tables, there); err != nil || tables == 0 {
		return 0, err
	}
	s.sent.Add(1)
	return step, sqlx.GetContext(ctx, db, &step, "SELECT COALESCE(max(step), 0) FROM schema_step")
}
