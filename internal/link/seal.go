package link

import (
	"bytes"
	"crypto/hmac"
)

// statePrefix is the first byte of signed state. No token begins with it.
const statePrefix = 's'

// SignState signs a text that is sent to a page and returned by it. It does not encrypt.
func (s *Signer) SignState(text []byte) string {
	newest := len(s.keys) - 1
	body := append([]byte{statePrefix, byte(newest)}, text...)
	return urlEncoding.EncodeToString(append(body, mac(s.keys[newest], body)...))
}

// Open verifies and returns the text of SignState, or ErrInvalidToken.
func (s *Signer) Open(text string) ([]byte, error) {
	raw, err := urlEncoding.DecodeString(text)
	if err != nil || urlEncoding.EncodeToString(raw) != text || len(raw) < 2+macBytes || raw[0] != statePrefix || int(raw[1]) >= len(s.keys) {
		return nil, ErrInvalidToken
	}
	body := raw[:len(raw)-macBytes]
	if !hmac.Equal(raw[len(body):], mac(s.keys[raw[1]], body)) {
		return nil, ErrInvalidToken
	}
	return bytes.Clone(body[2:]), nil
}
