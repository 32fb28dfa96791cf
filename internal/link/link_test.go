package link

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
)

func key(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }

func signer(t testing.TB, keys ...[]byte) *Signer {
	t.Helper()
	if len(keys) == 0 {
		keys = [][]byte{key(7)}
	}
	s, err := NewSigner("https://forum.example.org/postrider/", keys...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func allClaims() []Claims {
	return []Claims{
		{Settings, 42, 0}, {Digests, 42, 0}, {Alerts, 1, 0}, {Announcements, 1 << 60, 0}, {Everything, 7, 0},
		{Thread, 42, 9917}, {Section, 42, 3}, {View, 42, Mail("digest/42/2026-05-04")},
		{Replies, 42, 0}, {NewThreads, 42, 0}, {Quotes, 42, 0}, {Mentions, 42, 0},
	}
}

func TestToken_EncodesClaims(t *testing.T) {
	s := signer(t)
	for _, want := range allClaims() {
		if got, err := s.Check(s.Token(want)); got != want || err != nil {
			t.Errorf("Check = %v, %v, want %v", got, err, want)
		}
		if got, err := s.CheckTag(s.AddressToken(want)); got != want || err != nil {
			t.Errorf("CheckTag = %v, %v, want %v", got, err, want)
		}
	}
}

func TestURL_HasPathOfScope(t *testing.T) {
	s := signer(t)
	for g, page := range map[Claims]string{
		{Digests, 42, 0}: "/u/", {Thread, 42, 9}: "/u/", {Settings, 42, 0}: "/s/", {View, 42, 1}: "/v/",
	} {
		if got, want := s.URL(g), "https://forum.example.org/postrider"+page+s.Token(g); got != want {
			t.Errorf("URL(%v) = %s, want %s", g, got, want)
		}
	}
}

func TestAddressToken_FitsLocalPartInAnyCase(t *testing.T) {
	s := signer(t)
	g := Claims{Thread, 1<<63 - 1, -1}
	tag := s.AddressToken(g)
	if len(tag) > 62 {
		t.Errorf("AddressToken has %d characters, want at most 62", len(tag))
	}
	if got, err := s.CheckTag(strings.ToUpper(tag)); got != g || err != nil {
		t.Errorf("CheckTag in upper case = %v, %v, want %v", got, err, g)
	}
}

func TestCheck_RejectsEveryFlippedBit(t *testing.T) {
	s := signer(t, key(1), key(2))
	for _, g := range allClaims() {
		raw := s.sign(g)
		for i := range len(raw) * 8 {
			forged := bytes.Clone(raw)
			forged[i/8] ^= 1 << (i % 8)
			if _, err := s.Check(urlEncoding.EncodeToString(forged)); !errors.Is(err, ErrInvalidToken) {
				t.Errorf("%v, bit %d flipped: error is %v, want ErrInvalidToken", g, i, err)
			}
		}
	}
}

// The decoders of the standard library ignore line breaks and the spare bits of the last character.
func TestCheck_RejectsOtherEncodings(t *testing.T) {
	s := signer(t)
	g := Claims{Digests, 42, 0}
	token, tag := s.Token(g), s.AddressToken(g)
	for _, other := range []string{
		token + "\n", token[:9] + "\r\n" + token[9:], token + "=", " " + token, strings.ToUpper(token),
	} {
		if _, err := s.Check(other); !errors.Is(err, ErrInvalidToken) {
			t.Errorf("Check accepted %q, an encoding of %q", other, token)
		}
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for _, last := range letters {
		if other := token[:len(token)-1] + string(last); other != token {
			if _, err := s.Check(other); err == nil {
				t.Errorf("Check accepted %q, an encoding of %q", other, token)
			}
		}
	}
	for _, other := range []string{tag + "\n", tag[:9] + "\n" + tag[9:], tag + "======"} {
		if _, err := s.CheckTag(other); !errors.Is(err, ErrInvalidToken) {
			t.Errorf("CheckTag accepted %q, an encoding of %q", other, tag)
		}
	}
}

func TestCheck_RejectsRandomTokens(t *testing.T) {
	s := signer(t, key(1), key(2), key(3))
	random := rand.New(rand.NewPCG(1, 2))
	genuine := make(map[string]bool)
	for _, g := range allClaims() {
		genuine[s.Token(g)] = true
	}
	for range 5000 {
		raw := make([]byte, bodySize+macBytes)
		for i := range raw {
			raw[i] = byte(random.Uint32())
		}
		raw[0], raw[1], raw[2] = version, byte(random.IntN(3)), byte(random.IntN(9))
		wantInvalid(t, s, urlEncoding.EncodeToString(raw))
	}
	for range 5000 {
		token := []byte(s.Token(allClaims()[random.IntN(len(allClaims()))]))
		switch at := random.IntN(len(token)); random.IntN(4) {
		case 0:
			token[at] = byte(random.IntN(128))
		case 1:
			token = append(token[:at], token[at+1:]...)
		case 2:
			token = append(token[:at], append([]byte{byte(random.IntN(128))}, token[at:]...)...)
		case 3:
			other := random.IntN(len(token))
			token[at], token[other] = token[other], token[at]
		}
		if !genuine[string(token)] { // the change may have produced a valid token, for example the same one
			wantInvalid(t, s, string(token))
		}
	}
}

func wantInvalid(t *testing.T, s *Signer, token string) {
	t.Helper()
	if g, err := s.Check(token); !errors.Is(err, ErrInvalidToken) || g != (Claims{}) {
		t.Errorf("Check(%q) = %v, %v, want ErrInvalidToken", token, g, err)
	}
}

func TestSigner_SignsWithNewestKey(t *testing.T) {
	before, after := signer(t, key(1)), signer(t, key(1), key(2))
	g := Claims{Digests, 42, 0}
	if got, err := after.Check(before.Token(g)); got != g || err != nil {
		t.Errorf("token of the old key: %v, %v, want %v", got, err, g)
	}
	fresh := after.Token(g)
	if got, err := after.Check(fresh); got != g || err != nil {
		t.Errorf("token of the new key: %v, %v, want %v", got, err, g)
	}
	if _, err := before.Check(fresh); !errors.Is(err, ErrInvalidToken) {
		t.Errorf("token of the new key, checked with the old key: error is %v, want ErrInvalidToken", err)
	}
}

func TestCheck_RejectsTokenOfOtherKeys(t *testing.T) {
	if _, err := signer(t).Check(signer(t, key(8)).Token(Claims{Settings, 42, 0})); !errors.Is(err, ErrInvalidToken) {
		t.Errorf("error is %v, want ErrInvalidToken", err)
	}
}

func TestNewSigner_RejectsShortKeys(t *testing.T) {
	for _, keys := range [][][]byte{{}, {[]byte("short")}, {key(1), []byte("short")}} {
		if _, err := NewSigner("https://forum.example.org", keys...); err == nil {
			t.Errorf("NewSigner accepted %d keys %q", len(keys), keys)
		}
	}
}

func FuzzCheck(f *testing.F) {
	s := signer(f)
	for _, g := range allClaims() {
		f.Add(s.Token(g))
		f.Add(s.AddressToken(g))
	}
	f.Add("")
	f.Add("AQ")
	f.Add(s.Token(Claims{Digests, 42, 0}) + "\n")
	f.Fuzz(func(t *testing.T, token string) {
		if g, err := s.Check(token); err == nil && s.Token(g) != token {
			t.Errorf("Check accepted %q, which is not the token of %v", token, g)
		}
		if g, err := s.CheckTag(token); err == nil && s.AddressToken(g) != strings.ToLower(token) {
			t.Errorf("CheckTag accepted %q, which is not the address token of %v", token, g)
		}
	})
}

// BenchmarkCheck shows what it costs to let valid tokens pass a limit on requests.
func BenchmarkCheck(b *testing.B) {
	s := signer(b, key(1), key(2))
	token := s.Token(Claims{Digests, 42, 0})
	for name, token := range map[string]string{"valid": token, "forged": token[:len(token)-2] + "AA", "long": strings.Repeat("A", 16<<10)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Check(token)
			}
		})
	}
}
