package source

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/lib/pq"

	dsntext "postrider/internal/dsn"
	"postrider/internal/sqlfile"
)

func parsePostgres(dsn string) (dsnTarget, error) {
	u, err := url.Parse(dsn)
	if err != nil { // not wrapped: the error of url.Parse contains the password
		return dsnTarget{}, fmt.Errorf("dsn: invalid URL: %s; write special characters of the password as %%XX", dsnForms)
	}
	if u.User.Username() == "" || strings.Trim(u.Path, "/") == "" {
		return dsnTarget{}, fmt.Errorf("dsn: missing user or database name: %s", dsnForms)
	}
	if u.Hostname() == "" && !u.Query().Has("host") {
		return dsnTarget{}, fmt.Errorf("dsn: missing host: %s", dsnForms)
	}
	c, err := pq.NewConfig(dsn)
	if err != nil {
		return dsnTarget{}, fmt.Errorf("dsn: invalid PostgreSQL URL: %s; the options are those of libpq, such as sslmode", dsnForms)
	}
	if c.ApplicationName == "" {
		c.ApplicationName = "postrider"
	}
	if dsntext.TLSOptional(dsn, c.Host) {
		c.SSLMode = pq.SSLModePrefer
	}
	c.BinaryParameters = true // one round trip per query instead of two
	return dsnTarget{engine: sqlfile.Postgres, postgres: c}, nil
}

func openPostgres(c pq.Config, timeout time.Duration) (*sql.DB, error) {
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = timeout
	}
	inner, err := pq.NewConnectorConfig(c)
	if err != nil {
		return nil, errors.New("invalid settings of the PostgreSQL connection: see dsn in [forum]") // the driver's error may contain the password
	}
	inner.Dialer(&impatientDialer{patience: timeout + answerGrace})
	return sql.OpenDB(postgresReader{inner, timeout}), nil
}

// answerGrace is how much longer than for a statement the answer of a server is awaited. The server stops a statement first, with a
// better error.
const answerGrace = 10 * time.Second

// impatientDialer is a pq.DialerContext whose connections fail if the server is silent for too long: it is frozen, or its disk is, and
// its system still answers for it. lib/pq itself would wait forever, even after its context has ended.
type impatientDialer struct {
	net.Dialer
	patience time.Duration
}

// DialTimeout implements pq.Dialer.
func (d *impatientDialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

// DialContext implements pq.DialerContext.
func (d *impatientDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := d.Dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return impatientConn{conn, d.patience}, nil
}

// impatientConn limits how long each read and write may take.
type impatientConn struct {
	net.Conn
	patience time.Duration
}

// Read implements net.Conn.
func (c impatientConn) Read(b []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.patience)); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

// Write implements net.Conn.
func (c impatientConn) Write(b []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.patience)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

// postgresReader opens connections to PostgreSQL that cannot write, that show one state of the forum in each transaction, and that
// stop slow statements.
type postgresReader struct {
	*pq.Connector
	timeout time.Duration
}

// readerSettings: times without a zone are UTC, backslashes in strings mean themselves, and a daemon that vanished in a transaction
// does not keep the server from removing old rows. Compiling a query (jit) takes longer than running one of ours. A database with the
// encoding SQL_ASCII may hold bytes that are no UTF-8; a server asked for UTF-8 would refuse all rows with them (PostgreSQL manual,
// "Character Set Support").
const readerSettings = `SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET statement_timeout = %d; SET idle_in_transaction_session_timeout = '2min'; SET TimeZone = 'UTC';
SET standard_conforming_strings = on; SET jit = off;
SELECT set_config('client_encoding', 'SQL_ASCII', false) WHERE current_setting('server_encoding') = 'SQL_ASCII'`

// Connect implements driver.Connector.
func (r postgresReader) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := r.Connector.Connect(ctx)
	if errors.Is(err, pq.ErrSSLNotSupported) {
		return nil, fmt.Errorf("%w: if the server is on this machine or in a private network, add \"?sslmode=disable\" to dsn", err)
	}
	if err != nil {
		return nil, err
	}
	if _, err := conn.(driver.ExecerContext).ExecContext(ctx, fmt.Sprintf(readerSettings, r.timeout.Milliseconds()), nil); err != nil {
		return nil, errors.Join(fmt.Errorf("setting up the session: %w", err), conn.Close())
	}
	return conn, nil
}
