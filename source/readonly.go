package source

import (
	"fmt"
	"regexp"
	"strings"

	"postrider/internal/sqlfile"
)

var (
	readsOnly = regexp.MustCompile(`(?i)^[(\s]*(SELECT|WITH)\b`)
	// quotedSQL are literals and quoted names. sqlfile has dropped the comments, and allows no backslash in a literal.
	quotedSQL = regexp.MustCompile("'[^']*'|\"[^\"]*\"|`[^`]*`")
	writesTo  = regexp.MustCompile(`(?i)\bINTO\b`)
	// locks keep the forum from writing until the transaction ends. MariaDB grants them to an account that may only read, in a read-only
	// transaction.
	locks = regexp.MustCompile(`(?i)\b(FOR\s+(NO\s+KEY\s+|KEY\s+)?(UPDATE|SHARE)|LOCK\s+IN\s+SHARE\s+MODE)\b`)
)

// checkReads rejects a query of the administrator's file that is no SELECT. The transaction and the account are read-only, but a database
// allows COPY TO PROGRAM and SELECT INTO OUTFILE even so, and SET and COMMIT would end that.
func checkReads(q sqlfile.Query) error {
	plain := quotedSQL.ReplaceAllString(q.Text, "''")
	switch {
	case !readsOnly.MatchString(plain):
		word, _, _ := strings.Cut(plain, " ")
		return fmt.Errorf("%s:%d: query %q begins with %.20q: must begin with SELECT or WITH, because postrider only reads", q.File, q.Line, q.Name, word)
	case writesTo.MatchString(plain):
		return fmt.Errorf("%s:%d: query %q has the word INTO: postrider only reads; put a column of that name in quotes", q.File, q.Line, q.Name)
	case locks.MatchString(plain):
		return fmt.Errorf("%s:%d: query %q locks rows (%s), so that the forum could not write them: postrider only reads", q.File, q.Line, q.Name, locks.FindString(plain))
	}
	return nil
}
