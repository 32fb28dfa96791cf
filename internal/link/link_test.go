package link

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func signer(t testing.TB) *Signer {
	t.Helper()
	s, err := NewSigner("https://forum.example.org/postrider/", bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTokenNamesItsMemberAndScope(t *testing.T) {
	s := signer(t)
	url := s.URL(AllDigests, 42)
	token, ok := strings.CutPrefix(url, "https://forum.example.org/postrider/u/")
	if !ok {
		t.Fatalf("URL = %s, want it below the base", url)
	}
	scope, member, err := s.Check(token)
	if scope != AllDigests || member != 42 || err != nil {
		t.Errorf("Check = %v, %v, %v, want AllDigests, 42", scope, member, err)
	}
}

func TestEveryFlippedBitIsRefused(t *testing.T) {
	s := signer(t)
	raw, _ := encoding.DecodeString(s.Token(Settings, 42))
	for i := range len(raw) * 8 {
		forged := bytes.Clone(raw)
		forged[i/8] ^= 1 << (i % 8)
		if _, _, err := s.Check(encoding.EncodeToString(forged)); !errors.Is(err, ErrForged) {
			t.Errorf("bit %d flipped: error is %v, want ErrForged", i, err)
		}
	}
}

func TestAnotherKeysTokenIsRefused(t *testing.T) {
	other, _ := NewSigner("https://forum.example.org", bytes.Repeat([]byte{8}, 32))
	if _, _, err := signer(t).Check(other.Token(Settings, 42)); !errors.Is(err, ErrForged) {
		t.Errorf("error is %v, want ErrForged", err)
	}
}

func TestShortKeyIsRefused(t *testing.T) {
	if _, err := NewSigner("https://forum.example.org", []byte("short")); err == nil {
		t.Error("a key of 5 bytes was taken")
	}
}

func FuzzCheck(f *testing.F) {
	s := signer(f)
	f.Add(s.Token(Settings, 1))
	f.Add("")
	f.Add("AQ")
	f.Fuzz(func(t *testing.T, token string) {
		scope, member, err := s.Check(token)
		if err == nil && s.Token(scope, member) != token {
			t.Errorf("Check took %q, which is not the token of %v %v", token, scope, member)
		}
	})
}
