package source

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"postrider/internal/sqlfile"
)

// Config is the [forum] table of the configuration.
type Config struct {
	Type    string        `toml:"type"`    // one of Types
	DSN     string        `toml:"dsn"`     // "mysql://user:password@host:3306/database", "sqlite:PATH"
	URL     string        `toml:"url"`     // the forum's address, for links
	Name    string        `toml:"name"`    // the forum's name, for mails
	Prefix  string        `toml:"prefix"`  // of table names; empty: the type's own
	Queries string        `toml:"queries"` // an .sql file whose queries replace the type's own; empty: none
	Timeout time.Duration `toml:"timeout"` // longest time that one statement may take
}

// DefaultConfig is what holds where the owner says nothing.
func DefaultConfig() Config { return Config{Timeout: 30 * time.Second} }

var prefixes = regexp.MustCompile(`^[A-Za-z0-9_]*$`)

// Validate says what is wrong, each error beginning with its key. No error shows the password.
func (c Config) Validate() error {
	var errs []error
	k, known := forumTypeNamed(c.Type)
	if !known {
		errs = append(errs, fmt.Errorf("type is %q: choose one of %s", c.Type, strings.Join(typeNames(), ", ")))
	}
	t, err := parseDSN(c.DSN)
	if err != nil {
		errs = append(errs, err)
	} else if known && !k.supports(t.engine) {
		errs = append(errs, fmt.Errorf("dsn is for %s, but %s runs on %s", t.engine, c.Type, engineNames(k.engines)))
	}
	if u, err := url.Parse(c.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		errs = append(errs, fmt.Errorf("url is %q, which is no web address: give the forum's own, such as \"https://forum.example.org\"", c.URL))
	}
	if !prefixes.MatchString(c.Prefix) {
		errs = append(errs, fmt.Errorf("prefix is %q: give what the forum's table names begin with, letters, digits and _ only", c.Prefix))
	}
	if c.Timeout < time.Second || c.Timeout > time.Hour {
		errs = append(errs, fmt.Errorf("timeout is %v: choose \"1s\" to \"1h\"", c.Timeout))
	}
	return errors.Join(errs...)
}

func engineNames(engines []sqlfile.Engine) string {
	names := make([]string, len(engines))
	for i, e := range engines {
		names[i] = string(e)
	}
	return strings.Join(names, " or ")
}
