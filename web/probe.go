package web

import (
	"fmt"
	"net/http"
	"net/netip"

	"postrider/internal/link"
)

// ProbePath is the path below the base at which the pages prove that they belong to a store. A nonce follows.
const ProbePath = "/probe/"

// ProbeAnswer returns what the pages of a store answer to a nonce.
func ProbeAnswer(links *link.Signer, nonce string) string { return "postrider " + links.Proof(nonce) }

const maxNonce = 64

// probe answers a nonce with a proof that only a daemon of this store can make. Another server may answer any path with 200.
func probe(links *link.Signer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		nonce := r.PathValue("nonce")
		if len(nonce) > maxNonce {
			http.Error(w, "nonce too long", http.StatusBadRequest)
			return
		}
		writePlain(w, http.StatusOK, ProbeAnswer(links, nonce)+"\n")
	}
}

// NewProbeHandler returns pages that can only be probed: check serves them while no daemon runs. It calls forwarded, if not nil, with
// the address of each peer that forwards a probe, but is missing from web.trusted_proxies.
func NewProbeHandler(c Config, links *link.Signer, forwarded func(netip.Addr)) (http.Handler, error) {
	trusted, err := parsePrefixes(c.TrustedProxies)
	if err != nil {
		return nil, fmt.Errorf("web.trusted_proxies %w", err)
	}
	answer := probe(links)
	mux := http.NewServeMux()
	mux.Handle(ProbePath+"{nonce}", Methods{http.MethodGet: func(w http.ResponseWriter, r *http.Request) {
		if info := trustedProxies(trusted).applyForwarded(r); info.forwards && !info.Trusted && forwarded != nil {
			forwarded(info.ClientAddr)
		}
		answer(w, r)
	}})
	return Mount(c.basePath(), mux), nil
}
