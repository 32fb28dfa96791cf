package cli

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"

	"postrider/config"
	"postrider/doctor"
	"postrider/internal/finding"
	"postrider/internal/link"
	"postrider/store"
	"postrider/web"
)

// checkPages checks whether members reach the pages, and whether run can listen. While no daemon runs, it answers in its place.
func checkPages(ctx context.Context, cfg config.Config, offline bool) ([]finding.Finding, []doctor.ClockReading) {
	if cfg.Web.NoLinks() {
		return append([]finding.Finding{noLinksFinding(cfg)}, checkListeners(cfg, storeInUse(ctx, cfg))...), nil
	}
	links, err := checkLinks(ctx, cfg)
	if err != nil {
		return []finding.Finding{finding.Fail("pages", err.Error(), "correct web.url")}, nil
	}
	var all []finding.Finding
	running := storeInUse(ctx, cfg)
	var proxy atomic.Pointer[web.UntrustedProxy] // that forwarded a probe to the stand-in
	if cfg.Web.Listen != "" {
		f, stop := standIn(ctx, cfg, links, &running, func(a netip.Addr) { proxy.Store(&web.UntrustedProxy{Addr: a, Seen: time.Now().UTC()}) })
		defer stop()
		all = append(all, f)
	}
	all = append(all, checkListeners(cfg, running)...)
	if offline {
		return append(all, checkProxies(ctx, cfg)...), nil
	}
	if !cfg.Web.Probe {
		return append(append(all, checkProxies(ctx, cfg)...), finding.Warn("pages", cfg.Web.URL+" is not requested: [web] probe is false", "open "+cfg.Web.URL+"/healthz from another network: it must answer \"ok\" while postrider runs")), nil
	}
	answer := probeWithRetries(ctx, publicPages(cfg, links))
	var readings []doctor.ClockReading
	if !answer.Clock.IsZero() {
		readings = append(readings, doctor.ClockReading{Whose: "the web server", Ahead: time.Until(answer.Clock)})
	}
	all = append(all, answer.Finding)
	if p := proxy.Load(); p != nil {
		return append(all, untrustedProxyFinding(*p)), readings
	}
	return append(all, checkProxies(ctx, cfg)...), readings
}

// noLinksFinding says how members unsubscribe without pages.
func noLinksFinding(cfg config.Config) finding.Finding {
	if cfg.Bounces.Domain != "" {
		return finding.OK("pages", "off: [web] links is \"none\"; members unsubscribe by email to "+cfg.Bounces.Domain)
	}
	return finding.Warn("pages", "off: [web] links is \"none\"; members unsubscribe by writing to "+contact(cfg),
		"set bounces.domain, so that postrider unsubscribes whoever writes; until then, a person must: postrider suppress add ADDRESS")
}

// contact returns the address of a person who reads what members write.
func contact(cfg config.Config) string {
	if cfg.SMTP.ReplyTo != "" {
		return address(cfg.SMTP.ReplyTo).Address
	}
	return address(cfg.SMTP.From).Address
}

// standIn listens on web.listen and answers probes until stop is called. If the daemon of this store does so, it sets running. It
// calls forwarded as NewProbeHandler does.
func standIn(ctx context.Context, cfg config.Config, links *link.Signer, running *bool, forwarded func(netip.Addr)) (f finding.Finding, stop func()) {
	at := listenAddress{"web.listen", "tcp", cfg.Web.Listen}
	l, err := net.Listen(at.network, at.address)
	if errors.Is(err, syscall.EADDRINUSE) {
		local := publicPages(cfg, links)
		local.URL = "http://" + dialable(at.address)
		*running = local.Probe(ctx, probeClient).Proved
	}
	if err != nil {
		return listenFinding(at, err, *running), func() {}
	}
	pages, err := web.NewProbeHandler(cfg.Web.Config, links, forwarded)
	if err != nil {
		l.Close()
		return finding.Fail(at.key, err.Error(), "correct web.trusted_proxies"), func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		web.Serve(ctx, l, pages, slog.New(slog.DiscardHandler)) // an error shows as no answer
	}()
	return listenFinding(at, nil, false), func() {
		cancel()
		<-done
	}
}

// dialable returns where a listener on this machine can be reached.
func dialable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return address
}

// checkLinks returns the signer of the store, if there is a store.
func checkLinks(ctx context.Context, cfg config.Config) (*link.Signer, error) {
	s, err := store.OpenReadOnly(ctx, cfg.Store.DSN)
	if err != nil {
		return newLinks(cfg, randomKey())
	}
	defer s.Close()
	return readOnlyLinks(ctx, cfg, s)
}

// storeInUse reports whether a daemon runs on the store, as far as this machine can know.
func storeInUse(ctx context.Context, cfg config.Config) bool {
	s, err := store.OpenReadOnly(ctx, cfg.Store.DSN)
	if err != nil {
		return false
	}
	defer s.Close()
	return s.InUse(ctx)
}
