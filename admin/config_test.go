package admin_test

import (
	"strings"
	"testing"

	"postrider/admin"
)

func TestHashPassword_MatchesThePassword(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.config.PasswordHash = must(admin.HashPassword("twelve chars"))(t)
	w.open()
	if got := w.browser().logIn("twelve chars"); got.cookie == nil {
		t.Errorf("status %d", got.status)
	}
	if _, err := admin.HashPassword("eleven char"); err == nil {
		t.Error("short password was accepted")
	}
	if a, b := must(admin.HashPassword("twelve chars"))(t), w.config.PasswordHash; a == b {
		t.Error("two hashes of one password are equal: salt is missing")
	}
}

func TestConfig_ReportsEveryError(t *testing.T) {
	t.Parallel()
	good := cheapHash(password)
	for _, c := range []struct {
		name  string
		set   func(*admin.Config)
		fault string // empty: none
	}{
		{"the default", func(*admin.Config) {}, ""},
		{"a password", func(c *admin.Config) { c.PasswordHash = good }, ""},
		{"a plain password", func(c *admin.Config) { c.PasswordHash = "correct horse battery" }, "password_hash"},
		{"a hash of another kind", func(c *admin.Config) { c.PasswordHash = "$2y$10$abcdefghijklmnopqrstuv" }, "password_hash"},
		{"a hash that is cut off", func(c *admin.Config) { c.PasswordHash = good[:len(good)-30] }, "password_hash"},
		{"a hash that is too weak", func(c *admin.Config) { c.PasswordHash = strings.Replace(good, "m=8192", "m=8", 1) }, "password_hash"},
		{"a hash that needs too much memory", func(c *admin.Config) { c.PasswordHash = strings.Replace(good, "m=8192", "m=99999999", 1) }, "password_hash"},
		{"an invalid header", func(c *admin.Config) { c.UserHeader = "Remote User" }, "user_header"},
		{"disabled", func(c *admin.Config) { c.Listen = "" }, ""},
		{"no port", func(c *admin.Config) { c.Listen = "127.0.0.1" }, "listen"},
		{"reachable from other machines", func(c *admin.Config) { c.Listen = "0.0.0.0:8027" }, "listen"},
		{"reachable from other machines, without a host", func(c *admin.Config) { c.Listen = ":8027" }, "listen"},
		{"reachable from other machines by HTTP", func(c *admin.Config) { c.Listen, c.URL = "0.0.0.0:8027", "http://admin.example" }, "listen"},
		{"behind a proxy elsewhere", func(c *admin.Config) { c.Listen, c.URL = "0.0.0.0:8027", "https://admin.example" }, ""},
		{"an invalid URL", func(c *admin.Config) { c.URL = "admin.example" }, "url"},
	} {
		set := admin.DefaultConfig()
		c.set(&set)
		err := set.Validate()
		if c.fault == "" && err != nil || c.fault != "" && (err == nil || !strings.HasPrefix(err.Error(), c.fault+" ")) {
			t.Errorf("%s: %v, want an error of %q", c.name, err, c.fault)
		}
	}
}
