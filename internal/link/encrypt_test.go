package link

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestEncrypt_RoundTrips(t *testing.T) {
	old, s := signer(t, key(1)), signer(t, key(1), key(2))
	for _, text := range []string{"", "anna@example.org", "a longer text, with ümlauts"} {
		for _, by := range []*Signer{old, s} {
			if got, err := s.Decrypt(by.Encrypt([]byte(text))); string(got) != text || err != nil {
				t.Errorf("Decrypt = %q, %v, want %q", got, err, text)
			}
		}
	}
	if got, err := old.Decrypt(s.Encrypt([]byte("x"))); !errors.Is(err, ErrInvalidToken) {
		t.Errorf("a text of an unknown key: %q, %v", got, err)
	}
}

func TestEncrypt_HidesTheText(t *testing.T) {
	s := signer(t)
	text := []byte("anna@example.org")
	first, second := s.Encrypt(text), s.Encrypt(text)
	if first == second {
		t.Error("the same text is encrypted to the same token twice")
	}
	if raw, _ := urlEncoding.DecodeString(first); bytes.Contains(raw, text) {
		t.Errorf("the token contains its text: %q", raw)
	}
}

func TestDecrypt_RejectsEveryFlippedBit(t *testing.T) {
	s := signer(t, key(1), key(2))
	raw, _ := urlEncoding.DecodeString(s.Encrypt([]byte("anna@example.org")))
	for i := range len(raw) * 8 {
		forged := bytes.Clone(raw)
		forged[i/8] ^= 1 << (i % 8)
		if _, err := s.Decrypt(urlEncoding.EncodeToString(forged)); !errors.Is(err, ErrInvalidToken) {
			t.Errorf("bit %d flipped: error is %v, want ErrInvalidToken", i, err)
		}
	}
}

func TestDecrypt_RejectsTokensAndSignedState(t *testing.T) {
	s := signer(t)
	for _, other := range []string{s.Token(Claims{Settings, 42, 0}), s.SignState([]byte("anna@example.org")), s.SignState(nil)} {
		if text, err := s.Decrypt(other); !errors.Is(err, ErrInvalidToken) {
			t.Errorf("Decrypt accepted %q: %q", other, text)
		}
	}
	sealed := s.Encrypt([]byte("anna@example.org"))
	if _, err := s.Open(sealed); !errors.Is(err, ErrInvalidToken) {
		t.Errorf("Open accepted an encrypted text: %v", err)
	}
	for _, other := range []string{sealed + "\n", sealed + "=", strings.ToUpper(sealed)} {
		if _, err := s.Decrypt(other); !errors.Is(err, ErrInvalidToken) {
			t.Errorf("Decrypt accepted another encoding: %q", other)
		}
	}
}

func FuzzDecrypt(f *testing.F) {
	s := signer(f)
	genuine := s.Encrypt([]byte("anna@example.org"))
	f.Add(genuine)
	f.Add(genuine[:20])
	f.Add("YwA")
	f.Add(s.SignState([]byte("anna@example.org")))
	f.Fuzz(func(t *testing.T, token string) {
		if text, err := s.Decrypt(token); err == nil && token != genuine {
			t.Errorf("Decrypt accepted %q, which nobody encrypted: %q", token, text)
		}
	})
}
