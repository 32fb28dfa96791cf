package store

import (
	"context"
	"database/sql"
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

	"postrider/internal/sqlfile"
)

const (
	maxPostgresConns = 8
	postgresPort     = 5432
	// connectTimeout is how long a server may take to answer a new connection, unless the DSN says otherwise. Of several, the next
	// one is tried then.
	connectTimeout = 10 * time.Second
)

func connectPostgres(dsn string) (*database, error) {
	config, err := postgresConfig(dsn)
	if err != nil {
		return nil, err
	}
	return openPostgres(config)
}

// readPostgres connects to look only: the server refuses every write. A standby will do.
func readPostgres(dsn string) (*database, error) {
	config, err := postgresConfig(dsn)
	if err != nil {
		return nil, err
	}
	if config.Runtime == nil {
		config.Runtime = make(map[string]string)
	}
	config.Runtime["default_transaction_read_only"] = "on"
	config.TargetSessionAttrs = pq.TargetSessionAttrsAny
	return openPostgres(config)
}

func openPostgres(config pq.Config) (*database, error) {
	connector, err := pq.NewConnectorConfig(config)
	if err != nil {
		return nil, errNoDSN
	}
	connector.Dialer(newLine())
	db := sql.OpenDB(sessionConnector{connector})
	db.SetMaxOpenConns(maxPostgresConns)
	db.SetMaxIdleConns(maxPostgresConns)
	pool := sqlx.NewDb(db, "postgres")
	return &database{engine: sqlfile.Postgres, write: pool, read: pool}, nil
}

// errNoDSN says less than the driver, whose words may hold a password.
var errNoDSN = errors.New("store: dsn is not what PostgreSQL's driver takes: postgres://user:password@host:5432/database?sslmode=disable")

// postgresConfig reads a DSN. Of several hosts the one is used that takes writes: whichever is the primary now.
func postgresConfig(dsn string) (pq.Config, error) {
	single, others, err := splitHosts(dsn)
	if err != nil {
		return pq.Config{}, err
	}
	config, err := pq.NewConfig(single)
	if err != nil {
		return pq.Config{}, errNoDSN
	}
	config.Multi = append(config.Multi, others...)
	if config.ApplicationName == "" {
		config.ApplicationName = "postrider"
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	if len(config.Multi) > 0 && config.TargetSessionAttrs == "" {
		config.TargetSessionAttrs = pq.TargetSessionAttrsReadWrite
	}
	return config, nil
}

// splitHosts parts "postgres://user@h1:1,h2:2/db", libpq's way to name a primary and its standbys, into a URL with the first
// host and the other hosts: neither net/url nor the driver reads several ports. The driver's own way
// ("h1,h2/db?port=1,2") is left to it.
func splitHosts(dsn string) (single string, others []pq.ConfigMultihost, err error) {
	noURL := errors.New("store: dsn is no URL: write special characters of the password as %XX") // net/url would quote it
	scheme, rest, _ := strings.Cut(dsn, "://")
	authority := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		authority = rest[:end]
	}
	at := strings.LastIndexByte(authority, '@') + 1
	hosts := strings.Split(authority[at:], ",")
	u, err := url.Parse(scheme + "://" + authority[:at] + hosts[0] + rest[len(authority):])
	if err != nil {
		return "", nil, noURL
	}
	if len(hosts) == 1 || u.Query().Has("port") {
		return dsn, nil, nil
	}
	for _, host := range hosts[1:] {
		other, err := parseHost(host)
		if err != nil {
			return "", nil, noURL
		}
		others = append(others, other)
	}
	return u.String(), others, nil
}

// parseHost reads "host", "host:port", "[::1]" and "[::1]:port".
func parseHost(text string) (pq.ConfigMultihost, error) {
	u, err := url.Parse("postgres://" + text)
	if err != nil || u.Hostname() == "" || u.Host != text || strings.Contains(u.Hostname(), ":") && text[0] != '[' {
		return pq.ConfigMultihost{}, errNoDSN
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

// How soon each side gives up the other when its machine or the network between has vanished without a word. A daemon that was cut
// off in a transaction would else hold up all others for two hours, and a lost primary its daemons for a quarter of one.
const (
	probeAfter  = 15 * time.Second // of silence
	probeEvery  = 5 * time.Second
	probes      = 3
	peerTimeout = probeAfter + probes*probeEvery
)

// newLine dials so that a server that vanished is noticed.
func newLine() *keepaliveDialer {
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

// sessionConnector prepares each connection.
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

// sessionSettings let the server give up a daemon that vanished. A commit must outlive a crash of the server, whatever
// its own settings say, as with SQLite; one that waits for a standby, too, stays as it is.
var sessionSettings = fmt.Sprintf(`SET idle_in_transaction_session_timeout = '%ds';
SET tcp_keepalives_idle = %d; SET tcp_keepalives_interval = %d; SET tcp_keepalives_count = %d; SET tcp_user_timeout = '%ds';
SELECT set_config('synchronous_commit', 'on', FALSE) WHERE current_setting('synchronous_commit') = 'off'`,
	int(peerTimeout.Seconds()), int(probeAfter.Seconds()), int(probeEvery.Seconds()), probes, int(peerTimeout.Seconds()))
