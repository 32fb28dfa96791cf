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

// What a password costs to try: the second recommendation of RFC 9106, 4, a tenth of a second and 64 MiB.
const (
	hashTime    = 3
	hashMemory  = 64 << 10 // KiB
	hashThreads = 4
	saltBytes   = 16
	keyBytes    = 32
)

// minPasswordLength is how many characters a password has at least: nothing else stands between the network and the room.
const minPasswordLength = 12

var base64Unpadded = base64.RawStdEncoding.Strict()

// passwordHash is a password as it is kept.
type passwordHash struct {
	time, memory uint32 // memory in KiB
	threads      uint8
	salt, key    []byte
}

// HashPassword makes what stands in the configuration of a password: argon2id in the PHC string format.
func HashPassword(password string) (string, error) {
	if n := len([]rune(password)); n < minPasswordLength {
		return "", fmt.Errorf("the password has %d characters: choose %d or more", n, minPasswordLength)
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

// matches tells whether a password is the one.
func (h passwordHash) matches(password string) bool {
	return subtle.ConstantTimeCompare(h.derive(password, len(h.key)), h.key) == 1
}

// parseHash reads what HashPassword or another program has written. What would cost a guest of the room more memory than a small
// server has is refused.
func parseHash(text string) (passwordHash, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return passwordHash{}, errors.New("is no argon2id hash")
	}
	var version int
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return passwordHash{}, fmt.Errorf("has %q where v=%d is wanted", parts[2], argon2.Version)
	}
	var h passwordHash
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.time, &h.threads); err != nil {
		return passwordHash{}, fmt.Errorf("has %q where such as m=65536,t=3,p=4 is wanted", parts[3])
	}
	if h.memory < 8<<10 || h.memory > 1<<20 || h.time < 1 || h.time > 20 || h.threads < 1 {
		return passwordHash{}, fmt.Errorf("has %q, which is too weak or too costly", parts[3])
	}
	var err, errKey error
	h.salt, err = base64Unpadded.DecodeString(parts[4])
	h.key, errKey = base64Unpadded.DecodeString(parts[5])
	if err != nil || errKey != nil || len(h.salt) < 8 || len(h.key) < 16 {
		return passwordHash{}, errors.New("is damaged")
	}
	return h, nil
}

// fingerprint names a password in a session, so that its sessions end when it is changed. It tells nothing of it.
func fingerprint(passwordHash string) string {
	sum := sha256.Sum256([]byte(passwordHash))
	return hex.EncodeToString(sum[:8])
}
