package source

import (
	"testing"

	"postrider/internal/sqlfile"
)

// wantFewMessagesRead polls a big SMF forum, with visits of members and without any. Then nothing tells which message is older than a time.
func wantFewMessagesRead(t *testing.T, f fixture) {
	t.Helper()
	const recent, visits, older = 100, 50, 1000
	step := 2_000_000 / int64(bigPosts(t)) // seconds
	p := params{"from": f.now().Unix() - recent*step, "until": f.now().Unix()}
	poll := func(when string, most int) {
		read(t, f.open(t), func(s *Snapshot) error {
			for _, name := range []string{"first_since", "created"} {
				if got := rowsRead(t, f, s, name, p); got > most {
					t.Errorf("%s, %s reads %d rows, want at most %d", when, name, got, most)
				}
			}
			return nil
		})
	}
	poll("with visits", recent+3*visits+int(20_000/step))
	execute(t, openAny(t, f.dsn), "UPDATE smf_members SET last_login = 0")
	poll("without visits", 2*recent+2*older)
}

// rowsRead runs a query of one column, and returns how many rows the database reads for it.
func rowsRead(t *testing.T, f fixture, s *Snapshot, name string, p params) int {
	t.Helper()
	if engineOf(t, f.dsn) == sqlfile.Postgres {
		_, read := countRowsRead(t, s, name, p)
		return read
	}
	before := handlerReads(t, s.tx)
	countRows(t, s, name, p, 1)
	return handlerReads(t, s.tx) - before
}
