package source

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	_ "modernc.org/sqlite" // registers "sqlite"

	"postrider/internal/sqlfile"
)

// dsnTarget is a database as [forum] dsn names it. It never prints its password.
type dsnTarget struct {
	engine sqlfile.Engine
	file   string        // SQLite
	mysql  *mysql.Config // MySQL and MariaDB
}

const dsnForms = "give \"mysql://user:password@host:3306/database\", with \"?socket=/run/mysqld/mysqld.sock\" for a local socket, or \"sqlite:FILE\""

func parseDSN(dsn string) (dsnTarget, error) {
	scheme, rest, found := strings.Cut(dsn, ":")
	switch {
	case !found:
		return dsnTarget{}, fmt.Errorf("dsn names no database: %s", dsnForms)
	case scheme == "sqlite" && rest != "":
		return dsnTarget{engine: sqlfile.SQLite, file: rest}, nil
	case scheme == "mysql" || scheme == "mariadb":
		return parseMySQL(dsn)
	}
	return dsnTarget{}, fmt.Errorf("dsn begins with %q: %s", scheme+":", dsnForms)
}

func parseMySQL(dsn string) (dsnTarget, error) {
	u, err := url.Parse(dsn)
	if err != nil { // the error of url.Parse would quote the password
		return dsnTarget{}, fmt.Errorf("dsn is no URL: write special characters of the password as %%XX; %s", dsnForms)
	}
	c := mysql.NewConfig()
	c.User = u.User.Username()
	c.Passwd, _ = u.User.Password()
	c.DBName = strings.TrimPrefix(u.Path, "/")
	if c.User == "" || c.DBName == "" || strings.Contains(c.DBName, "/") {
		return dsnTarget{}, fmt.Errorf("dsn names no user or no database: %s", dsnForms)
	}
	port := u.Port()
	if port == "" {
		port = "3306"
	}
	c.Net, c.Addr = "tcp", net.JoinHostPort(u.Hostname(), port)
	for key, values := range u.Query() {
		switch key {
		case "socket":
			c.Net, c.Addr = "unix", values[0]
		case "tls":
			c.TLSConfig = values[0]
		default:
			return dsnTarget{}, fmt.Errorf("dsn has the unknown option %q: there are socket and tls (true, skip-verify, preferred)", key)
		}
	}
	if c.Net == "tcp" && u.Hostname() == "" {
		return dsnTarget{}, fmt.Errorf("dsn names no host: %s", dsnForms)
	}
	c.InterpolateParams = true // one round trip a query instead of three
	return dsnTarget{engine: sqlfile.MySQL, mysql: c}, nil
}

// String names the database without its password.
func (t dsnTarget) String() string {
	if t.engine == sqlfile.SQLite {
		return t.file
	}
	return fmt.Sprintf("database %s of %s at %s", t.mysql.DBName, t.mysql.User, t.mysql.Addr)
}

// maxConnections is how many batches may read the forum at a time: it has its own visitors to serve.
const maxConnections = 4

func (t dsnTarget) open(timeout time.Duration) (*sql.DB, error) {
	var pool *sql.DB
	switch t.engine {
	case sqlfile.SQLite:
		if _, err := os.Stat(t.file); err != nil { // SQLite itself would say "unable to open" only
			return nil, fmt.Errorf("opening the forum's database: %w", err)
		}
		// A forum that writes in WAL mode holds nobody up for long.
		q := url.Values{"mode": {"ro"}, "_pragma": {"query_only(1)", fmt.Sprintf("busy_timeout(%d)", timeout.Milliseconds())}}
		var err error
		if pool, err = sql.Open("sqlite", "file:"+(&url.URL{Path: t.file}).EscapedPath()+"?"+q.Encode()); err != nil {
			return nil, fmt.Errorf("opening %s: %w", t, err)
		}
	case sqlfile.MySQL:
		c := t.mysql.Clone()
		c.Timeout = timeout
		c.ReadTimeout = timeout + 10*time.Second // the server ends a statement first, and says so
		c.WriteTimeout = timeout
		inner, err := mysql.NewConnector(c)
		if err != nil {
			return nil, fmt.Errorf("opening %s: %w", t, err)
		}
		pool = sql.OpenDB(readOnlyConnector{inner, timeout})
	}
	pool.SetMaxOpenConns(maxConnections)
	pool.SetMaxIdleConns(maxConnections)
	pool.SetConnMaxIdleTime(time.Minute) // forums' servers cut idle connections (wait_timeout)
	return pool, nil
}

// readOnlyConnector makes connections to MySQL or MariaDB that cannot write and give up slow statements.
type readOnlyConnector struct {
	driver.Connector
	timeout time.Duration
}

// Connect asks each server for its own time limit: MariaDB reads /*M!, MySQL reads /*!5nnnn, and MariaDB
// passes over 50700 to 99999 (MariaDB knowledge base, "Comment Syntax").
func (r readOnlyConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := r.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	for _, statement := range []string{
		"SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
		fmt.Sprintf("SET @postrider = 1 /*M!100101 , SESSION max_statement_time = %g */ /*!50708 , SESSION max_execution_time = %d */",
			r.timeout.Seconds(), r.timeout.Milliseconds()),
	} {
		exec, ok := conn.(driver.ExecerContext)
		if !ok {
			return nil, errors.Join(errors.New("the MySQL driver cannot set up a session"), conn.Close())
		}
		if _, err := exec.ExecContext(ctx, statement, nil); err != nil {
			return nil, errors.Join(fmt.Errorf("setting up the session: %w", err), conn.Close())
		}
	}
	return conn, nil
}
