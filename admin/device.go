package admin

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"
)

// deviceMaxAge is how long a browser is known after its last login.
const deviceMaxAge = 365 * 24 * time.Hour

// deviceIDBytes is the size of the random ID of a browser.
const deviceIDBytes = 16

// deviceOf returns the ID of a browser that was logged in with the current password before; empty: it is not known. Nobody else
// can use up the attempts of such a browser. See OWASP, "Slow Down Online Guessing Attacks with Device Cookies".
func (s *Server) deviceOf(r *http.Request) string {
	if s.passwordFingerprint == "" {
		return ""
	}
	c, err := r.Cookie(s.deviceCookieName())
	if err != nil {
		return ""
	}
	id, mac, _ := strings.Cut(c.Value, ".")
	if !hmac.Equal([]byte(mac), []byte(s.signDevice(id))) {
		return ""
	}
	return id
}

// deviceCookie is the cookie that makes a browser known. It lasts longer than the session and opens nothing.
func (s *Server) deviceCookie(r *http.Request) *http.Cookie {
	id := s.deviceOf(r)
	if id == "" {
		random := make([]byte, deviceIDBytes)
		rand.Read(random) // never fails
		id = base64.RawURLEncoding.EncodeToString(random)
	}
	c := s.cookie(id+"."+s.signDevice(id), int(deviceMaxAge/time.Second))
	c.Name = s.deviceCookieName()
	return c
}

func (s *Server) deviceCookieName() string { return s.cookieName() + "-device" }

// signDevice signs the ID of a browser. The key is part of the password's hash, so a new password makes all browsers unknown.
func (s *Server) signDevice(id string) string {
	mac := hmac.New(sha256.New, s.passwordHash.key)
	mac.Write([]byte("device " + id))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
