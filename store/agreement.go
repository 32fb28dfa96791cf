package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// SettingsConflict means that another daemon runs on the store with other values of settings that all daemons must share.
type SettingsConflict struct {
	Differ []SettingDifference // sorted by key, never empty
}

// SettingDifference is a setting with its value in this daemon and in the other one.
type SettingDifference struct{ Key, Here, There string }

// Error implements error.
func (e *SettingsConflict) Error() string {
	var keys []string
	for _, d := range e.Differ {
		keys = append(keys, fmt.Sprintf("%s is %q here and %q there", d.Key, d.Here, d.There))
	}
	return "another daemon runs on this store with other settings: " + strings.Join(keys, ", ") +
		"; give all daemons of one store the same values; to change them, stop the other daemons first"
}

// agreementKey is the key of the settings that the daemons on the store have agreed on, as JSON.
const agreementKey = "agreed settings"

// AgreeOnSettings makes settings, by key, those of all daemons on the store. It returns a *SettingsConflict if another daemon runs
// with others. AcquireInstance must have succeeded. A daemon may call it again to change its settings.
func (s *Store) AgreeOnSettings(ctx context.Context, settings map[string]string) error {
	if a, shared := s.instance.(*instanceLock); shared {
		return a.agree(ctx, settings)
	}
	text, err := json.Marshal(settings)
	if err != nil {
		return fmt.Errorf("saving the settings of this daemon: %w", err)
	}
	return s.Values.Set(ctx, agreementKey, string(text))
}

// CompareSettings returns a *SettingsConflict if the daemon that last ran on the store had other settings. It changes nothing.
func (s *Store) CompareSettings(ctx context.Context, settings map[string]string) error {
	text, _, err := s.Values.Get(ctx, agreementKey)
	if err != nil {
		return err
	}
	return conflict(settings, text)
}

// conflict compares settings with agreed ones. A key that only one side knows is no difference: the other side is another version.
func conflict(settings map[string]string, agreed string) error {
	var theirs map[string]string
	_ = json.Unmarshal([]byte(agreed), &theirs) // an unreadable text: no settings were agreed on
	var e SettingsConflict
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		if there, known := theirs[key]; known && there != settings[key] {
			e.Differ = append(e.Differ, SettingDifference{key, settings[key], there})
		}
	}
	if len(e.Differ) == 0 {
		return nil
	}
	return &e
}

// merge returns agreed settings with those of a daemon. A key that only another version knows stays.
func merge(settings map[string]string, agreed string) (string, error) {
	all := make(map[string]string)
	_ = json.Unmarshal([]byte(agreed), &all)
	maps.Copy(all, settings)
	text, err := json.Marshal(all)
	return string(text), err
}

// agree agrees on settings in PostgreSQL. Each daemon holds a shared lock for as long as it runs, so a daemon that could have the
// lock for itself runs alone and may change the settings. The locked row lets daemons that start together agree one after another.
func (a *instanceLock) agree(ctx context.Context, settings map[string]string) error {
	switch held, err := a.renew(ctx); {
	case err != nil:
		return fmt.Errorf("agreeing on settings: %w", err)
	case !held:
		return errors.New("agreeing on settings: the connection of this daemon is lost, and the server has not noticed it yet")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.tryAgree(ctx, settings); err != nil {
		return fmt.Errorf("agreeing on settings: %w", err)
	}
	a.settings = settings
	return nil
}

// tryAgree agrees on settings on the connection that holds the lock.
func (a *instanceLock) tryAgree(ctx context.Context, settings map[string]string) error {
	tx, err := a.conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // no effect after Commit
	if _, err := tx.ExecContext(ctx, "INSERT INTO memory (key, value) VALUES ($1, '{}') ON CONFLICT (key) DO NOTHING", agreementKey); err != nil {
		return err
	}
	var agreed string
	if err := tx.QueryRowContext(ctx, "SELECT value FROM memory WHERE key = $1 FOR UPDATE", agreementKey).Scan(&agreed); err != nil {
		return err
	}
	differs := conflict(settings, agreed)
	if differs != nil {
		var alone bool
		if err := tx.QueryRowContext(ctx, "SELECT pg_try_advisory_xact_lock("+agreementLock+")").Scan(&alone); err != nil {
			return err
		}
		if !alone {
			return differs
		}
	}
	return saveAgreement(ctx, tx, settings, agreed)
}

// saveAgreement saves settings and takes the shared lock.
func saveAgreement(ctx context.Context, tx *sql.Tx, settings map[string]string, agreed string) error {
	text, err := merge(settings, agreed)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE memory SET value = $2 WHERE key = $1", agreementKey, text); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_lock_shared("+agreementLock+")"); err != nil {
		return err
	}
	return tx.Commit()
}

// agreementLock is the number of the lock. It contains the table's, because several stores may share a database.
const agreementLock = "hashtextextended('settings of ' || 'memory'::regclass::oid, 0)"
