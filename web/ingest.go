package web

import (
	"errors"
	"io"
	"net/http"
	"time"

	"postrider/internal/ratelimit"
	"postrider/mirror"
)

// ingestsPerAddress is how many requests of one address are read at the same time, because each takes several megabytes of memory.
// Further ones wait.
const ingestsPerAddress = 2

// bodyLimit is the largest body of a request. Only one that a site may have signed can be large.
func (s *Server) bodyLimit(r *http.Request) int64 {
	if s.Mirror != nil && r.Method == http.MethodPost && s.pathOf(r) == "/ingest" && s.push.mayBeValid(r.Header, time.Now()) {
		return mirror.MaxRequest
	}
	return maxBody
}

// ingest stores what a site sends. The signature is that of a call of the forum (hook.go).
func (s *Server) ingest(w http.ResponseWriter, r *http.Request) {
	if !s.push.mayBeValid(r.Header, time.Now()) {
		s.rejectSender(w, r)
		return
	}
	release, ok := s.senders.Acquire(r.Context(), ratelimit.Network(RequestInfoOf(r).ClientAddr))
	if !ok {
		http.Error(w, "too many requests at the same time", http.StatusServiceUnavailable)
		return
	}
	defer release()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "request too large: at most 5 MB", http.StatusRequestEntityTooLarge)
		return
	}
	signature := r.Header.Get(signatureHeader)
	if !s.push.verify(r.Header.Get(timestampHeader), signature, body, time.Now()) {
		s.rejectSender(w, r)
		return
	}
	request, err := mirror.ParseRequest(body)
	if err == nil {
		err = s.Mirror.Ingest(r.Context(), signature, request, s.Now())
	}
	if _, theirs := errors.AsType[*mirror.FieldError](err); theirs {
		s.Log.Warn("a request of the site was rejected", "err", err)
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if err != nil {
		s.Log.Warn("cannot store what the site sent", "err", err)
		http.Error(w, "cannot store this now: send it again later", http.StatusServiceUnavailable)
		return
	}
	s.Wake()
	w.WriteHeader(http.StatusNoContent)
}

// rejectSender rejects a request that the site did not sign, or not now.
func (s *Server) rejectSender(w http.ResponseWriter, r *http.Request) {
	s.middleware.PenalizeForged(r)
	http.Error(w, "invalid signature or expired timestamp", http.StatusForbidden)
}
