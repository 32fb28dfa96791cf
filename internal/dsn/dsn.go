// Package dsn finds mistakes in database URLs that the parsers of URLs misread.
package dsn

import (
	"fmt"
	"net/url"
	"strings"
)

// CheckPassword returns an error if the password in a URL has a character that ends it too early: everything after it would be read as
// the host or the database, and errors would be about these. The error has only this character. An "@" is fine: the last one ends the password.
func CheckPassword(dsn string) error {
	_, rest, found := strings.Cut(dsn, "://")
	at := strings.LastIndexByte(rest, '@')
	if !found || at < 0 {
		return nil
	}
	_, password, found := strings.Cut(rest[:at], ":")
	if !found {
		return nil
	}
	if i := strings.IndexAny(password, "/?#[] "); i >= 0 {
		return mistake(password[i : i+1])
	}
	if _, err := url.PathUnescape(password); err != nil {
		return mistake("%")
	}
	return nil
}

func mistake(character string) error {
	return fmt.Errorf("the password contains %q: write this character as %%%02X in the URL", character, character[0])
}
