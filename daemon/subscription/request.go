package subscription

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"postrider/digest"
	"postrider/internal/link"
	"postrider/mail"
)

// Validity is how long the link of a confirmation works.
const Validity = 48 * time.Hour

// Errors of links.
var (
	ErrInvalid = errors.New("subscription: invalid link")
	ErrExpired = errors.New("subscription: the link has expired")
)

// Request is what somebody asked for, for an address that may be another person's. It is stored nowhere: the link carries it.
type Request struct {
	ID       string         `json:"i"` // 32 hexadecimal digits
	Address  string         `json:"a"` // as [mail.Mailbox] returns it
	Name     string         `json:"n,omitempty"`
	Zone     string         `json:"z,omitempty"` // IANA name; empty: the site's default
	Locale   string         `json:"l"`
	Cadence  digest.Cadence `json:"c"`
	Sections []int64        `json:"s"` // of the mirror
	Asked    int64          `json:"t"` // Unix seconds
	// ToSettings: only the link to the settings was asked for, by a member.
	ToSettings bool `json:"o,omitempty"`
}

// Cadences are the frequencies on offer.
func Cadences() []digest.Cadence {
	return []digest.Cadence{digest.Daily, digest.Weekly, digest.Monthly}
}

// seal returns the token of the link for a request.
func seal(links *link.Signer, r Request) (string, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("encoding a request: %w", err)
	}
	return links.Encrypt(text), nil
}

// open returns the request of a token, or ErrInvalid, or ErrExpired together with the request.
func open(links *link.Signer, token string, now time.Time) (Request, error) {
	text, err := links.Decrypt(token)
	if err != nil {
		return Request{}, ErrInvalid
	}
	var r Request
	if err := json.Unmarshal(text, &r); err != nil {
		return Request{}, ErrInvalid // encrypted by another version
	}
	if now.Sub(time.Unix(r.Asked, 0)) > Validity {
		return r, ErrExpired
	}
	return r, nil
}

func newID() string {
	var id [16]byte
	rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:])
}

// ParseAddress returns an address as it is stored and mailed to, with its domain as DNS has it. ok is false for anything but a plain
// address at a public name, and for one that looks like another.
func ParseAddress(text string) (address string, ok bool) {
	text = strings.TrimFunc(text, func(r rune) bool { return unicode.IsSpace(r) || isInvisible(r) }) // chats copy marks of direction with it
	if strings.ContainsFunc(text, isInvisible) || mixesAlphabets(text) {
		return "", false
	}
	address, err := mail.Mailbox(text)
	domain := address[strings.LastIndexByte(address, '@')+1:]
	top := domain[strings.LastIndexByte(domain, '.')+1:]
	return address, err == nil && top != domain && strings.Trim(top, "0123456789") != ""
}

// Visible returns a text without the characters that cannot be seen, so that a person who is asked to correct it sees what it is.
func Visible(text string) string {
	return strings.Map(func(r rune) rune {
		if isInvisible(r) {
			return -1
		}
		return r
	}, text)
}

// isInvisible reports whether a character cannot be seen. IDNA leaves most of them out, so the address would be another one than it seems.
func isInvisible(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// mixesAlphabets reports whether a label of a domain has letters of several alphabets that look alike, such as a Cyrillic "o" among Latin
// letters.
func mixesAlphabets(text string) bool {
	for label := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '.' || r == '@' }) {
		var alphabets int
		for _, alphabet := range []*unicode.RangeTable{unicode.Latin, unicode.Cyrillic, unicode.Greek} {
			if strings.ContainsFunc(label, func(r rune) bool { return unicode.Is(alphabet, r) }) {
				alphabets++
			}
		}
		if alphabets > 1 {
			return true
		}
	}
	return false
}
