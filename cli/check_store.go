package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"postrider/config"
	"postrider/doctor"
	"postrider/internal/finding"
	"postrider/store"
)

// checkStore checks the store and reads its database's clock.
func checkStore(ctx context.Context, cfg config.Config) ([]finding.Finding, []doctor.ClockReading) {
	// A check must not create a database.
	if path, ok := strings.CutPrefix(cfg.Store.DSN, "sqlite:"); ok {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			return []finding.Finding{missingStore(path)}, nil
		}
	}
	if f := checkStoreFolder(cfg.Store.DSN); f.Level == finding.LevelFail {
		return []finding.Finding{f}, nil
	}
	s, err := store.Open(ctx, cfg.Store.DSN)
	if err != nil {
		return []finding.Finding{finding.Fail("store", diagnoseStore(err).text(err), diagnoseStore(err).fix)}, nil
	}
	defer s.Close()
	all := append([]finding.Finding{checkVersion(ctx, s)}, checkDisk(s)...)
	if all[0].Level == finding.LevelOK {
		all = append(all, checkSuppressions(ctx, s))
	}
	at, known, err := s.DatabaseTime(ctx)
	return all, clockReading("the store's database", at, known, err)
}

// checkSuppressions warns if many addresses are suppressed. Mailbox providers rate senders by their share of messages to
// addresses that do not exist. Many such addresses usually mean that the forum does not confirm them at registration.
func checkSuppressions(ctx context.Context, s *store.Store) finding.Finding {
	members, suppressed, err := s.Suppressions.Stats(ctx, time.Now())
	if err != nil {
		return finding.Fail("addresses", err.Error(), "check that postrider can read the database in [store] dsn")
	}
	f := finding.OK("addresses", fmt.Sprintf("%d suppressed, %s", suppressed, plural(members, "subscriber", "subscribers")))
	if suppressed > 20 && suppressed > members/20 {
		f.Level, f.Fix = finding.LevelWarn, "to see the reasons, run: postrider suppress list; have the forum confirm addresses before members get email"
	}
	return f
}

func checkVersion(ctx context.Context, s *store.Store) finding.Finding {
	have, want, err := s.Version(ctx)
	switch {
	case err != nil:
		return finding.Fail("store", err.Error(), "check that postrider can read and write the database in [store] dsn")
	case have > want:
		return finding.Fail("store", fmt.Sprintf("the schema has version %d, this program supports up to %d", have, want), "run the newer postrider that upgraded the store")
	case have < want:
		return finding.Warn("store", fmt.Sprintf("the schema has version %d, this program needs %d", have, want), "run: postrider migrate (postrider run does this too)")
	}
	return finding.OK("store", fmt.Sprintf("schema version %d", have))
}

// Free space of a SQLite store's disk at which check warns or fails. A forum of 100,000 members writes about 100 MB a day.
const (
	lowDiskBytes      = 1 << 30
	criticalDiskBytes = 100 << 20
)

// checkDisk checks the free disk space: when nothing can be written, nothing is sent.
func checkDisk(s *store.Store) []finding.Finding {
	left, known, err := s.FreeDiskBytes()
	if err != nil || !known {
		return nil
	}
	f := finding.OK("store disk", fmt.Sprintf("%d MB free", left>>20))
	switch {
	case left < criticalDiskBytes:
		f.Level, f.Fix = finding.LevelFail, "free up space on the disk of [store] dsn: when it is full, nothing is sent"
	case left < lowDiskBytes:
		f.Level, f.Fix = finding.LevelWarn, "free up space on the disk of [store] dsn"
	}
	return []finding.Finding{f}
}

// checkStoreFolder checks that postrider can write where a SQLite store is: SQLite keeps other files next to it.
func checkStoreFolder(dsn string) finding.Finding {
	path, ok := strings.CutPrefix(dsn, "sqlite:")
	if !ok {
		return finding.OK("store", "")
	}
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".postrider-check-*")
	if err != nil {
		return finding.Fail("store", "the folder of "+path+" is not writable: "+err.Error(), "make the folder writable for postrider's user, or choose another folder in [store] dsn")
	}
	f.Close()
	os.Remove(f.Name())
	return finding.OK("store", "")
}

// missingStore reports whether the first run can create the store.
func missingStore(path string) finding.Finding {
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return finding.Fail("store", "cannot create "+path+": "+dir+" is not a directory", "create the directory and make it writable for postrider")
	}
	if f := checkStoreFolder("sqlite:" + path); f.Level == finding.LevelFail {
		return f
	}
	return finding.Warn("store", path+" does not exist yet", "nothing to do: the first run creates it")
}
