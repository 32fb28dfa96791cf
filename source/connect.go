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
	"slices"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/lib/pq"
	_ "modernc.org/sqlite" // registers "sqlite"

	dsntext "postrider/internal/dsn"
	"postrider/internal/sqlfile"
)

// dsnTarget is the database in [forum] dsn. Its String omits the password.
type dsnTarget struct {
	engine   sqlfile.Engine
	file     string        // SQLite
	mysql    *mysql.Config // MySQL and MariaDB
	postgres pq.Config
}

const dsnForms = "must be like \"mysql://user:password@host:3306/database\" (for a local socket add \"?socket=/run/mysqld/mysqld.sock\"), " +
	"\"postgres://user:password@host:5432/database\" or \"sqlite:FILE\""

func parseDSN(dsn string) (dsnTarget, error) {
	scheme, rest, found := strings.Cut(dsn, ":")
	switch {
	case !found:
		return dsnTarget{}, fmt.Errorf("dsn: missing or without a scheme: %s", dsnForms)
	case scheme == "sqlite" && rest != "":
		return dsnTarget{engine: sqlfile.SQLite, file: rest}, nil
	case scheme == "mysql" || scheme == "mariadb":
		return parseMySQL(dsn)
	case scheme == "postgres" || scheme == "postgresql":
		return parsePostgres(dsn)
	}
	return dsnTarget{}, fmt.Errorf("dsn: unknown scheme %q: %s", scheme+":", dsnForms)
}

func parseMySQL(dsn string) (dsnTarget, error) {
	if err := dsntext.CheckPassword(dsn); err != nil {
		return dsnTarget{}, fmt.Errorf("dsn: %w", err)
	}
	u, err := url.Parse(dsn)
	if err != nil { // not wrapped: the error of url.Parse contains the password
		return dsnTarget{}, fmt.Errorf("dsn: invalid URL: %s; write special characters of the password as %%XX", dsnForms)
	}
	c := mysql.NewConfig()
	c.User = u.User.Username()
	c.Passwd, _ = u.User.Password()
	c.DBName = strings.TrimPrefix(u.Path, "/")
	if c.User == "" || c.DBName == "" || strings.Contains(c.DBName, "/") {
		return dsnTarget{}, fmt.Errorf("dsn: missing user or database name: %s", dsnForms)
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
			return dsnTarget{}, fmt.Errorf("dsn: unknown option %q: must be socket or tls (true, skip-verify, preferred)", key)
		}
	}
	if c.Net == "tcp" && u.Hostname() == "" {
		return dsnTarget{}, fmt.Errorf("dsn: missing host: %s", dsnForms)
	}
	c.InterpolateParams = true // one round trip per query instead of three
	return dsnTarget{engine: sqlfile.MySQL, mysql: c}, nil
}

// String describes the database without its password.
func (t dsnTarget) String() string {
	switch t.engine {
	case sqlfile.SQLite:
		return t.file
	case sqlfile.Postgres:
		return fmt.Sprintf("database %s as %s at %s:%d", t.postgres.Database, t.postgres.User, t.postgres.Host, t.postgres.Port)
	}
	return fmt.Sprintf("database %s as %s at %s", t.mysql.DBName, t.mysql.User, t.mysql.Addr)
}

// maxConnections limits the batches that read the forum concurrently, because its database also serves visitors.
const maxConnections = 4

func (t dsnTarget) open(timeout time.Duration) (*sql.DB, error) {
	var pool *sql.DB
	switch t.engine {
	case sqlfile.SQLite:
		if _, err := os.Stat(t.file); err != nil { // SQLite would only report "unable to open"
			return nil, fmt.Errorf("opening the forum's database: %w", err)
		}
		// A forum that writes in WAL mode blocks readers only for a short time.
		q := url.Values{"mode": {"ro"}, "_pragma": {"query_only(1)", fmt.Sprintf("busy_timeout(%d)", timeout.Milliseconds())}}
		var err error
		if pool, err = sql.Open("sqlite", "file:"+(&url.URL{Path: t.file}).EscapedPath()+"?"+q.Encode()); err != nil {
			return nil, fmt.Errorf("opening %s: %w", t, err)
		}
	case sqlfile.MySQL:
		c := t.mysql.Clone()
		c.Timeout = timeout
		c.ReadTimeout = timeout + answerGrace
		c.WriteTimeout = timeout
		inner, err := mysql.NewConnector(c)
		if err != nil {
			return nil, fmt.Errorf("opening %s: %w", t, err)
		}
		pool = sql.OpenDB(readOnlyConnector{inner, timeout})
	case sqlfile.Postgres:
		var err error
		if pool, err = openPostgres(t.postgres, timeout); err != nil {
			return nil, err
		}
	}
	pool.SetMaxOpenConns(maxConnections)
	pool.SetMaxIdleConns(maxConnections)
	pool.SetConnMaxIdleTime(time.Minute) // database servers close idle connections (wait_timeout)
	return pool, nil
}

// UnreachableError means that the forum's database server cannot be reached now, for example because it is still starting.
type UnreachableError struct{ error }

// Unwrap returns the cause.
func (e UnreachableError) Unwrap() error { return e.error }

// refusesLogin reports whether a server answered, but will never accept this login: the account or the database is wrong.
func refusesLogin(err error) bool {
	const accessDenied, databaseDenied, hostDenied, unknownDatabase = 1045, 1044, 1130, 1049
	answer, ok := errors.AsType[*mysql.MySQLError](err)
	return ok && slices.Contains([]uint16{accessDenied, databaseDenied, hostDenied, unknownDatabase}, answer.Number)
}

// readOnlyConnector opens connections to MySQL or MariaDB that cannot write and that stop slow statements.
type readOnlyConnector struct {
	driver.Connector
	timeout time.Duration
}

// Connect sets the time limit in the syntax of both servers: MariaDB executes /*M! comments, MySQL executes
// /*!5nnnn comments, and MariaDB ignores versions 50700 to 99999 (MariaDB knowledge base, "Comment Syntax").
func (r readOnlyConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := r.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	for _, statement := range []string{
		"SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
		fmt.Sprintf("SET @postrider = 1, SESSION time_zone = '+00:00' /*M!100101 , SESSION max_statement_time = %g */ /*!50708 , SESSION max_execution_time = %d */",
			r.timeout.Seconds(), r.timeout.Milliseconds()),
	} {
		exec, ok := conn.(driver.ExecerContext)
		if !ok {
			return nil, errors.Join(errors.New("setting up the session: the MySQL driver does not support it"), conn.Close())
		}
		if _, err := exec.ExecContext(ctx, statement, nil); err != nil {
			return nil, errors.Join(fmt.Errorf("setting up the session: %w", err), conn.Close())
		}
	}
	return conn, nil
}
