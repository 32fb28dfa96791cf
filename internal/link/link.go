// Package link makes and checks the addresses that a mail carries for its one reader.
//
// A token says what a [Claims] allows, and is signed (HMAC-SHA256, cut to 128 bits). It needs no login and never
// expires, because a mail may be read years later; so all that it can do is reduce that member's mail, open his
// own mail settings, or show him one of his own mails.
//
// Keys form a ring: the newest signs, all of it verify. A token names its key by its place, so that a ring of many
// costs no more to check than a single key.
package link

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// Scope is what a token may do.
type Scope byte

const (
	Settings      Scope = iota + 1 // open the member's mail settings
	Digests                        // end his digests
	Alerts                         // end his alerts
	Announcements                  // end his announcements
	Everything                     // end all three
	Thread                         // end all mail of one thread: Object
	Section                        // end all mail of one section: Object
	View                           // show one of his mails in a browser: Object, see [Mail]
)

// IsUnsubscribe tells whether a token of this scope ends something.
func (s Scope) IsUnsubscribe() bool { return s >= Digests && s <= Section }

// Claims is what a token allows, and to whom.
type Claims struct {
	Scope  Scope
	Member int64
	Object int64 // of Thread and Section its id, of View the number of a mail; else 0
}

// ErrInvalidToken is returned for whatever is not a token of ours.
var ErrInvalidToken = errors.New("link: token is not one of ours")

const (
	version  = 2
	macBytes = 16
	bodySize = 1 + 1 + 1 + 8 + 8 // version, key, scope, member, object
)

// Signer makes tokens and checks them. It is safe for concurrent use.
type Signer struct {
	base string
	keys [][]byte // oldest first
}

// NewSigner signs with the last of the keys, which have 16 bytes or more each and are given in the order in which
// they were made. base is the public address that the pages have.
func NewSigner(base string, keys ...[]byte) (*Signer, error) {
	if len(keys) == 0 || len(keys) > 256 {
		return nil, fmt.Errorf("link: %d keys: give 1 to 256", len(keys))
	}
	for i, key := range keys {
		if len(key) < 16 {
			return nil, fmt.Errorf("link: key %d has %d bytes: give it 16 or more", i+1, len(key))
		}
	}
	return &Signer{base: strings.TrimRight(base, "/"), keys: keys}, nil
}

// URL is the address of the page for a grant.
func (s *Signer) URL(g Claims) string { return s.base + Path(g.Scope) + s.Token(g) }

// Path is where the page of a scope lies below the base: /u/ to unsubscribe, /s/ for settings, /v/ for a mail.
func Path(s Scope) string {
	switch s {
	case Settings:
		return "/s/"
	case View:
		return "/v/"
	}
	return "/u/"
}

// Token is a grant as it stands in an address: 47 letters, digits, "-" and "_".
func (s *Signer) Token(g Claims) string { return forURL.EncodeToString(s.sign(g)) }

// Check reads a token. There is one spelling of each: another that would decode to the same is refused. The error
// is ErrInvalidToken whatever is wrong.
func (s *Signer) Check(token string) (Claims, error) {
	raw, err := forURL.DecodeString(token)
	if err != nil || forURL.EncodeToString(raw) != token { // the decoder passes over line ends and spare bits
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

// Mail is the number by which a View token names a mail, from its key in the outbox.
func Mail(key string) int64 {
	sum := sha256.Sum256([]byte(key))
	return int64(binary.BigEndian.Uint64(sum[:]))
}
