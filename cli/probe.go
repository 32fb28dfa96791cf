package cli

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"postrider/config"
	"postrider/doctor"
	"postrider/internal/finding"
	"postrider/internal/link"
	"postrider/web"
)

// probeClient requests the pages as a member's browser does.
var probeClient = &http.Client{Timeout: 10 * time.Second}

// probeWaits are the pauses between the probes of pages that do not answer: at a start of the whole machine, the web server may still
// be starting.
var probeWaits = []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}

// probePatience is how long probes may take until no other follows.
const probePatience = 15 * time.Second

// probeWithRetries requests the pages, several times if they do not answer.
func probeWithRetries(ctx context.Context, p doctor.Pages) doctor.PagesAnswer {
	began := time.Now()
	answer := p.Probe(ctx, probeClient)
	for _, wait := range probeWaits {
		if answer.Proved || ctx.Err() != nil || time.Since(began) > probePatience {
			break
		}
		waitFor(ctx, wait)
		answer = p.Probe(ctx, probeClient)
	}
	return answer
}

// publicPages describes the pages for a probe.
func publicPages(cfg config.Config, links *link.Signer) doctor.Pages {
	return doctor.Pages{
		URL: cfg.Web.URL, Path: web.ProbePath, Listen: cfg.Web.Listen,
		Prove: func(nonce string) string { return web.ProbeAnswer(links, nonce) },
	}
}

// probePages fails if the links in messages would not open the pages.
func (s *service) probePages(ctx context.Context) error {
	if f := s.deadLinks(ctx); f != nil {
		return fmt.Errorf("links in messages would be dead: %s\n-> %s\n-> to send messages without these links, set [web] links = \"none\"", f.Text, f.Fix)
	}
	return nil
}

// deadLinks requests the pages, several times if they do not answer. It returns what answers instead, or nil if they answer.
func (s *service) deadLinks(ctx context.Context) *finding.Finding {
	if s.cfg.Web.NoLinks() || !s.cfg.Web.Probe {
		return nil
	}
	answer := probeWithRetries(ctx, publicPages(s.cfg, s.links))
	f := answer.Finding
	switch {
	case !answer.Proved:
		return &f
	case f.Fix != "":
		s.log.Warn("pages", "text", f.Text, "fix", f.Fix)
	}
	return nil
}
