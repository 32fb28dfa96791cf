package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	signatureHeader = "X-Postrider-Signature"
	timestampHeader = "X-Postrider-Timestamp"
	// maxSkew is how far the forum's clock may differ from ours. An older call may have been recorded and replayed.
	maxSkew = 5 * time.Minute
	// replayCacheSize is the number of calls remembered, so that none counts twice within maxSkew.
	replayCacheSize = 1 << 12
)

// hookVerifier checks that a call comes from the forum. It uses the real clock, as the forum does.
type hookVerifier struct {
	secret []byte // empty: all calls are rejected
	seen   *lru.Cache[string, bool]
}

func newHookVerifier(secret string) hookVerifier {
	seen, err := lru.New[string, bool](replayCacheSize)
	if err != nil {
		panic(err) // only for a size below one
	}
	return hookVerifier{[]byte(secret), seen}
}

// signature is the value of the signature header: an HMAC of the timestamp, a dot and the body.
func (c hookVerifier) signature(timestamp string, body []byte) string {
	h := hmac.New(sha256.New, c.secret)
	io.WriteString(h, timestamp+".")
	h.Write(body)
	return "sha256=" + hex.EncodeToString(h.Sum(nil))
}

// mayBeValid reports whether a call's headers look like those of the forum, before the body was read.
func (c hookVerifier) mayBeValid(h http.Header, now time.Time) bool {
	return len(c.secret) > 0 && len(h.Get(signatureHeader)) == len(c.signature("", nil)) && isRecent(h.Get(timestampHeader), now)
}

// isRecent reports whether a timestamp is one of the last minutes.
func isRecent(timestamp string, now time.Time) bool {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	skew := now.Sub(time.Unix(seconds, 0))
	return err == nil && -maxSkew < skew && skew < maxSkew
}

// verify reports whether a call comes from the forum and is recent.
func (c hookVerifier) verify(timestamp, signature string, body []byte, now time.Time) bool {
	return len(c.secret) > 0 && isRecent(timestamp, now) && hmac.Equal([]byte(signature), []byte(c.signature(timestamp, body)))
}

// firstTime reports whether a signature has not been seen before.
func (c hookVerifier) firstTime(signature string) bool {
	seen, _ := c.seen.ContainsOrAdd(signature, true)
	return !seen
}

// hook wakes the daemon, because the forum says that there is something new. The content of the call does not matter: the daemon
// reads the forum's database anyway. A forged call costs only the check of its signature.
func (s *Server) hook(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "request too large", http.StatusRequestEntityTooLarge)
		return
	}
	signature := r.Header.Get(signatureHeader)
	if !s.hooks.verify(r.Header.Get(timestampHeader), signature, body, time.Now()) {
		s.middleware.PenalizeForged(r)
		http.Error(w, "invalid signature or expired timestamp", http.StatusForbidden)
		return
	}
	if s.hooks.firstTime(signature) {
		s.Wake()
	}
	w.WriteHeader(http.StatusNoContent)
}
