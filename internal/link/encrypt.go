package link

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
)

// cipherPrefix is the first byte of an encrypted text. No token and no signed state begins with it.
const cipherPrefix = 'c'

// Encrypt encrypts and signs a text (AES-256-GCM) for a URL: unlike that of SignState, it cannot be read in the log of a web server.
func (s *Signer) Encrypt(text []byte) string {
	newest := len(s.keys) - 1
	head := []byte{cipherPrefix, byte(newest)}
	box := aead(s.keys[newest])
	nonce := make([]byte, box.NonceSize())
	rand.Read(nonce) // never fails
	return urlEncoding.EncodeToString(box.Seal(append(head, nonce...), nonce, text, head))
}

// SubscribePath is the path of the page to subscribe, below the base. With a token of Encrypt it is the page to confirm that.
const SubscribePath = "/subscribe"

// SubscribeURL returns the URL of the page that confirms a subscription.
func (s *Signer) SubscribeURL(token string) string { return s.base + SubscribePath + "/" + token }

// Decrypt verifies and returns the text of Encrypt, or ErrInvalidToken.
func (s *Signer) Decrypt(token string) ([]byte, error) {
	raw, err := urlEncoding.DecodeString(token)
	if err != nil || urlEncoding.EncodeToString(raw) != token || len(raw) < 2 || raw[0] != cipherPrefix || int(raw[1]) >= len(s.keys) {
		return nil, ErrInvalidToken
	}
	box := aead(s.keys[raw[1]])
	head, rest := raw[:2], raw[2:]
	if len(rest) < box.NonceSize() {
		return nil, ErrInvalidToken
	}
	text, err := box.Open(nil, rest[:box.NonceSize()], rest[box.NonceSize():], head)
	if err != nil {
		return nil, ErrInvalidToken
	}
	return text, nil
}

// aead returns the cipher of a key. Its own key is derived, so that no key serves two algorithms.
func aead(key []byte) cipher.AEAD {
	h := hmac.New(sha256.New, key)
	h.Write([]byte("encrypt"))
	block, err := aes.NewCipher(h.Sum(nil))
	if err != nil {
		panic(err) // only for another length than that of a hash
	}
	box, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // only for another block size than that of AES
	}
	return box
}
