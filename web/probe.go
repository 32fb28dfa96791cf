package web

import (
	"net/http"

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

// NewProbeHandler returns pages that can only be probed: check serves them while no daemon runs.
func NewProbeHandler(c Config, links *link.Signer) http.Handler {
	mux := http.NewServeMux()
	mux.Handle(ProbePath+"{nonce}", Methods{http.MethodGet: probe(links)})
	return Mount(c.basePath(), mux)
}
