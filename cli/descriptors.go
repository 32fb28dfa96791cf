package cli

import (
	"fmt"
	"log/slog"
	"net"

	"golang.org/x/net/netutil"

	"postrider/internal/finding"
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

// enoughDescriptors is how many files the process must be able to open.
const enoughDescriptors = reservedDescriptors + pageListeners*minPageConns

// raiseDescriptors says how to let the process open more files.
const raiseDescriptors = "raise the limit, for example with LimitNOFILE=4096 in the systemd unit"

// warnDescriptors warns if the process may open too few files.
func warnDescriptors(log *slog.Logger) {
	if n := maxDescriptors(); n > 0 && n < enoughDescriptors {
		log.Warn("the process may open too few files; connections may fail", "limit", n, "needed", enoughDescriptors, "fix", raiseDescriptors)
	}
}

// descriptorsFinding says how many files a process may open, here in check. The service may have another limit. 0: unknown.
func descriptorsFinding(limit uint64) []finding.Finding {
	const part = "open files"
	if limit == 0 {
		return nil
	}
	text := fmt.Sprintf("this command may open %d files; with this limit, each page listener of run has %d connections", limit, pageConns(limit))
	if limit < enoughDescriptors {
		text = fmt.Sprintf("this command may open %d files; run needs %d, or connections may fail", limit, enoughDescriptors)
		return []finding.Finding{finding.Warn(part, text, raiseDescriptors+"; a service has its own limit: the log of run warns if that is too low")}
	}
	return []finding.Finding{finding.OK(part, text)}
}
