package mail

import (
	"crypto/subtle"
	"strconv"
	"strings"
)

// verpPrefix begins the local part of a return path.
const verpPrefix = "b-"

// VERP is the envelope sender of the message with that key: an address at domain that names the member and proves by
// the token that the message was ours, so that whatever comes back there is known for what it is about, and nobody can make
// one up. The local part has one case only and at most 41 characters (RFC 5321, 4.5.3.1.1 grants 64).
func (c *Composer) VERP(key string, member int64, domain string) string {
	return verpPrefix + strconv.FormatInt(member, 36) + "-" + c.token(key) + "@" + domain
}

// ParseVERP finds out which member and which token a return path names, in capital or small letters. Whether it is
// one of ours tells [Composer.VerifyToken].
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

// ReadMessageID finds the token in a Message-ID that this composer may have made.
func (c *Composer) ReadMessageID(id string) (token string, ok bool) {
	id = strings.ToLower(strings.Trim(strings.TrimSpace(id), "<>"))
	token, host, _ := strings.Cut(id, "@")
	if host != c.host || len(token) != tokenLen {
		return "", false
	}
	return token, true
}

// VerifyToken tells whether a token stands for the message with that key. It takes as long for a token that is nearly right as
// for one that is not.
func (c *Composer) VerifyToken(token, key string) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(c.token(key))) == 1
}
