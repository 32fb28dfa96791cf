package source

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"postrider/internal/finding"
	"postrider/internal/sqlfile"
)

// What Check asks of the database itself, outside of the contract.

func (s *Snapshot) checkServer(ctx context.Context) finding.Finding {
	product, query := "MySQL", "SELECT VERSION()"
	if s.db.engine == sqlfile.SQLite {
		product, query = "SQLite", "SELECT sqlite_version()"
	}
	versions, err := s.queryStrings(ctx, query)
	if err != nil {
		return finding.Fail("connection", err.Error(), "see that the database of [forum] dsn runs and lets postrider in")
	}
	version, _, isMariaDB := strings.Cut(strings.Join(versions, " "), "-MariaDB") // 10.11.19-MariaDB-0+deb12u1
	if isMariaDB {
		product = "MariaDB"
	}
	return finding.OK("connection", product+" "+version)
}

// readOnlyPrivileges are the privileges that let nobody change a forum.
var readOnlyPrivileges = []string{"USAGE", "SELECT", "SHOW VIEW", "SHOW DATABASES", "PROCESS", "REFERENCES", "EXECUTE"}

// checkAccount reads SHOW GRANTS: GRANT SELECT, INSERT ON ... TO ...
func (s *Snapshot) checkAccount(ctx context.Context) finding.Finding {
	grants, err := s.queryStrings(ctx, "SHOW GRANTS")
	if err != nil {
		return finding.Warn("account", err.Error(), "see that the account of [forum] dsn has SELECT only")
	}
	for _, line := range grants {
		list, _, isGrant := strings.Cut(strings.TrimPrefix(line, "GRANT "), " ON ")
		for privilege := range strings.SplitSeq(list, ",") {
			privilege, _, _ = strings.Cut(strings.TrimSpace(privilege), " (") // SELECT (column)
			if isGrant && !slices.Contains(readOnlyPrivileges, privilege) {
				return finding.Warn("account", fmt.Sprintf("the account may write to the forum (%s); postrider does not, but needs no such right", privilege),
					"give postrider an account of its own that has SELECT only")

			}
		}
	}
	return finding.OK("account", "may only read")
}

// checkCharset looks for old tables whose declared charset often is not what their bytes are.
func (s *Snapshot) checkCharset(ctx context.Context) finding.Finding {
	const query = `SELECT DISTINCT character_set_name FROM information_schema.columns
		WHERE table_schema = DATABASE() AND LEFT(table_name, CHAR_LENGTH(?)) = ? AND character_set_name IS NOT NULL`
	sets, err := s.queryStrings(ctx, query, s.db.prefix, s.db.prefix)
	if err != nil {
		return finding.Warn("charset", err.Error(), "see that texts in a preview read well")
	}
	slices.Sort(sets)
	text := "the forum keeps its texts in " + strings.Join(sets, ", ")
	for _, set := range sets {
		if !strings.HasPrefix(set, "utf8") && set != "ascii" {
			return finding.Warn("charset", text, "see that accents in a preview read well; if not, convert the forum's tables to utf8mb4")
		}
	}
	return finding.OK("charset", text)
}

// queryStrings sends a query outside of the contract that yields one column of texts.
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
