package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	dsntext "postrider/internal/dsn"
	"postrider/internal/sqlfile"
)

const (
	maxPostgresConns = 8
	postgresPort     = 5432
	// connectTimeout is how long a server may take to answer a new connection, unless the DSN sets another limit. After that,
	// the next host is tried.
	connectTimeout = 10 * time.Second
)

func connectPostgres(dsn string, options []Option) (*database, error) {
	config, err := postgresConfig(dsn)
	if err != nil {
		return nil, err
	}
	return openPostgres(config, options)
}

// readPostgres connects read-only: the server rejects every write. A standby is accepted.
func readPostgres(dsn string, options []Option) (*database, error) {
	config, err := postgresConfig(dsn)
	if err != nil {
		return nil, err
	}
	if config.Runtime == nil {
		config.Runtime = make(map[string]string)
	}
	config.Runtime["default_transaction_read_only"] = "on"
	config.TargetSessionAttrs = pq.TargetSessionAttrsAny
	return openPostgres(config, options)
}

func openPostgres(config pq.Config, options []Option) (*database, error) {
	connector, err := pq.NewConnectorConfig(config)
	if err != nil {
		return nil, errInvalidDSN
	}
	connector.Dialer(newDialer())
	db := openPool(sessionConnector{connector}, options)
	db.SetMaxOpenConns(maxPostgresConns)
	db.SetMaxIdleConns(maxPostgresConns)
	pool := sqlx.NewDb(db, "postgres")
	return &database{engine: sqlfile.Postgres, write: pool, read: pool}, nil
}

// errInvalidDSN says less than the driver, whose error may contain the password.
var errInvalidDSN = errors.New("invalid store dsn: must be a PostgreSQL URL, for example postgres://user:password@host:5432/database?sslmode=disable")

// postgresConfig parses a DSN. Of several hosts it selects the one that accepts writes: the current primary.
func postgresConfig(dsn string) (pq.Config, error) {
	if err := dsntext.CheckPassword(dsn); err != nil {
		return pq.Config{}, fmt.Errorf("invalid store dsn: %w", err)
	}
	single, others, err := splitHosts(dsn)
	if err != nil {
		return pq.Config{}, err
	}
	config, err := pq.NewConfig(single)
	if err != nil {
		return pq.Config{}, errInvalidDSN
	}
	config.Multi = append(config.Multi, others...)
	if config.ApplicationName == "" {
		config.ApplicationName = "postrider"
	}
	if len(others) == 0 && dsntext.TLSOptional(dsn, config.Host) {
		config.SSLMode = pq.SSLModePrefer
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	if len(config.Multi) > 0 && config.TargetSessionAttrs == "" {
		config.TargetSessionAttrs = pq.TargetSessionAttrsReadWrite
	}
	return config, nil
}

// splitHosts splits "postgres://user@h1:1,h2:2/db", libpq's syntax for a primary and its standbys, into a URL with the first
// host and the other hosts. Neither net/url nor the driver parses several ports. The driver's own syntax
// ("h1,h2/db?port=1,2") is passed through.
func splitHosts(dsn string) (single string, others []pq.ConfigMultihost, err error) {
	invalidURL := errors.New("invalid store dsn: not a valid URL: write special characters of the password as %XX") // net/url would quote the password
	scheme, rest, _ := strings.Cut(dsn, "://")
	authority := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		authority = rest[:end]
	}
	at := strings.LastIndexByte(authority, '@') + 1
	hosts := strings.Split(authority[at:], ",")
	u, err := url.Parse(scheme + "://" + authority[:at] + hosts[0] + rest[len(authority):])
	if err != nil {
		return "", nil, invalidURL
	}
	if len(hosts) == 1 || u.Query().Has("port") {
		return dsn, nil, nil
	}
	for _, host := range hosts[1:] {
		other, err := parseHost(host)
		if err != nil {
			return "", nil, invalidURL
		}
		others = append(others, other)
	}
	return u.String(), others, nil
}

// parseHost parses "host", "host:port", "[::1]" and "[::1]:port".
func parseHost(text string) (pq.ConfigMultihost, error) {
	u, err := url.Parse("postgres://" + text)
	if err != nil || u.Hostname() == "" || u.Host != text || strings.Contains(u.Hostname(), ":") && text[0] != '[' {
		return pq.ConfigMultihost{}, errInvalidDSN
	}
	host := pq.ConfigMultihost{Host: u.Hostname(), Port: postgresPort}
	if u.Port() != "" {
		port, err := strconv.ParseUint(u.Port(), 10, 16)
		if err != nil {
			return pq.ConfigMultihost{}, err
		}
		host.Port = uint16(port)
	}
	return host, nil
}

// How soon each side gives up when the other machine or the network has vanished silently. With the defaults, a daemon that was cut
// off in a transaction would block all others for two hours, and a lost primary would block its daemons for 15 minutes.
const (
	probeAfter  = 15 * time.Second // without traffic
	probeEvery  = 5 * time.Second
	probes      = 3
	peerTimeout = probeAfter + probes*probeEvery
)

// newDialer returns a dialer that notices when a server vanishes.
func newDialer() *keepaliveDialer {
	return &keepaliveDialer{net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: probeAfter, Interval: probeEvery, Count: probes},
		Control:         setTCPUserTimeout,
	}}
}

// keepaliveDialer is a pq.DialerContext.
type keepaliveDialer struct{ net.Dialer }

// DialTimeout implements pq.Dialer.
func (l *keepaliveDialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return l.DialContext(ctx, network, address)
}

// sessionConnector applies sessionSettings to each new connection.
type sessionConnector struct{ *pq.Connector }

// Connect implements driver.Connector.
func (s sessionConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := s.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.(driver.ExecerContext).ExecContext(ctx, sessionSettings, nil); err != nil {
		conn.Close()
		return nil, fmt.Errorf("setting up the connection: %w", err)
	}
	return conn, nil
}

// sessionSettings make the server give up on a daemon that vanished. A commit must survive a server crash, as with SQLite, even if
// the server's default is synchronous_commit = off. Stricter settings, such as waiting for a standby, are kept.
var sessionSettings = fmt.Sprintf(`SET idle_in_transaction_session_timeout = '%ds';
SET tcp_keepalives_idle = %d; SET tcp_keepalives_interval = %d; SET tcp_keepalives_count = %d; SET tcp_user_timeout = '%ds';
SELECT set_config('synchronous_commit', 'on', FALSE) WHERE current_setting('synchronous_commit') = 'off'`,
	int(peerTimeout.Seconds()), int(probeAfter.Seconds()), int(probeEvery.Seconds()), probes, int(peerTimeout.Seconds()))
