package admin

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Cost of a password check: the second recommendation of RFC 9106, 4. It takes a tenth of a second and 64 MiB.
const (
	hashTime    = 3
	hashMemory  = 64 << 10 // KiB
	hashThreads = 4
	saltBytes   = 16
	keyBytes    = 32
)

// minPasswordLength is the least number of characters: nothing else protects the admin pages from the network.
const minPasswordLength = 12

var base64Unpadded = base64.RawStdEncoding.Strict()

// passwordHash is a hashed password.
type passwordHash struct {
	time, memory uint32 // memory in KiB
	threads      uint8
	salt, key    []byte
}

// HashPassword hashes a password for the configuration: argon2id in the PHC string format.
func HashPassword(password string) (string, error) {
	if n := len([]rune(password)); n < minPasswordLength {
		return "", fmt.Errorf("the password has %d characters: use %d or more", n, minPasswordLength)
	}
	h := passwordHash{time: hashTime, memory: hashMemory, threads: hashThreads, salt: make([]byte, saltBytes)}
	rand.Read(h.salt) // never fails
	h.key = h.derive(password, keyBytes)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.memory, h.time, h.threads,
		base64Unpadded.EncodeToString(h.salt), base64Unpadded.EncodeToString(h.key)), nil
}

func (h passwordHash) derive(password string, length int) []byte {
	return argon2.IDKey([]byte(password), h.salt, h.time, h.memory, h.threads, uint32(length))
}

// matches reports whether the hash is that of password.
func (h passwordHash) matches(password string) bool {
	return subtle.ConstantTimeCompare(h.derive(password, len(h.key)), h.key) == 1
}

// parseHash parses a hash made by HashPassword or another program. It rejects one whose check would need more memory than a small
// server has, because anyone can cause a check.
func parseHash(text string) (passwordHash, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return passwordHash{}, errors.New("is not an argon2id hash")
	}
	var version int
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return passwordHash{}, fmt.Errorf("has %q instead of v=%d", parts[2], argon2.Version)
	}
	var h passwordHash
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.time, &h.threads); err != nil {
		return passwordHash{}, fmt.Errorf("has %q instead of parameters like m=65536,t=3,p=4", parts[3])
	}
	if h.memory < 8<<10 || h.memory > 1<<20 || h.time < 1 || h.time > 20 || h.threads < 1 {
		return passwordHash{}, fmt.Errorf("has %q, which is too weak or too expensive", parts[3])
	}
	var err, errKey error
	h.salt, err = base64Unpadded.DecodeString(parts[4])
	h.key, errKey = base64Unpadded.DecodeString(parts[5])
	if err != nil || errKey != nil || len(h.salt) < 8 || len(h.key) < 16 {
		return passwordHash{}, errors.New("is damaged")
	}
	return h, nil
}

// fingerprint identifies a password in a session, so that a new password ends the session. It reveals nothing about the password.
func fingerprint(passwordHash string) string {
	sum := sha256.Sum256([]byte(passwordHash))
	return hex.EncodeToString(sum[:8])
}
