package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"postrider/internal/ratelimit"
	"postrider/mirror"
)

// Each request that is read takes up to 11 MB of memory, before its signature can be checked. So only a few of one address are read at
// the same time, and not too many of all: an attacker may have many addresses. Further ones wait.
const (
	ingestsPerAddress = 2
	ingestsAtOnce     = 32
)

// bodyLimit is the largest body of a request. Only one that a site may have signed can be large.
func (s *Server) bodyLimit(r *http.Request) int64 {
	if s.pathOf(r) == "/ingest" && s.mayBePush(r) {
		return mirror.MaxRequest
	}
	return maxBody
}

// mayBePush reports whether the headers of a request to /ingest look like those of the site.
func (s *Server) mayBePush(r *http.Request) bool {
	return s.Mirror != nil && r.Method == http.MethodPost && s.push.mayBeValid(r.Header, time.Now())
}

// ingest stores what a site sends. The signature is that of a call of the forum (hook.go).
func (s *Server) ingest(w http.ResponseWriter, r *http.Request) {
	if !s.mayBePush(r) {
		s.rejectSender(w, r)
		return
	}
	release, ok := s.acquireIngest(r)
	if !ok {
		http.Error(w, "too many requests at the same time", http.StatusServiceUnavailable)
		return
	}
	defer release()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		tooLarge(w)
		return
	}
	signature := r.Header.Get(signatureHeader)
	if !s.push.verify(r.Header.Get(timestampHeader), signature, body, time.Now()) {
		s.rejectSender(w, r)
		return
	}
	request, err := mirror.ParseRequest(body)
	var refused []*mirror.FieldError
	if err == nil {
		refused, err = s.Mirror.Ingest(r.Context(), signature, request, s.Now())
	}
	if errors.Is(err, mirror.ErrTooManyThings) {
		tooLarge(w)
		return
	}
	if _, theirs := errors.AsType[*mirror.FieldError](err); theirs {
		s.Log.Warn("a request of the site was rejected", "err", err)
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if err != nil {
		s.Log.Warn("cannot store what the site sent", "err", err)
		if errors.Is(r.Context().Err(), context.DeadlineExceeded) {
			http.Error(w, fmt.Sprintf("this was not stored within %v: send less at once", requestTimeout), http.StatusServiceUnavailable)
			return
		}
		http.Error(w, "cannot store this now: send it again later", http.StatusServiceUnavailable)
		return
	}
	s.Wake()
	if len(refused) == 0 {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	s.Log.Warn("the site sent things that were not stored", "things", len(refused), "first", refused[0])
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if _, err := io.WriteString(w, refusal(refused)); err != nil {
		s.Log.Debug("cannot answer the site", "err", err)
	}
}

// refusalsNamed is how many things the answer names.
const refusalsNamed = 100

// refusal is the answer to a request that was stored without some things, a line for each.
func refusal(refused []*mirror.FieldError) string {
	var text strings.Builder
	text.WriteString("stored, without these:\n")
	for _, wrong := range refused[:min(len(refused), refusalsNamed)] {
		fmt.Fprintln(&text, wrong)
	}
	if more := len(refused) - refusalsNamed; more > 0 {
		fmt.Fprintf(&text, "and %d more\n", more)
	}
	return text.String()
}

func tooLarge(w http.ResponseWriter) {
	http.Error(w, fmt.Sprintf("request too large: at most %d MB and %d sections, threads, posts, members, watches and deletions",
		mirror.MaxRequest>>20, mirror.MaxThings), http.StatusRequestEntityTooLarge)
}

// acquireIngest waits until a request may be read. Those of one address wait for each other first, so that one address takes few of
// the places of all.
func (s *Server) acquireIngest(r *http.Request) (release func(), ok bool) {
	leaveAddress, ok := s.senders.Acquire(r.Context(), ratelimit.Network(RequestInfoOf(r).ClientAddr))
	if !ok {
		return nil, false
	}
	select {
	case s.ingests <- struct{}{}:
		return func() { <-s.ingests; leaveAddress() }, true
	case <-r.Context().Done():
		leaveAddress()
		return nil, false
	}
}

// rejectSender rejects a request that the site did not sign, or not now.
func (s *Server) rejectSender(w http.ResponseWriter, r *http.Request) {
	s.middleware.PenalizeForged(r)
	http.Error(w, "invalid signature or expired timestamp", http.StatusForbidden)
}
