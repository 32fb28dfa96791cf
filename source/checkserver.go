package source

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"postrider/internal/finding"
	"postrider/internal/sqlfile"
)

// checkServer reads the version of the database server.
func (s *Snapshot) checkServer(ctx context.Context) finding.Finding {
	product, query := "MySQL", "SELECT VERSION()"
	switch s.db.engine {
	case sqlfile.SQLite:
		product, query = "SQLite", "SELECT sqlite_version()"
	case sqlfile.Postgres:
		product, query = "PostgreSQL", "SHOW server_version"
	}
	versions, err := s.queryStrings(ctx, query)
	if err != nil {
		return finding.Fail("connection", err.Error(), "check that the database in [forum] dsn is running and accepts postrider's login")
	}
	version, _, isMariaDB := strings.Cut(strings.Join(versions, " "), "-MariaDB") // 10.11.19-MariaDB-0+deb12u1
	if isMariaDB {
		product = "MariaDB"
	}
	return finding.OK("connection", product+" "+version)
}

// readOnlyPrivileges are the privileges with which an account cannot change the forum.
var readOnlyPrivileges = []string{"USAGE", "SELECT", "SHOW VIEW", "SHOW DATABASES", "PROCESS", "REFERENCES", "EXECUTE"}

// checkAccount checks the rights of the account, and the character sets.
func (s *Snapshot) checkAccount(ctx context.Context) []finding.Finding {
	if s.db.kind.own {
		return nil
	}
	switch s.db.engine {
	case sqlfile.MySQL:
		return []finding.Finding{s.checkGrants(ctx), s.checkCharset(ctx)}
	case sqlfile.Postgres:
		return []finding.Finding{s.checkPrivileges(ctx), s.checkEncoding(ctx)}
	}
	return nil
}

// cureAccount is what to do about an account that may write.
const cureAccount = "create a separate account for postrider that has only SELECT"

// checkPrivileges warns if the account may write to a table of the forum in PostgreSQL.
func (s *Snapshot) checkPrivileges(ctx context.Context) finding.Finding {
	const query = `SELECT c.relname FROM pg_catalog.pg_class c
		WHERE c.relkind IN ('r', 'p') AND pg_catalog.pg_table_is_visible(c.oid) AND LEFT(c.relname, CHAR_LENGTH($1)) = $1
		  AND c.relnamespace <> CAST('pg_catalog' AS REGNAMESPACE)
		  AND pg_catalog.has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
		ORDER BY c.relname LIMIT 1`
	writable, err := s.queryStrings(ctx, query, s.db.prefix)
	switch {
	case err != nil:
		return finding.Warn("account", err.Error(), "check that the account in [forum] dsn has only SELECT")
	case len(writable) > 0:
		return finding.Warn("account", fmt.Sprintf("the account may write to the forum (table %s); postrider never writes and does not need this privilege", writable[0]), cureAccount)
	}
	return finding.OK("account", "read-only")
}

// checkEncoding warns about a database of PostgreSQL that does not know which characters its bytes are.
func (s *Snapshot) checkEncoding(ctx context.Context) finding.Finding {
	encodings, err := s.queryStrings(ctx, "SHOW server_encoding")
	text := "the forum's texts use " + strings.Join(encodings, ", ")
	switch {
	case err != nil:
		return finding.Warn("charset", err.Error(), "check that texts in a preview are readable")
	case strings.Contains(text, "SQL_ASCII"):
		return finding.Warn("charset", text, "check that accented letters in a preview are correct; if not, convert the database to UTF8")
	}
	return finding.OK("charset", text)
}

// checkGrants warns if the account of MySQL may write. It parses the result of SHOW GRANTS: GRANT SELECT, INSERT ON ... TO ...
func (s *Snapshot) checkGrants(ctx context.Context) finding.Finding {
	grants, err := s.queryStrings(ctx, "SHOW GRANTS")
	if err != nil {
		return finding.Warn("account", err.Error(), "check that the account in [forum] dsn has only SELECT")
	}
	database, err := s.queryStrings(ctx, "SELECT DATABASE()")
	if err != nil {
		return finding.Warn("account", err.Error(), "check that the account in [forum] dsn has only SELECT")
	}
	for _, line := range grants {
		list, object, isGrant := strings.Cut(strings.TrimPrefix(line, "GRANT "), " ON ")
		if len(database) == 1 && !grantCovers(object, database[0]) {
			continue // MariaDB lets everybody write to the database "test"
		}
		for privilege := range strings.SplitSeq(list, ",") {
			privilege, _, _ = strings.Cut(strings.TrimSpace(privilege), " (") // SELECT (column)
			if isGrant && !slices.Contains(readOnlyPrivileges, privilege) {
				return finding.Warn("account", fmt.Sprintf("the account may write to the forum (%s); postrider never writes and does not need this privilege", privilege),
					cureAccount)
			}
		}
	}
	return finding.OK("account", "read-only")
}

// grantCovers reports whether the object of a grant, such as `xenforo`.* or *.*, is in a database. In the name of a database, "%" and
// "_" stand for other characters unless they follow a backslash.
func grantCovers(object, database string) bool {
	name, quoted := strings.CutPrefix(object, "`")
	if !quoted {
		return true // *.*, or a form that is not known
	}
	name, _, _ = strings.Cut(name, "`.")
	name = strings.ReplaceAll(name, "``", "`")
	var pattern strings.Builder
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c == '\\' && i+1 < len(name):
			i++
			pattern.WriteString(regexp.QuoteMeta(name[i : i+1]))
		case c == '%':
			pattern.WriteString(".*")
		case c == '_':
			pattern.WriteString(".")
		default:
			pattern.WriteString(regexp.QuoteMeta(name[i : i+1]))
		}
	}
	matches, err := regexp.MatchString("^(?s:"+pattern.String()+")$", database)
	return err != nil || matches
}

// checkCharset warns about old character sets, because the bytes in such tables often do not match the declared one.
func (s *Snapshot) checkCharset(ctx context.Context) finding.Finding {
	const query = `SELECT DISTINCT character_set_name FROM information_schema.columns
		WHERE table_schema = DATABASE() AND LEFT(table_name, CHAR_LENGTH(?)) = ? AND character_set_name IS NOT NULL`
	sets, err := s.queryStrings(ctx, query, s.db.prefix, s.db.prefix)
	if err != nil {
		return finding.Warn("charset", err.Error(), "check that texts in a preview are readable")
	}
	slices.Sort(sets)
	text := "the forum's texts use " + strings.Join(sets, ", ")
	for _, set := range sets {
		if !strings.HasPrefix(set, "utf8") && set != "ascii" {
			return finding.Warn("charset", text, "check that accented letters in a preview are correct; if not, convert the forum's tables to utf8mb4")
		}
	}
	return finding.OK("charset", text)
}

// queryStrings runs a query that is not in the contract and returns its only column.
func (s *Snapshot) queryStrings(ctx context.Context, query string, args ...any) ([]string, error) {
	s.db.statements.Add(1)
	rows, err := s.tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return all, rows.Err()
}
