package mail

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDKIMKey_ReadsBothRSAForms(t *testing.T) {
	key := testRSA(t)
	pkcs1 := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	for name, text := range map[string][]byte{
		"PKCS#1":                 pkcs1,
		"PKCS#8":                 pkcs8(t, key),
		"text before the key":    append([]byte("Private-Key: (2048 bit)\n"), pkcs1...),
		"with CRLF line endings": []byte(strings.ReplaceAll(string(pkcs1), "\n", "\r\n")),
	} {
		c := dkimConfig(t)
		c.KeyFile = keyFile(t, text)
		if _, err := NewSigner(c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDKIMKey_RejectsFileReadableByOthers(t *testing.T) {
	for _, mode := range []os.FileMode{0o644, 0o640, 0o604, 0o660, 0o601, 0o400, 0o600} {
		c := dkimConfig(t)
		if err := os.Chmod(c.KeyFile, mode); err != nil {
			t.Fatal(err)
		}
		_, err := NewSigner(c)
		if private := mode&0o077 == 0; private != (err == nil) {
			t.Errorf("mode %04o: NewSigner = %v", mode, err)
		}
		if want := "chmod 600 " + c.KeyFile; err != nil && (!strings.HasPrefix(err.Error(), "key_file: ") || !strings.Contains(err.Error(), want)) {
			t.Errorf("mode %04o: error is %q, want it to name key_file and %q", mode, err, want)
		}
	}
}

func TestDKIMKey_RejectsUnusableFiles(t *testing.T) {
	rsaOf := func(bits int) []byte {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		return pkcs8(t, key)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	x25519, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&testRSA(t).PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	locked := &pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"DEK-Info": "AES-256-CBC,00"}, Bytes: []byte("x")}
	for _, tt := range []struct {
		name string
		text []byte
		want string
	}{
		{"an empty file", nil, "openssl genrsa"},
		{"not PEM", []byte("MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"), "no PEM key"},
		{"1024 bits", rsaOf(1024), "1024 bits"},
		{"2047 bits", rsaOf(2047), "2047 bits"},
		{"an Ed25519 key", pkcs8(t, testEd25519(t)), "no RSA key"},
		{"an EC key", pkcs8(t, ec), "no RSA key"},
		{"a key that cannot sign", pkcs8(t, x25519), "cannot sign"},
		{"the public key", block("PUBLIC KEY", public), "PRIVATE KEY"},
		{"a certificate", block("CERTIFICATE", public), "CERTIFICATE"},
		{"an OpenSSH key", block("OPENSSH PRIVATE KEY", []byte("openssh-key-v1")), "OPENSSH"},
		{"an encrypted key", block("ENCRYPTED PRIVATE KEY", []byte("x")), "openssl pkey"},
		{"an encrypted key in the old format", pem.EncodeToMemory(locked), "openssl pkey"},
		{"half a key", block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(testRSA(t))[:600]), "damaged"},
		{"half a key, PKCS#8", block("PRIVATE KEY", []byte{0x30, 0x82}), "damaged"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := dkimConfig(t)
			c.KeyFile = keyFile(t, tt.text)
			_, err := NewSigner(c)
			if err == nil || !strings.HasPrefix(err.Error(), "key_file: "+c.KeyFile) && !strings.HasPrefix(err.Error(), "key_file: the key in "+c.KeyFile) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("NewSigner = %v, want an error with the file and %q", err, tt.want)
			}
		})
	}
	c := dkimConfig(t)
	c.Ed25519KeyFile = c.KeyFile
	if _, err := NewSigner(c); err == nil || !strings.HasPrefix(err.Error(), "ed25519_key_file: ") || !strings.Contains(err.Error(), "genpkey -algorithm ed25519") {
		t.Errorf("NewSigner = %v with an RSA key for Ed25519", err)
	}
	for _, file := range []string{filepath.Join(t.TempDir(), "none.pem"), t.TempDir()} {
		c := dkimConfig(t)
		c.KeyFile = file
		if _, err := NewSigner(c); err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "must be owned by") && !strings.Contains(err.Error(), "must be a file") {
			t.Errorf("NewSigner = %v with the key file %s", err, file)
		}
	}
}

