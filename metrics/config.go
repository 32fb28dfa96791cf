package metrics

import (
	"fmt"
	"net"
)

// Config is the [metrics] table.
type Config struct {
	Listen string `toml:"listen"` // empty: metrics are not served
}

// Validate returns all invalid keys; each error starts with its key.
func (c Config) Validate() error {
	if c.Listen == "" {
		return nil
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return fmt.Errorf("listen: invalid address %q: must be an address and a port, for example \"127.0.0.1:9826\"", c.Listen)
	}
	return nil
}
