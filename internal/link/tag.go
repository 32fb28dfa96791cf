package link

import (
	"encoding/base32"
	"encoding/base64"
	"strings"
)

var (
	forURL = base64.RawURLEncoding
	// forMail has one case only: what stands before the "@" of an address is folded on many of its ways.
	forMail = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)
)

// AddressToken is a grant as it may stand in the local part of an address, or a subject: 56 small letters and digits. RFC 5321,
// 4.5.3.1.1 leaves a local part 64 characters.
func (s *Signer) AddressToken(g Claims) string { return forMail.EncodeToString(s.sign(g)) }

// CheckTag reads a tag in capital or small letters. The error is ErrInvalidToken whatever is wrong.
func (s *Signer) CheckTag(tag string) (Claims, error) {
	tag = strings.ToLower(tag)
	raw, err := forMail.DecodeString(tag)
	if err != nil || forMail.EncodeToString(raw) != tag { // the decoder passes over line ends and spare bits
		return Claims{}, ErrInvalidToken
	}
	return s.verify(raw)
}
