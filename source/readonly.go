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

// advisoryLocks keep other programs waiting, and those of a session last until the connection ends. A name may be quoted.
var advisoryLocks = regexp.MustCompile("(?i)\\b(GET_LOCK|RELEASE_(?:ALL_)?LOCKS?|pg_(?:try_)?advisory_\\w+)[\"`]?\\s*\\(")

// literals are texts in quotes.
var literals = regexp.MustCompile("'[^']*'")

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
	if lock := advisoryLocks.FindStringSubmatch(literals.ReplaceAllString(q.Text, "''")); lock != nil {
		return fmt.Errorf("%s:%d: query %q takes a lock (%s), for which others may have to wait: postrider only reads", q.File, q.Line, q.Name, lock[1])
	}
	return checkLists(q)
}

// lists are the parameters that hold several values.
var lists = regexp.MustCompile(`:(ids|members|threads|sections|roles|groups|names|addresses)\b`)

// checkLists rejects a query that uses a list as one value. With a single value the database would run it.
func checkLists(q sqlfile.Query) error {
	for _, at := range lists.FindAllStringIndex(q.Text, -1) {
		if !inBrackets(q.Text[:at[0]]) {
			name := q.Text[at[0]:at[1]]
			return fmt.Errorf("%s:%d: query %q has %s without brackets, and must have \"COLUMN IN (%[4]s)\", because it is a list", q.File, lineOfList(q, name), q.Name, name)
		}
	}
	return nil
}

// inBrackets reports whether a text ends within the brackets of a list: after IN (, ARRAY[ or a comma, and not after = (.
func inBrackets(before string) bool {
	before = strings.TrimRight(before, " \t\r\n")
	if before == "" || !strings.ContainsAny(before[len(before)-1:], "([,") {
		return false
	}
	outside := strings.TrimRight(before[:len(before)-1], " \t\r\n")
	return outside == "" || !strings.ContainsAny(outside[len(outside)-1:], "=<>")
}

// lineOfList returns the line of the file with a list that has no brackets.
func lineOfList(q sqlfile.Query, name string) int {
	for i, text := range strings.Split(q.Source, "\n") {
		text, _, _ = strings.Cut(text, "--")
		if at := strings.Index(text, name); at >= 0 && !inBrackets(text[:at]) {
			return q.Line + 1 + i
		}
	}
	return q.Line
}
