package cli

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"syscall"

	"postrider/config"
	"postrider/internal/finding"
)

// listenAddress is an address that run listens on.
type listenAddress struct {
	key     string // of the configuration
	network string // "tcp" or "unix"
	address string
}

// listenAddresses returns the addresses that run listens on.
func listenAddresses(cfg config.Config) []listenAddress {
	all := []listenAddress{{"web.listen", "tcp", cfg.Web.Listen}, {"metrics.listen", "tcp", cfg.Metrics.Listen}}
	if cfg.Admin.Enabled() {
		all = append(all, listenAddress{"admin.listen", "tcp", cfg.Admin.Listen})
	}
	if u, err := url.Parse(cfg.Bounces.Listen); err == nil && !strings.Contains(u.Scheme, "unix") {
		all = append(all, listenAddress{"bounces.listen", "tcp", u.Host})
	}
	var set []listenAddress
	for _, a := range all {
		if a.address != "" {
			set = append(set, a)
		}
	}
	return set
}

// checkListeners tries each address that run listens on, except web.listen, which checkPages serves. An address in use is no
// problem while a daemon of this store runs.
func checkListeners(cfg config.Config, running bool) []finding.Finding {
	var all []finding.Finding
	seen := map[string]string{}
	for _, a := range listenAddresses(cfg) {
		other, taken := seen[a.address]
		seen[a.address] = a.key
		switch {
		case taken:
			all = append(all, finding.Fail(a.key, a.address+" is also "+other, "give each its own port"))
		case a.key != "web.listen":
			l, err := net.Listen(a.network, a.address)
			if err == nil {
				l.Close()
			}
			all = append(all, listenFinding(a, err, running))
		}
	}
	return all
}

// listenFinding explains why an address cannot be listened on.
func listenFinding(a listenAddress, err error, running bool) finding.Finding {
	const other = "; or another address for "
	switch {
	case err == nil:
		return finding.OK(a.key, a.address+" is free")
	case errors.Is(err, syscall.EADDRINUSE) && running:
		return finding.OK(a.key, a.address+" is in use by the daemon that runs")
	case errors.Is(err, syscall.EADDRINUSE):
		return finding.Fail(a.key, a.address+" is in use by another program", "stop that program (ss -ltnp shows it)"+other+a.key)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return finding.Fail(a.key, a.address+" is not an address of this machine", "choose one of this machine's addresses for "+a.key+", for example 127.0.0.1")
	case errors.Is(err, syscall.EACCES):
		return finding.Fail(a.key, a.address+": ports below 1024 need a privilege", "grant it (AmbientCapabilities=CAP_NET_BIND_SERVICE in a systemd unit)"+other+a.key)
	}
	return finding.Fail(a.key, fmt.Sprintf("cannot listen on %s: %v", a.address, err), "correct "+a.key)
}
