package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// secret is a value from the configuration, a separate file or the environment.
type secret struct {
	key   string // "smtp.password"
	value *string
	file  string // path, from the key with the suffix _file
}

func (c *Config) secrets() []secret {
	return []secret{
		{"forum.dsn", &c.Forum.DSN, c.Forum.DSNFile},
		{"mirror.push_secret", &c.Mirror.PushSecret, c.Mirror.PushSecretFile},
		{"store.dsn", &c.Store.DSN, c.Store.DSNFile},
		{"smtp.password", &c.SMTP.Password, c.SMTP.PasswordFile},
		{"bounces.password", &c.Bounces.Password, c.Bounces.PasswordFile},
		{"smtp.fallback.password", &c.SMTP.Fallback.Password, c.SMTP.Fallback.PasswordFile},
		{"smtp.announcements.password", &c.SMTP.Announcements.Password, c.SMTP.Announcements.PasswordFile},
		{"alarms.secret", &c.Alarms.Secret, c.Alarms.SecretFile},
		{"admin.password_hash", &c.Admin.PasswordHash, c.Admin.PasswordHashFile},
		{"web.hook_secret", &c.Web.HookSecret, c.Web.HookSecretFile},
		{"web.link_secret", &c.Web.LinkSecret, c.Web.LinkSecretFile},
	}
}

// env returns the variable that overrides the key: POSTRIDER_SMTP_PASSWORD.
func (s secret) env() string {
	return "POSTRIDER_" + strings.ToUpper(strings.ReplaceAll(s.key, ".", "_"))
}

// read sets the secret. The environment takes precedence over the file, and the file over the configuration. A relative
// path is relative to dir, the folder of the configuration.
func (s secret) read(dir string, getenv func(string) string) error {
	if v := getenv(s.env()); v != "" {
		*s.value = v
		return nil
	}
	if s.file == "" {
		return nil
	}
	path := resolvePath(dir, s.file)
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("%s_file: %w; must be a file that postrider may read", lastPart(s.key), err)
	}
	*s.value = strings.TrimRight(string(text), "\r\n")
	if *s.value == "" {
		return fmt.Errorf("%s_file: %s is empty: must contain the secret", lastPart(s.key), path)
	}
	return nil
}

// resolvePath returns the path of a file that is relative to dir. It leaves empty and absolute paths alone.
func resolvePath(dir, file string) string {
	if file == "" || filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(dir, file)
}
