package source

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"postrider/internal/sqlfile"
)

// bareName is a name that needs no quotes.
var bareName = regexp.MustCompile(`^[a-z_]+$`)

// cellLimit is how many bytes of one value the check of a home-made forum reads: more than any post that is cut as it must be.
const cellLimit = 4 * bodyLimit

// longValue is a value that the check does not read.
type longValue struct {
	column string
	bytes  int64
}

func (v *longValue) Error() string {
	return fmt.Sprintf("column %s has a value of %d bytes, and must have at most %d", v.column, v.bytes, cellLimit)
}

func (v *longValue) fix() string {
	return fmt.Sprintf("cut it in the database, or a round needs much memory: SUBSTR(..., 1, %d) AS %s", bodyLimit, v.column)
}

// longestValue asks for the lengths of the texts that a query would return for a check, so that a large one does not fill the memory. It
// returns nil if they are short, or if the database cannot tell: then the query itself shows what is wrong.
func (s *Snapshot) longestValue(ctx context.Context, name string, p params) *longValue {
	ctx, cancel := s.db.withTimeout(ctx)
	defer cancel()
	text, args, err := s.bind(name, p)
	if err != nil {
		return nil
	}
	rows := fmt.Sprintf("(SELECT * FROM (%s) q LIMIT %d) q", text, sampleRows+1)
	columns, err := s.textColumns(ctx, "SELECT * FROM "+rows+" WHERE 1 = 0", args)
	if err != nil || len(columns) == 0 {
		return nil
	}
	var lengths []string
	for _, column := range columns {
		value := "q." + column
		if s.db.engine == sqlfile.Postgres {
			value = "CAST(" + value + " AS TEXT)"
		}
		lengths = append(lengths, "COALESCE(MAX(OCTET_LENGTH("+value+")), 0)")
	}
	longest, into := make([]int64, len(columns)), make([]any, len(columns))
	for i := range longest {
		into[i] = &longest[i]
	}
	s.db.statements.Add(1)
	if err := s.tx.QueryRowContext(ctx, "SELECT "+strings.Join(lengths, ", ")+" FROM "+rows, args...).Scan(into...); err != nil {
		return nil
	}
	for i, n := range longest {
		if n > cellLimit {
			return &longValue{columns[i], n}
		}
	}
	return nil
}

// textColumns returns those columns of a statement's result that the contract knows, and that are no numbers.
func (s *Snapshot) textColumns(ctx context.Context, statement string, args []any) ([]string, error) {
	s.db.statements.Add(1)
	rows, err := s.tx.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	var list []string
	for _, name := range names {
		if !isNumberColumn(name) && bareName.MatchString(name) {
			list = append(list, name)
		}
	}
	return list, err
}