func TestDKIMKey_RecordNameHasSelectorAndDomain(t *testing.T) {
	got := fmt.Sprint(mustSigner(t, dkimConfig(t)).Records())
	for _, want := range []string{"{pr1._domainkey.example.org v=DKIM1; k=rsa; p=MIIBI", "{pr1-ed._domainkey.example.org v=DKIM1; k=ed25519; p="} {
		if !strings.Contains(got, want) {
			t.Errorf("Records = %s, want %q in it", got, want)
		}
	}
}

func TestDKIMConfig_Validate(t *testing.T) {
	complete := DKIMConfig{Domain: "example.org", Selector: "a", KeyFile: "a.pem", Ed25519Selector: "b", Ed25519KeyFile: "b.pem"}
	for _, tt := range []struct {
		name string
		set  func(*DKIMConfig)
		want string // prefix of the error; empty: no error
	}{
		{"complete", func(*DKIMConfig) {}, ""},
		{"none", func(c *DKIMConfig) { *c = DKIMConfig{} }, ""},
		{"only RSA", func(c *DKIMConfig) { c.Ed25519Selector, c.Ed25519KeyFile = "", "" }, ""},
		{"a selector of two labels", func(c *DKIMConfig) { c.Selector = "2026.Forum" }, ""},
		{"only Ed25519", func(c *DKIMConfig) { c.Selector, c.KeyFile = "", "" }, "key_file: missing: many receivers check RSA only"},
		{"only a domain", func(c *DKIMConfig) { *c = DKIMConfig{Domain: "example.org"} }, "key_file: missing: many receivers check RSA only"},
		{"an invalid domain", func(c *DKIMConfig) { c.Domain = "example..org" }, "domain: "},
		{"no domain", func(c *DKIMConfig) { c.Domain = "" }, "domain: "},
		{"no key file", func(c *DKIMConfig) { c.KeyFile = "" }, "key_file: missing for"},
		{"no selector", func(c *DKIMConfig) { c.Selector = "" }, "selector: "},
		{"a selector with a space", func(c *DKIMConfig) { c.Selector = "a b" }, "selector: "},
		{"a selector with non-ASCII characters", func(c *DKIMConfig) { c.Selector = "ü" }, "selector: "},
		{"a selector that adds a tag", func(c *DKIMConfig) { c.Selector = "a;l=0" }, "selector: "},
		{"no second key file", func(c *DKIMConfig) { c.Ed25519KeyFile = "" }, "ed25519_key_file: "},
		{"no second selector", func(c *DKIMConfig) { c.Ed25519Selector = "" }, "ed25519_selector: "},
		{"one selector for both", func(c *DKIMConfig) { c.Ed25519Selector = "A" }, "ed25519_selector: "},
	} {
		c := complete
		tt.set(&c)
		err := c.Validate()
		if (err != nil) != (tt.want != "") || err != nil && !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: Validate = %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestDKIM_SignsOnlyAlignedSenders(t *testing.T) {
	for _, tt := range []struct {
		domain, from string
		want         bool
	}{
		{"forum.example.org", "forum.example.org", true},
		{"example.org", "forum.example.org", true},
		{"mail.example.org", "forum.example.org", true},
		{"EXAMPLE.org", "Example.ORG", true},
		{"xn--mller-kva.example", "forum.müller.example", true},
		{"localhost", "localhost", true},
		{"example.com", "example.org", false},
		{"badexample.org", "example.org", false},
		{"org", "example.org", false},
		{"one.co.uk", "two.co.uk", false},
		{"co.uk", "two.co.uk", false},
		{"two.co.uk", "forum.two.co.uk", true},
	} {
		err := DKIMConfig{Domain: tt.domain, Selector: "a", KeyFile: "a.pem"}.CheckFrom(tt.from)
		if (err == nil) != tt.want || err != nil && !strings.HasPrefix(err.Error(), "domain: ") {
			t.Errorf("CheckFrom for %s, sender %s: %v, want valid = %t", tt.domain, tt.from, err, tt.want)
		}
	}
	if err := (DKIMConfig{}).CheckFrom("example.org"); err != nil {
		t.Errorf("CheckFrom = %v without DKIM", err)
	}
}
