package cli

import (
	"log/slog"
	"net"

	"golang.org/x/net/netutil"
)

const (
	// reservedDescriptors are those of everything but the page listeners: databases, relays, bounces, files.
	reservedDescriptors = 300
	// pageListeners are web, admin and metrics.
	pageListeners = 3
	// minPageConns and maxPageConns limit the connections of each page listener.
	minPageConns = 20
	maxPageConns = 2000
)

// pageConns returns how many connections a page listener accepts at the same time; more of them wait. descriptors is how
// many files the process may open; 0: unknown.
func pageConns(descriptors uint64) int {
	if descriptors == 0 {
		return maxPageConns
	}
	left := int(min(descriptors, 1<<20)) - reservedDescriptors
	return min(max(left/pageListeners, minPageConns), maxPageConns)
}

// limitConns keeps the connections of a page listener below the limit of the process.
func limitConns(l net.Listener) net.Listener {
	return netutil.LimitListener(l, pageConns(maxDescriptors()))
}

// warnDescriptors warns if the process may open too few files.
func warnDescriptors(log *slog.Logger) {
	const enough = reservedDescriptors + pageListeners*minPageConns
	if n := maxDescriptors(); n > 0 && n < enough {
		log.Warn("the process may open too few files; connections may fail", "limit", n, "needed", enough, "fix", "raise the limit, for example with LimitNOFILE=4096 in the systemd unit")
	}
}
