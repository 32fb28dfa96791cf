// Package link makes and checks the addresses that a mail carries for its one reader.
//
// A token names a member and what it may do, and is signed (HMAC-SHA256, cut to 128 bits). It needs
// no login and never expires, because a mail may be read years later; so all that it can do is reduce
// that member's mail, or open his own mail settings.
package link

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// Scope is what a token may do.
type Scope byte

const (
	Settings   Scope = iota + 1 // open the member's mail settings
	AllDigests                  // end his digests
)

// ErrForged is returned for a token that this key did not sign.
var ErrForged = errors.New("link: token is not one of ours")

const (
	version  = 1
	macBytes = 16
	bodySize = 10 // version, scope, member
)

var encoding = base64.RawURLEncoding

// Signer makes tokens with one key and checks them.
type Signer struct {
	base string
	key  []byte
}

// NewSigner signs with a key of at least 16 bytes. base is the public address that the pages have,
// without a slash at its end.
func NewSigner(base string, key []byte) (*Signer, error) {
	if len(key) < 16 {
		return nil, fmt.Errorf("link: key has %d bytes: give it 16 or more", len(key))
	}
	return &Signer{base: strings.TrimRight(base, "/"), key: key}, nil
}

// URL is the address of the page for a scope: /u/ to unsubscribe, /s/ for settings.
func (s *Signer) URL(scope Scope, member int64) string {
	page := "/u/"
	if scope == Settings {
		page = "/s/"
	}
	return s.base + page + s.Token(scope, member)
}

// Token signs what a member may do.
func (s *Signer) Token(scope Scope, member int64) string {
	body := make([]byte, bodySize, bodySize+macBytes)
	body[0], body[1] = version, byte(scope)
	binary.BigEndian.PutUint64(body[2:], uint64(member))
	return encoding.EncodeToString(append(body, s.mac(body)...))
}

// Check reads a token. Its error is ErrForged whatever is wrong with it.
func (s *Signer) Check(token string) (Scope, int64, error) {
	raw, err := encoding.Strict().DecodeString(token)
	if err != nil || len(raw) != bodySize+macBytes || raw[0] != version {
		return 0, 0, ErrForged
	}
	body, mac := raw[:bodySize], raw[bodySize:]
	if !hmac.Equal(mac, s.mac(body)) {
		return 0, 0, ErrForged
	}
	return Scope(body[1]), int64(binary.BigEndian.Uint64(body[2:])), nil
}

func (s *Signer) mac(body []byte) []byte {
	h := hmac.New(sha256.New, s.key)
	h.Write(body)
	return h.Sum(nil)[:macBytes]
}
