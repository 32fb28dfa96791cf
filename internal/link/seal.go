package link

import (
	"bytes"
	"crypto/hmac"
)

// sealed is the first byte of what was sealed: no token begins with it.
const sealed = 's'

// SignState signs a text of ours that travels through a page and back. It hides nothing.
func (s *Signer) SignState(text []byte) string {
	newest := len(s.keys) - 1
	body := append([]byte{sealed, byte(newest)}, text...)
	return forURL.EncodeToString(append(body, mac(s.keys[newest], body)...))
}

// Open gives the text that was sealed, or ErrInvalidToken.
func (s *Signer) Open(text string) ([]byte, error) {
	raw, err := forURL.DecodeString(text)
	if err != nil || forURL.EncodeToString(raw) != text || len(raw) < 2+macBytes || raw[0] != sealed || int(raw[1]) >= len(s.keys) {
		return nil, ErrInvalidToken
	}
	body := raw[:len(raw)-macBytes]
	if !hmac.Equal(raw[len(body):], mac(s.keys[raw[1]], body)) {
		return nil, ErrInvalidToken
	}
	return bytes.Clone(body[2:]), nil
}
