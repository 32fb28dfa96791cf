package cli

import (
	"strings"
	"testing"
)

// FuzzPostReferences checks that the values of explain --post are references or rejected with an error on one line.
func FuzzPostReferences(f *testing.F) {
	for _, text := range []string{"4711", "0", "-1", "T66", "9223372036854775808", "0x10", " 1", "1_000", "１", "\x00", "1\n2", "1,2;3", "https://forum.example/posts/7/"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := postReferences([]string{text, "1"})
		if err != nil {
			if strings.ContainsAny(err.Error(), "\r\n") || !strings.Contains(err.Error(), "--post") {
				t.Errorf("error %q", err)
			}
			return
		}
		for _, r := range list {
			if r.Post < 0 || r.Thread < 0 || (r.Post != 0) == (r.Thread != 0 || r.Link != "") || r.Thread != 0 && r.Link != "" {
				t.Errorf("%q gives %+v", text, r)
			}
		}
	})
}
