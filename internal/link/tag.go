package link

import (
	"encoding/base32"
	"encoding/base64"
	"strings"
)

var (
	urlEncoding = base64.RawURLEncoding
	// addressEncoding has lower case only: many servers change the case of the local part of an address.
	addressEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)
)

// AddressToken returns the token for the local part of an address or for a subject: 56 lower-case letters and digits. The
// limit for a local part is 64 characters (RFC 5321, 4.5.3.1.1).
func (s *Signer) AddressToken(g Claims) string { return addressEncoding.EncodeToString(s.sign(g)) }

// CheckTag verifies an AddressToken in upper or lower case. The only error is ErrInvalidToken.
func (s *Signer) CheckTag(tag string) (Claims, error) {
	tag = strings.ToLower(tag)
	raw, err := addressEncoding.DecodeString(tag)
	if err != nil || addressEncoding.EncodeToString(raw) != tag { // the decoder ignores line breaks and spare bits
		return Claims{}, ErrInvalidToken
	}
	return s.verify(raw)
}
