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
	URL     string        `toml:"url"`     // the forum's URL, for links
	Name    string        `toml:"name"`    // the forum's name in messages
	Prefix  string        `toml:"prefix"`  // of table names; empty: the type's default
	Queries string        `toml:"queries"` // an .sql file whose queries replace the type's; empty: none
	Timeout time.Duration `toml:"timeout"` // maximum duration of one statement

	OptOut string `toml:"opt_out"` // OptOutByKind (also if empty) or OptOutAll
	// MailFlagOff is MailFlagOffDigest (also if empty) or MailFlagOffNothing.
	MailFlagOff string   `toml:"mail_flag_off"`
	ShowTags    []string `toml:"show_tags"` // the forum's own BB codes whose content may be in emails
}

// DefaultConfig returns the default settings.
func DefaultConfig() Config {
	return Config{Timeout: 30 * time.Second, OptOut: OptOutByKind, MailFlagOff: MailFlagOffDigest, ShowTags: []string{}}
}

var prefixes = regexp.MustCompile(`^[A-Za-z0-9_]*$`)

var tagNames = regexp.MustCompile(`^[\p{L}\p{N}_.*-]{1,64}$`)

// Validate returns all invalid keys; each error starts with its key. No error contains the password.
func (c Config) Validate() error {
	var errs []error
	k, known := forumTypeNamed(c.Type)
	if !known {
		errs = append(errs, fmt.Errorf("type: unknown forum type %q: must be one of %s", c.Type, strings.Join(typeNames(), ", ")))
	}
	if known && k.homemade && c.Queries == "" {
		errs = append(errs, errors.New("queries: missing: forum type custom reads everything through a file of yours; to begin one: postrider forums custom > forum.sql"))
	}
	t, err := parseDSN(c.DSN)
	if err != nil {
		errs = append(errs, err)
	} else if known && !k.supports(t.engine) {
		errs = append(errs, fmt.Errorf("dsn: wrong database type %s: must be %[3]s for forum type %[2]s", t.engine, c.Type, engineNames(k.engines)))
	}
	if u, err := url.Parse(c.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		errs = append(errs, fmt.Errorf("url: invalid URL %q: must be the forum's http or https URL, for example \"https://forum.example.org\"", c.URL))
	}
	if !prefixes.MatchString(c.Prefix) {
		errs = append(errs, fmt.Errorf("prefix: invalid prefix %q: must be the start of the forum's table names, with only letters, digits and _", c.Prefix))
	}
	for _, name := range c.ShowTags {
		if !tagNames.MatchString(name) {
			errs = append(errs, fmt.Errorf("show_tags: invalid name %q: must be the name of a BB code without brackets, for example \"spoilerbox\"", name))
		}
	}
	if c.OptOut != "" && c.OptOut != OptOutByKind && c.OptOut != OptOutAll {
		errs = append(errs, fmt.Errorf("opt_out: invalid value %q: must be %q or %q", c.OptOut, OptOutByKind, OptOutAll))
	}
	if c.MailFlagOff != "" && c.MailFlagOff != MailFlagOffDigest && c.MailFlagOff != MailFlagOffNothing {
		errs = append(errs, fmt.Errorf("mail_flag_off: invalid value %q: must be %q or %q", c.MailFlagOff, MailFlagOffDigest, MailFlagOffNothing))
	}
	if c.Timeout < time.Second || c.Timeout > time.Hour {
		errs = append(errs, fmt.Errorf("timeout: invalid duration %v: must be between 1s and 1h", c.Timeout))
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
