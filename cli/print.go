package cli

import (
	"encoding/json"
	"fmt"
)

// json prints a value as indented JSON without escaping HTML characters.
func (c *cmdEnv) json(v any) error {
	enc := json.NewEncoder(c.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}
