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
	// maxSkew is how far the forum's clock may be from ours. An older call is one that somebody has kept.
	maxSkew = 5 * time.Minute
	// replayCacheSize is how many calls are remembered, so that none counts twice within the drift.
	replayCacheSize = 1 << 12
)

// hookVerifier judges what claims to be the forum calling. Its clock is the real one, like the forum's.
type hookVerifier struct {
	secret []byte // empty: nobody can call
	seen   *lru.Cache[string, bool]
}

func newHookVerifier(secret string) hookVerifier {
	heard, err := lru.New[string, bool](replayCacheSize)
	if err != nil {
		panic(err) // only for a size below one
	}
	return hookVerifier{[]byte(secret), heard}
}

// signature is what a forum writes into the field for a call: the timestamp and the body, with a dot between, under the
// secret.
func (c hookVerifier) signature(timestamp string, body []byte) string {
	h := hmac.New(sha256.New, c.secret)
	io.WriteString(h, timestamp+".")
	h.Write(body)
	return "sha256=" + hex.EncodeToString(h.Sum(nil))
}

// verify tells whether a call comes from the forum, now.
func (c hookVerifier) verify(timestamp, signature string, body []byte, now time.Time) bool {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if len(c.secret) == 0 || err != nil || !hmac.Equal([]byte(signature), []byte(c.signature(timestamp, body))) {
		return false
	}
	away := now.Sub(time.Unix(seconds, 0))
	return -maxSkew < away && away < maxSkew
}

// firstTime tells whether a call is heard for the first time.
func (c hookVerifier) firstTime(signature string) bool {
	heard, _ := c.seen.ContainsOrAdd(signature, true)
	return !heard
}

// hook lets the daemon look at once for what is new, because the forum says so. What the call says besides does not
// matter: the forum's database is asked. A forged call costs no more than to find that out.
func (s *Server) hook(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "the call is too long", http.StatusRequestEntityTooLarge)
		return
	}
	signature := r.Header.Get(signatureHeader)
	if !s.hooks.verify(r.Header.Get(timestampHeader), signature, body, time.Now()) {
		s.middleware.PenalizeForged(r)
		http.Error(w, "the signature does not fit, or its time has passed", http.StatusForbidden)
		return
	}
	if s.hooks.firstTime(signature) {
		s.Wake()
	}
	w.WriteHeader(http.StatusNoContent)
}
