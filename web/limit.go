package web

import (
	"net/http"
	"strings"
	"time"

	"postrider/internal/link"
)

const (
	// perSecond and burst limit the requests of one address that carry no valid token. A mailbox provider sends the one-click
	// requests of all its users from a few addresses; those have tokens.
	perSecond = 20
	burst     = 200
	// forgedCost is how many requests a forged token counts for.
	forgedCost = 20
	// maxAddresses is the number of addresses remembered.
	maxAddresses = 1 << 14
	// requestsPerMember is how many requests with valid tokens of one member are handled at the same time. Further ones wait.
	requestsPerMember = 2
)

// Credential is what a request carries that makes the limit per address unnecessary.
type Credential struct {
	Valid  bool
	Member int64 // whose link it is; 0: no member's
}

// pathOf returns the path of a request below the pages' own.
func (s *Server) pathOf(r *http.Request) string {
	if rest, below := strings.CutPrefix(r.URL.Path, s.basePath+"/"); below {
		return "/" + rest
	}
	return r.URL.Path
}

// credential finds a valid token, or a call that the forum or the site may have signed. Otherwise anyone could use up the limit of an
// address that many share, and stop the one-click requests of a mailbox provider or of everyone behind a proxy.
// It costs a microsecond (BenchmarkCheck in internal/link).
func (s *Server) credential(r *http.Request) Credential {
	path := s.pathOf(r)
	switch path {
	case "/hooks/forum":
		return Credential{Valid: r.Method == http.MethodPost && s.hooks.mayBeValid(r.Header, time.Now())}
	case "/ingest":
		return Credential{Valid: s.mayBePush(r)}
	}
	if len(path) < len("/u/") {
		return Credential{}
	}
	page, rest := path[:len("/u/")], path[len("/u/"):]
	token, _, _ := strings.Cut(rest, "/")
	grant, err := s.Links.Check(token)
	if err != nil || link.Path(grant.Scope) != page {
		return Credential{}
	}
	return Credential{true, grant.Member}
}
