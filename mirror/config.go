package mirror

import (
	"errors"
	"fmt"
	"time"
)

// Config is the [mirror] table.
type Config struct {
	PushSecret string        `toml:"push_secret"` // empty: nothing can be sent
	KeepTexts  time.Duration `toml:"keep_texts"`
}

const day = 24 * time.Hour

// DefaultConfig accepts nothing, and keeps texts as long as a monthly digest needs them.
func DefaultConfig() Config { return Config{KeepTexts: 35 * day} }

// minSecretLength is the least number of characters in a secret that must not be guessed.
const minSecretLength = 16

// Validate returns every invalid key; each error begins with its key.
func (c Config) Validate() error {
	var errs []error
	if c.PushSecret != "" && len(c.PushSecret) < minSecretLength {
		errs = append(errs, fmt.Errorf("push_secret has %d characters: use %d or more, for example the output of: openssl rand -hex 32", len(c.PushSecret), minSecretLength))
	}
	if c.KeepTexts < 35*day || c.KeepTexts > 3660*day {
		errs = append(errs, fmt.Errorf("keep_texts: invalid duration %v: must be between 840h (35 days, as long as a monthly digest needs) and 87840h", c.KeepTexts))
	}
	return errors.Join(errs...)
}
