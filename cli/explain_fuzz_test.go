package cli

import (
	"strconv"
	"strings"
	"testing"
)

// FuzzPostIDs checks that the values of explain --post are IDs or rejected with an error on one line.
func FuzzPostIDs(f *testing.F) {
	for _, text := range []string{"4711", "0", "-1", "+7", "9223372036854775808", "0x10", " 1", "1_000", "１", "\x00", "1\n2", "https://forum.example/posts/7/"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ids, err := postIDs([]string{text, "1"})
		switch {
		case err != nil && (strings.ContainsAny(err.Error(), "\r\n") || !strings.Contains(err.Error(), "--post")):
			t.Errorf("error %q", err)
		case err == nil && (len(ids) != 2 || ids[0] <= 0 || strings.TrimLeft(text, "+0") != strconv.FormatInt(int64(ids[0]), 10)):
			t.Errorf("%q gives %v", text, ids)
		}
	})
}
