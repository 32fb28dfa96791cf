package mail

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
)

// Sizes of RSA keys, in bits. Signers use 2048 or more; verifiers do not have to support more than 4096 (RFC
// 8301, 3.2).
const (
	minRSA = 2048
	maxRSA = 4096
)

// dkimKey is a private key and the selector that its public key is published under.
type dkimKey struct {
	selector string
	private  crypto.Signer
	record   string // the DNS record to publish
}

func rsaKey(selector, file string) (dkimKey, error) {
	private, err := readKey(file)
	if err != nil {
		return dkimKey{}, fmt.Errorf("key_file: %w", err)
	}
	key, ok := private.(*rsa.PrivateKey)
	if !ok {
		return dkimKey{}, fmt.Errorf("key_file: %s contains no RSA key; create one with: openssl genrsa -out FILE 2048", file)
	}
	if bits := key.N.BitLen(); bits < minRSA || bits > maxRSA {
		return dkimKey{}, fmt.Errorf("key_file: the key in %s has %d bits, must have %d to %d; create one with: openssl genrsa -out FILE 2048", file, bits, minRSA, maxRSA)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return dkimKey{}, fmt.Errorf("key_file: %s: %w", file, err)
	}
	return dkimKey{selector, key, record("rsa", public)}, nil
}

func ed25519Key(selector, file string) (dkimKey, error) {
	private, err := readKey(file)
	if err != nil {
		return dkimKey{}, fmt.Errorf("ed25519_key_file: %w", err)
	}
	key, ok := private.(ed25519.PrivateKey)
	if !ok {
		return dkimKey{}, fmt.Errorf("ed25519_key_file: %s contains no Ed25519 key; create one with: openssl genpkey -algorithm ed25519 -out FILE", file)
	}
	// The raw key, unlike RSA's (RFC 8463, 4.2).
	return dkimKey{selector, key, record("ed25519", key.Public().(ed25519.PublicKey))}, nil
}

func record(kind string, public []byte) string {
	return "v=DKIM1; k=" + kind + "; p=" + base64.StdEncoding.EncodeToString(public)
}

// readKey reads a private key. It rejects a file that other users can read, because anyone with the key can
// sign messages in the forum's name.
func readKey(file string) (crypto.Signer, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("%w; the file must be owned by postrider's user", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file: must be a file with a private key", file)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("%s is accessible to other users (mode %04o); run: chmod 600 %s", file, mode, file)
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	key, err := parseKey(text)
	if err != nil {
		return nil, fmt.Errorf("%s %w", file, err)
	}
	return key, nil
}

// parseKey parses PKCS#1 and PKCS#8, the two formats that openssl writes. Its errors continue after the
// file name and name common mistakes.
func parseKey(text []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("contains no PEM key; create one with: openssl genrsa -out FILE 2048")
	}
	switch kind := block.Type; {
	case kind == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "":
		return nil, errors.New("is encrypted, which postrider does not support; decrypt it with: openssl pkey -in FILE -out NEW")
	case kind == "RSA PRIVATE KEY":
		key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("is damaged: %w; copy it again", err)
		}
		return key, nil
	case kind == "PRIVATE KEY":
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("is damaged: %w; copy it again", err)
		}
		signer, ok := key.(crypto.Signer)
		if !ok {
			return nil, fmt.Errorf("contains a key that cannot sign (%T); create one with: openssl genrsa -out FILE 2048", key)
		}
		return signer, nil
	default:
		return nil, fmt.Errorf("contains a %q, must contain a PRIVATE KEY; create one with: openssl genrsa -out FILE 2048", kind)
	}
}
