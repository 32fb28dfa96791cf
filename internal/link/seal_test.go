package link

import (
	"bytes"
	"errors"
	"testing"
)

func TestSignState_RoundTrips(t *testing.T) {
	old, s := signer(t, key(1)), signer(t, key(1), key(2))
	for _, text := range []string{"", "digests", "a longer text, with ümlauts"} {
		for _, by := range []*Signer{old, s} {
			if got, err := s.Open(by.SignState([]byte(text))); string(got) != text || err != nil {
				t.Errorf("Open = %q, %v, want %q", got, err, text)
			}
		}
	}
}

func TestOpen_RejectsEveryFlippedBit(t *testing.T) {
	s := signer(t)
	raw, _ := urlEncoding.DecodeString(s.SignState([]byte("digests")))
	for i := range len(raw) * 8 {
		forged := bytes.Clone(raw)
		forged[i/8] ^= 1 << (i % 8)
		if _, err := s.Open(urlEncoding.EncodeToString(forged)); !errors.Is(err, ErrInvalidToken) {
			t.Errorf("bit %d flipped: error is %v, want ErrInvalidToken", i, err)
		}
	}
}

func TestOpen_RejectsTokens(t *testing.T) {
	s := signer(t)
	if _, err := s.Open(s.Token(Claims{Settings, 42, 0})); !errors.Is(err, ErrInvalidToken) {
		t.Errorf("Open accepted a token: %v", err)
	}
	grant := s.sign(Claims{Settings, 42, 0})
	if g, err := s.Check(s.SignState(grant[2:bodySize])); !errors.Is(err, ErrInvalidToken) {
		t.Errorf("Check accepted signed state: %v, %v", g, err)
	}
}

func FuzzOpen(f *testing.F) {
	s := signer(f)
	f.Add(s.SignState(nil))
	f.Add(s.SignState([]byte("digests")))
	f.Add("cwA")
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := s.Open(text); err == nil && s.SignState(got) != text {
			t.Errorf("Open accepted %q, which is not the signed state of %q", text, got)
		}
	})
}
