package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postrider/internal/sqlfile"
)

func TestQueries_OfTheAdministratorOnlyRead(t *testing.T) {
	load := func(t *testing.T, query string) error {
		file := filepath.Join(t.TempDir(), "forum.sql")
		if err := os.WriteFile(file, []byte("-- name: newest\n"+query), 0o600); err != nil {
			t.Fatal(err)
		}
		return overrideQueries(make(map[string]sqlfile.Query), file, sqlfile.Postgres, nil)
	}
	for query, want := range map[string]string{
		"COPY t TO PROGRAM 'id'":                                "begins with \"COPY\"",
		"SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE": "begins with \"SET\"",
		"COMMIT":                                               "begins with \"COMMIT\"",
		"DO 'BEGIN END'":                                       "begins with \"DO\"",
		"DELETE FROM t":                                        "begins with \"DELETE\"",
		"SELECTED FROM t":                                      "begins with \"SELECTED\"",
		"/* SELECT */ CALL p()":                                "begins with \"CALL\"",
		"SELECT 1 AS id INTO OUTFILE '/tmp/x'":                 "the word INTO",
		"SELECT 1 AS id\n  into dumpfile '/tmp/x'":             "the word INTO",
		"WITH a AS (SELECT 1) INSERT INTO t SELECT 1":          "the word INTO",
		"SELECT id FROM t LOCK IN  SHARE MODE":                 "locks rows",
		"SELECT id FROM t FOR UPDATE":                          "locks rows (FOR UPDATE)",
		"SELECT id FROM t for no key update":                   "locks rows",
		"SELECT GET_LOCK('a', 1) AS id":                        "takes a lock (GET_LOCK)",
		"SELECT id FROM t WHERE pg_try_advisory_xact_lock (1)": "takes a lock (pg_try_advisory_xact_lock)",
		"SELECT \"pg_advisory_lock\"(1) AS id":                 "takes a lock",
		"SELECT `get_lock`('a', 1) AS id":                      "takes a lock",
		"SELECT get_lock AS id, 'GET_LOCK(1)' FROM t":          "",
		"SELECT lock_in_share, 'for share' FROM t":             "",
		"SELECT 1 AS id":                                       "",
		"(SELECT 1 AS id)":                                     "",
		"select 'into' AS id, \"into\", `into`, into_x":        "",
		"WITH a AS (SELECT 1)\nSELECT 1 AS id FROM a":          "",
	} {
		err := load(t, query)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "forum.sql:1: ")) {
			t.Errorf("%s: %v, want an error with %q", query, err, want)
		}
	}
}
