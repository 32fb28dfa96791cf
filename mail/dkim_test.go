package mail

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
)

// newRSA generates the key that most tests share, because generating one is slow.
var newRSA = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, minRSA) })

func testRSA(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	key, err := newRSA()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func testEd25519(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func pkcs8(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// keyFile writes a key file that only its owner may read.
func keyFile(t testing.TB, text []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// dkimConfig signs with both kinds of keys.
func dkimConfig(t testing.TB) DKIMConfig {
	t.Helper()
	return DKIMConfig{
		Domain:   "example.org",
		Selector: "pr1", KeyFile: keyFile(t, pkcs8(t, testRSA(t))),
		Ed25519Selector: "pr1-ed", Ed25519KeyFile: keyFile(t, pkcs8(t, testEd25519(t))),
	}
}

func mustSigner(t testing.TB, c DKIMConfig) *Signer {
	t.Helper()
	s, err := NewSigner(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustSign(t testing.TB, s *Signer, raw []byte) []byte {
	t.Helper()
	signed, err := s.Sign(raw)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// faults lists, for each signature, what go-msgauth has against it; nil is a signature that verifies.
func faults(t testing.TB, s *Signer, signed []byte) []error {
	t.Helper()
	found, err := dkim.VerifyWithOptions(bytes.NewReader(signed), &dkim.VerifyOptions{LookupTXT: s.lookupOwnRecord})
	if err != nil {
		t.Fatalf("verifying: %v", err)
	}
	if len(found) != len(s.keys) {
		t.Fatalf("the message has %d signatures, want %d", len(found), len(s.keys))
	}
	var errs []error
	for _, v := range found {
		errs = append(errs, v.Err)
	}
	return errs
}

func wantGood(t testing.TB, s *Signer, signed []byte, what string) {
	t.Helper()
	for i, err := range faults(t, s, signed) {
		if err != nil {
			t.Errorf("%s: the signature with %s does not verify: %v", what, s.keys[i].selector, err)
		}
	}
}

func wantBroken(t testing.TB, s *Signer, signed []byte, what string) {
	t.Helper()
	for i, err := range faults(t, s, signed) {
		if err == nil {
			t.Errorf("%s: the signature with %s still verifies", what, s.keys[i].selector)
		}
	}
}

func TestDKIM_SignedMessagesVerify(t *testing.T) {
	both := dkimConfig(t)
	rsaOnly := both
	rsaOnly.Ed25519Selector, rsaOnly.Ed25519KeyFile = "", ""
	unicode := both
	unicode.Domain = "Foren.Müller.example"
	for name, c := range map[string]DKIMConfig{"RSA": rsaOnly, "RSA and Ed25519": both, "a domain beyond ASCII": unicode} {
		t.Run(name, func(t *testing.T) {
			s := mustSigner(t, c)
			bare := sample()
			bare.List, bare.Unsubscribe, bare.FeedbackID, bare.ReplyTo.Address, bare.Subject = List{}, "", "", "", ""
			for _, m := range []Message{sample(), big(), bare} {
				raw := mustCompose(t, m)
				signed := mustSign(t, s, raw)
				if !bytes.HasSuffix(signed, raw) {
					t.Error("Sign changed the message behind the signatures")
				}
				if err := validateRaw(signed); err != nil {
					t.Errorf("Sign wrote what must not go over the wire: %v", err)
				}
				wantGood(t, s, signed, "as sent")
			}
		})
	}
}

func TestDKIM_WithoutKeysSignsNothing(t *testing.T) {
	s, err := NewSigner(DKIMConfig{})
	if s != nil || err != nil {
		t.Fatalf("NewSigner = %v, %v, want nil, nil", s, err)
	}
	raw := mustCompose(t, sample())
	if got := mustSign(t, s, raw); !bytes.Equal(got, raw) {
		t.Errorf("Sign = %q, want the message as it was", got)
	}
}

// fieldOf gives the whole field, continuations and CRLF included; empty if the message has none.
func fieldOf(raw []byte, name string) string {
	head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	lines := strings.SplitAfter(string(head)+"\r\n", "\r\n")
	for i, l := range lines {
		if !strings.HasPrefix(strings.ToLower(l), strings.ToLower(name)+":") {
			continue
		}
		end := i + 1
		for end < len(lines) && strings.HasPrefix(lines[end], " ") {
			end++
		}
		return strings.Join(lines[i:end], "")
	}
	return ""
}

func TestDKIM_ChangedOrAddedFieldBreaksSignature(t *testing.T) {
	s := mustSigner(t, dkimConfig(t))
	m := sample()
	m.Subject = "ein Wort"
	signed := string(mustSign(t, s, mustCompose(t, m)))
	// Nobody may be led elsewhere by one of these that was added.
	once := []string{"From", "To", "Subject", "Date", "Message-ID", "Reply-To", "Content-Type", "List-Unsubscribe", "List-Unsubscribe-Post"}
	never := []string{"In-Reply-To", "References"}
	for _, name := range slices.Concat(once, never) {
		added := name + ": <https://evil.example/>\r\n"
		wantBroken(t, s, []byte(added+signed), name+" added on top")
		wantBroken(t, s, []byte(strings.Replace(signed, "\r\n\r\n", "\r\n"+added+"\r\n", 1)), name+" added below")
		if field := fieldOf([]byte(signed), name); field != "" {
			wantBroken(t, s, []byte(field+signed), name+" twice")
		}
	}
	for _, name := range slices.Concat(once, []string{"MIME-Version", "List-Id", "Feedback-ID"}) {
		field := fieldOf([]byte(signed), name)
		if field == "" {
			t.Fatalf("the message has no %s", name)
		}
		altered := strings.TrimSuffix(field, "\r\n") + "x\r\n"
		wantBroken(t, s, []byte(strings.Replace(signed, field, altered, 1)), name+" changed")
		wantBroken(t, s, []byte(strings.Replace(signed, field, "", 1)), name+" removed")
	}
	wantBroken(t, s, []byte(strings.Replace(signed, "Hello", "hello", 1)), "a letter of the body changed")
	wantBroken(t, s, []byte(signed+"more\r\n"), "a line added to the body")
}

func TestDKIM_SurvivesRelayChanges(t *testing.T) {
	s := mustSigner(t, dkimConfig(t))
	signed := string(mustSign(t, s, mustCompose(t, sample())))
	for what, change := range map[string]struct{ old, new string }{
		"a field folded again":          {"List-Id: \"Example Forum, digest\" <", "List-Id: \"Example\r\n\tForum, digest\"\r\n  <"},
		"a field unfolded":              {fieldOf([]byte(signed), "Subject"), strings.ReplaceAll(fieldOf([]byte(signed), "Subject"), "\r\n ", " ")},
		"a field name in other case":    {"Message-ID:", "Message-Id:"},
		"spaces after the colon":        {"\r\nMIME-Version: ", "\r\nMIME-Version:  \t "},
		"a trace field on top":          {"DKIM-Signature:", "Received: by relay.example; Mon, 4 May 2026 07:00:00 +0200\r\nDKIM-Signature:"},
		"empty lines at the end":        {"--\r\n", "--\r\n\r\n\r\n"},
		"an unsigned field removed":     {"Precedence: list\r\n", ""},
		"the signature itself refolded": {"; bh=", ";\r\n\t bh="},
	} {
		at := strings.LastIndex(signed, change.old)
		if at < 0 || change.old == change.new {
			t.Fatalf("%s: there is no %q to change in\n%s", what, change.old, signed)
		}
		wantGood(t, s, []byte(signed[:at]+change.new+signed[at+len(change.old):]), what)
	}
}

func TestDKIM_SignsConcurrently(t *testing.T) {
	s := mustSigner(t, dkimConfig(t))
	raw := mustCompose(t, sample())
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for range 5 {
				signed, err := s.Sign(raw)
				if err != nil {
					t.Error(err)
					return
				}
				wantGood(t, s, signed, "signed concurrently")
			}
		})
	}
	workers.Wait()
}

// mismatchedSigner signs with a key that differs from its public key.
type mismatchedSigner struct {
	crypto.Signer
	other crypto.Signer
}

func (c mismatchedSigner) Sign(r io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return c.other.Sign(r, digest, opts)
}

func TestDKIM_SelfCheckFindsBadSignatures(t *testing.T) {
	s := mustSigner(t, dkimConfig(t))
	if err := s.check(); err != nil {
		t.Fatalf("check = %v with valid keys", err)
	}
	good := s.keys[1].private
	s.keys[1].private = mismatchedSigner{good, testEd25519(t)}
	if err := s.check(); err == nil || !strings.Contains(err.Error(), "pr1-ed") {
		t.Errorf("check = %v with a mismatched key, want an error that names pr1-ed", err)
	}
	s.keys[1].private = good
	s.keys[0].record = strings.Replace(s.keys[0].record, "k=rsa", "k=ed25519", 1)
	if err := s.check(); err == nil {
		t.Error("check accepted a record of another key")
	}
}

func BenchmarkSign(b *testing.B) {
	both := dkimConfig(b)
	rsaOnly := both
	rsaOnly.Ed25519Selector, rsaOnly.Ed25519KeyFile = "", ""
	for name, c := range map[string]DKIMConfig{"RSA-2048": rsaOnly, "RSA-2048+Ed25519": both} {
		b.Run(name, func(b *testing.B) {
			s, raw := mustSigner(b, c), mustCompose(b, big())
			b.ReportAllocs()
			reportCPU(b)
			for b.Loop() {
				if _, err := s.Sign(raw); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
