package mail

import (
	"crypto/subtle"
	"strconv"
	"strings"
)

// verpPrefix starts the local part of a return path.
const verpPrefix = "b-"

// VERP returns the envelope sender of the message with the given key: an address at domain with the
// member's ID and a token. The token proves that a bounce is for a message of ours, and nobody can forge
// one. The local part is in lower case and has at most 41 characters (RFC 5321, 4.5.3.1.1 allows 64).
func (c *Composer) VERP(key string, member int64, domain string) string {
	return verpPrefix + strconv.FormatInt(member, 36) + "-" + c.token(key) + "@" + domain
}

// ParseVERP returns the member and the token in a return path, ignoring case. [Composer.VerifyToken] checks
// whether the token is ours.
func ParseVERP(address string) (member int64, token string, ok bool) {
	local := strings.ToLower(address[:max(0, strings.LastIndexByte(address, '@'))])
	number, token, cut := strings.Cut(strings.TrimPrefix(local, verpPrefix), "-")
	member, err := strconv.ParseInt(number, 36, 64)
	ok = cut && err == nil && member > 0 && strings.HasPrefix(local, verpPrefix) && number == strconv.FormatInt(member, 36) && len(token) == tokenLen
	if !ok {
		return 0, "", false
	}
	return member, token, true
}

// ReadMessageID returns the token in a Message-ID that this composer may have created.
func (c *Composer) ReadMessageID(id string) (token string, ok bool) {
	id = strings.ToLower(strings.Trim(strings.TrimSpace(id), "<>"))
	token, host, _ := strings.Cut(id, "@")
	if host != c.host || len(token) != tokenLen {
		return "", false
	}
	return token, true
}

// VerifyToken reports whether a token belongs to the message with the given key, in constant time.
func (c *Composer) VerifyToken(token, key string) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(c.token(key))) == 1
}
