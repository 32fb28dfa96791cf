// Package link creates and verifies the personal links in an email.
//
// A token encodes [Claims] and is signed (HMAC-SHA256, truncated to 128 bits). It needs no login and never expires,
// because an email may be read years later. So it can only unsubscribe its member, open the member's email settings, or
// show one of the member's own messages.
//
// The one link that can do more confirms a subscription. It carries what the owner of an address asked for, encrypted ([Signer.Encrypt]),
// and package subscription limits its time.
//
// There can be several keys: the newest signs, all verify. A token contains the index of its key, so that more keys do not
// make it slower to verify.
package link

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// Scope is what a token allows.
type Scope byte

const (
	Settings      Scope = iota + 1 // open the member's email settings
	Digests                        // unsubscribe from digests
	Alerts                         // unsubscribe from alerts
	Announcements                  // unsubscribe from announcements
	Everything                     // unsubscribe from all three
	Thread                         // unsubscribe from one thread: Object
	Section                        // unsubscribe from one section: Object
	View                           // show one of the member's messages in a browser: Object, see [Mail]
	Replies                        // unsubscribe from replies
	NewThreads                     // unsubscribe from new threads
	Quotes                         // unsubscribe from posts that quote the member
	Mentions                       // unsubscribe from posts that mention the member
)

// IsUnsubscribe reports whether a token of this scope unsubscribes the member from something.
func (s Scope) IsUnsubscribe() bool {
	return s >= Digests && s <= Section || s >= Replies && s <= Mentions
}

// Claims says what a token allows, and for which member.
type Claims struct {
	Scope  Scope
	Member int64
	Object int64 // Thread and Section: its ID; View: see [Mail]; else 0
}

// ErrInvalidToken is returned for everything but a token that we signed.
var ErrInvalidToken = errors.New("link: invalid token")

const (
	version  = 2
	macBytes = 16
	bodySize = 1 + 1 + 1 + 8 + 8 // version, key, scope, member, object
)

// Signer creates and verifies tokens. It is safe for concurrent use.
type Signer struct {
	base    string
	keys    [][]byte // oldest first
	noPages bool     // see WithoutPages
	domain  string
}

// NewSigner returns a Signer that signs with the last of the keys. Each key has at least 16 bytes; the oldest comes first.
// base is the public URL of the pages.
func NewSigner(base string, keys ...[]byte) (*Signer, error) {
	if len(keys) == 0 || len(keys) > 256 {
		return nil, fmt.Errorf("link: %d keys: must be 1 to 256", len(keys))
	}
	for i, key := range keys {
		if len(key) < 16 {
			return nil, fmt.Errorf("link: key %d has %d bytes: must have at least 16", i+1, len(key))
		}
	}
	return &Signer{base: strings.TrimRight(base, "/"), keys: keys}, nil
}

// WithoutPages returns a Signer for messages that link to no pages. Members unsubscribe by email to addresses at domain; if it is
// empty, there are no links at all.
func (s *Signer) WithoutPages(domain string) *Signer {
	return &Signer{s.base, s.keys, true, domain}
}

// URL returns the URL of the page for the claims. Without pages, it returns a mailto URL that unsubscribes, or "".
func (s *Signer) URL(g Claims) string {
	switch {
	case !s.noPages:
		return s.base + Path(g.Scope) + s.Token(g)
	case g.Scope.IsUnsubscribe() && s.domain != "":
		return MailTo + s.Address(g, s.domain)
	}
	return ""
}

// MailTo begins a URL that opens an email to an address (RFC 6068).
const MailTo = "mailto:"

// Address returns the address that unsubscribes by email, as the claims say.
func (s *Signer) Address(g Claims, domain string) string {
	return "u-" + s.AddressToken(g) + "@" + domain
}

// Path returns the path of a scope's page below the base: /u/ to unsubscribe, /s/ for settings, /v/ for a message.
func Path(s Scope) string {
	switch s {
	case Settings:
		return "/s/"
	case View:
		return "/v/"
	}
	return "/u/"
}

// Token returns the token for a URL: 47 letters, digits, "-" and "_".
func (s *Signer) Token(g Claims) string { return urlEncoding.EncodeToString(s.sign(g)) }

// Check verifies a token. Only the canonical encoding is valid: others that decode to the same bytes are rejected. The
// only error is ErrInvalidToken.
func (s *Signer) Check(token string) (Claims, error) {
	if len(token) != urlEncoding.EncodedLen(bodySize+macBytes) {
		return Claims{}, ErrInvalidToken
	}
	raw, err := urlEncoding.DecodeString(token)
	if err != nil || urlEncoding.EncodeToString(raw) != token { // the decoder ignores line breaks and spare bits
		return Claims{}, ErrInvalidToken
	}
	return s.verify(raw)
}

func (s *Signer) sign(g Claims) []byte {
	newest := len(s.keys) - 1
	body := make([]byte, bodySize, bodySize+macBytes)
	body[0], body[1], body[2] = version, byte(newest), byte(g.Scope)
	binary.BigEndian.PutUint64(body[3:], uint64(g.Member))
	binary.BigEndian.PutUint64(body[11:], uint64(g.Object))
	return append(body, mac(s.keys[newest], body)...)
}

func (s *Signer) verify(raw []byte) (Claims, error) {
	if len(raw) != bodySize+macBytes || raw[0] != version || int(raw[1]) >= len(s.keys) {
		return Claims{}, ErrInvalidToken
	}
	body := raw[:bodySize]
	if !hmac.Equal(raw[bodySize:], mac(s.keys[raw[1]], body)) {
		return Claims{}, ErrInvalidToken
	}
	return Claims{
		Scope:  Scope(body[2]),
		Member: int64(binary.BigEndian.Uint64(body[3:])),
		Object: int64(binary.BigEndian.Uint64(body[11:])),
	}, nil
}

func mac(key, body []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(body)
	return h.Sum(nil)[:macBytes]
}

// Proof returns proof that the pages of this store answer: its oldest key, which all daemons have, signs the nonce.
func (s *Signer) Proof(nonce string) string {
	return urlEncoding.EncodeToString(mac(s.keys[0], []byte("probe "+nonce)))
}

// Percentile returns a number from 0 to below 100 that belongs to a member. The oldest key of the store decides, so it never changes.
func (s *Signer) Percentile(member int64) float64 {
	sum := mac(s.keys[0], fmt.Appendf(nil, "percentile %d", member))
	return float64(binary.BigEndian.Uint32(sum)) / (1 << 32) * 100
}

// Mail returns the Object of a View token for a message, from its key in the outbox.
func Mail(key string) int64 {
	sum := sha256.Sum256([]byte(key))
	return int64(binary.BigEndian.Uint64(sum[:]))
}
