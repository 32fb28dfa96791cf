package store_test

import (
	"errors"
	"strings"
	"testing"

	"postrider/internal/servertest"
	"postrider/store"
)

// wantConflict checks that an error names the differing settings.
func wantConflict(t *testing.T, err error, want ...store.SettingDifference) {
	t.Helper()
	e, conflicts := errors.AsType[*store.SettingsConflict](err)
	if !conflicts || len(e.Differ) != len(want) {
		t.Fatalf("the error is %v, want a conflict about %v", err, want)
	}
	for i, d := range want {
		if e.Differ[i] != d {
			t.Errorf("difference %d is %+v, want %+v", i, e.Differ[i], d)
		}
		if !strings.Contains(err.Error(), d.Key) || !strings.Contains(err.Error(), d.Here) || !strings.Contains(err.Error(), d.There) {
			t.Errorf("%q does not mention %+v", err, d)
		}
	}
}

func settings(hour, locale string) map[string]string {
	return map[string]string{"digest.hour": hour, "digest.locale": locale}
}

// daemonOn registers another daemon on a store.
func daemonOn(t *testing.T, dsn, owner string) *store.Store {
	t.Helper()
	s := open(t, dsn)
	check(t, s.AcquireInstance(t.Context(), owner))
	return s
}

func TestAgreeOnSettings_RejectsOtherSettingsWhileAnyDaemonRuns(t *testing.T) {
	dsn := servertest.Postgres(t)
	first, second, third := daemonOn(t, dsn, "first"), daemonOn(t, dsn, "second"), daemonOn(t, dsn, "third")
	check(t, first.AgreeOnSettings(t.Context(), settings("8", "en")))
	check(t, second.AgreeOnSettings(t.Context(), settings("8", "en")))
	differ := []store.SettingDifference{{Key: "digest.hour", Here: "7", There: "8"}, {Key: "digest.locale", Here: "de", There: "en"}}
	wantConflict(t, third.AgreeOnSettings(t.Context(), settings("7", "de")), differ...)
	check(t, first.Close())
	wantConflict(t, third.AgreeOnSettings(t.Context(), settings("7", "de")), differ...)
	check(t, second.Close())
	check(t, third.AgreeOnSettings(t.Context(), settings("7", "de")))
	wantConflict(t, daemonOn(t, dsn, "fourth").AgreeOnSettings(t.Context(), settings("7", "en")), store.SettingDifference{Key: "digest.locale", Here: "en", There: "de"})
}

func TestAgreeOnSettings_LoneDaemonChangesItsSettings(t *testing.T) {
	dsn := servertest.Postgres(t)
	first := daemonOn(t, dsn, "first")
	for _, hour := range []string{"8", "9", "10"} {
		check(t, first.AgreeOnSettings(t.Context(), settings(hour, "en")))
	}
	second := daemonOn(t, dsn, "second")
	wantConflict(t, second.AgreeOnSettings(t.Context(), settings("9", "en")), store.SettingDifference{Key: "digest.hour", Here: "9", There: "10"})
	check(t, second.AgreeOnSettings(t.Context(), settings("10", "en")))
	wantConflict(t, first.AgreeOnSettings(t.Context(), settings("11", "en")), store.SettingDifference{Key: "digest.hour", Here: "11", There: "10"})
}

func TestAgreeOnSettings_KeyOfAnotherVersionIsNoConflict(t *testing.T) {
	dsn := servertest.Postgres(t)
	first, second, third := daemonOn(t, dsn, "first"), daemonOn(t, dsn, "second"), daemonOn(t, dsn, "third")
	check(t, first.AgreeOnSettings(t.Context(), map[string]string{"digest.hour": "8"}))
	check(t, second.AgreeOnSettings(t.Context(), settings("8", "en")))
	wantConflict(t, third.AgreeOnSettings(t.Context(), settings("8", "de")), store.SettingDifference{Key: "digest.locale", Here: "de", There: "en"})
}

func TestAgreeOnSettings_AgreesAgainAfterDisconnect(t *testing.T) {
	dsn := servertest.Postgres(t)
	first := daemonOn(t, dsn, "first")
	check(t, first.AgreeOnSettings(t.Context(), settings("8", "en")))
	terminateConnections(t, dsn)
	second := daemonOn(t, dsn, "second")
	check(t, second.AgreeOnSettings(t.Context(), settings("9", "en"))) // it is the only one now
	var err error
	for range 10 {
		if err = first.Outbox.Renew(t.Context(), now, "first", 1); errors.As(err, new(*store.SettingsConflict)) {
			break
		}
	}
	wantConflict(t, err, store.SettingDifference{Key: "digest.hour", Here: "8", There: "9"})
	if _, err := first.Outbox.Claim(t.Context(), now, "first", 1, store.AllPriorities, 1); !errors.As(err, new(*store.SettingsConflict)) {
		t.Errorf("the first daemon claims messages with other settings: %v", err)
	}
	check(t, second.Close())
	retryUntilSuccess(t, func() error { return first.Outbox.Renew(t.Context(), now, "first", 1) })
}

func TestCompareSettings_ReadsThoseOfTheLastDaemon(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		first, other := daemonOn(t, dsn, "first"), open(t, dsn)
		check(t, other.CompareSettings(t.Context(), settings("8", "en")))
		check(t, first.AgreeOnSettings(t.Context(), settings("8", "en")))
		check(t, other.CompareSettings(t.Context(), settings("8", "en")))
		wantConflict(t, other.CompareSettings(t.Context(), settings("7", "en")), store.SettingDifference{Key: "digest.hour", Here: "7", There: "8"})
	})
}
