package source

import (
	"slices"
	"testing"

	"postrider/internal/sqlfile"
)

func TestIndexes_AreOnWhatTheQueryCompares(t *testing.T) {
	for _, tt := range []struct {
		name, query, alias string
		engine             sqlfile.Engine
		want               []string
	}{
		{"a list, then a range", "SELECT p.id FROM posts p WHERE p.written >= ? AND p.topic IN (?, ?) AND p.hidden = 0", "p", sqlfile.MySQL, []string{"topic", "written"}},
		{"a join, from either side", "SELECT 1 FROM t JOIN posts AS p ON t.id = p.topic AND p.author = t.author", "p", sqlfile.SQLite, []string{"topic", "author"}},
		{"one range only", "SELECT 1 FROM posts p WHERE p.id > ? AND p.written BETWEEN ? AND ?", "p", sqlfile.Postgres, []string{"id"}},
		{"an alias that PostgreSQL numbered", "SELECT 1 FROM posts p WHERE p.topic = $1 UNION SELECT 1 FROM posts p WHERE p.topic = $1", "p_1", sqlfile.Postgres, []string{"topic"}},
		{"an expression", "SELECT 1 FROM users u WHERE LOWER(u.name) = LOWER($1)", "u", sqlfile.Postgres, []string{"LOWER(name)"}},
		{"an expression that MariaDB cannot index", "SELECT 1 FROM users u WHERE LOWER(u.name) = ?", "u", sqlfile.MySQL, nil},
		{"literals only", "SELECT 1 FROM users u WHERE u.state = 'active' AND u.level > 3", "u", sqlfile.MySQL, nil},
		{"another table", "SELECT 1 FROM users u JOIN posts p ON p.author = u.id", "x", sqlfile.MySQL, nil},
	} {
		if got := comparedColumns(tt.query, tt.alias, tt.engine); !slices.Equal(got, tt.want) {
			t.Errorf("%s: columns are %v, want %v", tt.name, got, tt.want)
		}
	}
}
