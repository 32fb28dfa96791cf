package dsn

import (
	"net"
	"os"
	"strings"
)

// TLSOptional reports whether a connection to PostgreSQL may do without TLS if the server offers none: the server is on this
// machine, and neither the URL nor the environment says anything about TLS. Many servers offer none there.
func TLSOptional(dsn, host string) bool {
	_, options, _ := strings.Cut(dsn, "?")
	if strings.Contains(options, "ssl") || os.Getenv("PGSSLMODE") != "" || os.Getenv("PGSSLROOTCERT") != "" {
		return false
	}
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
