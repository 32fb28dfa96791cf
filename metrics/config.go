package metrics

import (
	"fmt"
	"net"
)

// Config is the [metrics] table.
type Config struct {
	Listen string `toml:"listen"` // empty: nowhere
}

// Validate says what is wrong, each error beginning with its key.
func (c Config) Validate() error {
	if c.Listen == "" {
		return nil
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return fmt.Errorf("listen is %q: give an address and a port, such as \"127.0.0.1:9826\"", c.Listen)
	}
	return nil
}
