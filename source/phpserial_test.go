package source

import (
	"strings"
	"testing"
)

func TestPHPRights_DecodesPermissionCache(t *testing.T) {
	all := grant{view: true, read: true}
	for _, tt := range []struct {
		name  string
		cache string
		want  grant
	}{
		{"three flags", `a:3:{s:4:"view";b:1;s:10:"viewOthers";b:1;s:11:"viewContent";b:1;}`, all},
		{"flags as numbers and texts", `a:3:{s:4:"view";i:1;s:10:"viewOthers";s:1:"1";s:11:"viewContent";b:1;}`, all},
		{"limits among them", `a:5:{s:4:"edit";i:-1;s:4:"view";b:1;i:7;d:0.5;s:11:"viewContent";b:1;s:1:"x";N;}`, grant{view: true, read: true, own: true}},
		{"flags of an inner array are not ours", `a:2:{s:5:"forum";a:2:{s:4:"view";b:1;s:11:"viewContent";b:1;}s:4:"view";b:0;}`, grant{own: true}},
		{"a text that looks like a flag", `a:1:{s:4:"note";s:15:"s:4:"view";b:1;";}`, grant{own: true}},
		{"nothing", `a:0:{}`, grant{own: true}},
		{"the last of two wins, as in PHP", `a:2:{s:4:"view";b:1;s:4:"view";b:0;}`, grant{own: true}},
	} {
		if got, err := phpRights([]byte(tt.cache)); got != tt.want || err != nil {
			t.Errorf("%s: %+v, %v, want %+v", tt.name, got, err, tt.want)
		}
	}
}

func TestPHPRights_RejectsMalformedCache(t *testing.T) {
	for _, tt := range []struct{ name, cache string }{
		{"nothing at all", ``},
		{"no array", `b:1;`},
		{"an object", `O:8:"stdClass":1:{s:4:"view";b:1;}`},
		{"an object within", `a:1:{s:4:"view";O:8:"stdClass":0:{}}`},
		{"a reference", `a:2:{s:1:"a";b:1;s:4:"view";R:2;}`},
		{"a custom class", `a:1:{s:4:"view";C:1:"X":0:{}}`},
		{"cut off", `a:1:{s:4:"view";b:1;`},
		{"more than is counted", `a:1:{s:4:"view";b:1;s:1:"x";b:1;}`},
		{"less than is counted", `a:2:{s:4:"view";b:1;}`},
		{"something behind it", `a:0:{}a:0:{}`},
		{"a length that lies", `a:1:{s:5:"view";b:1;}`},
		{"a length beyond everything", `a:1:{s:2147483647:"view";b:1;}`},
		{"a negative length", `a:-1:{}`},
		{"a truth that is none", `a:1:{s:4:"view";b:2;}`},
		{"a key that is an array", `a:1:{a:0:{}b:1;}`},
		{"a nest without end", strings.Repeat(`a:1:{i:0;`, 100000)},
		{"JSON", `{"view":true}`},
	} {
		if got, err := phpRights([]byte(tt.cache)); err == nil || got != (grant{}) {
			t.Errorf("%s: %+v, %v, want an error and no right", tt.name, got, err)
		}
	}
}

// Whatever the cache holds, a flag that is told stands in it, and nothing is told of what cannot be read.
func FuzzPHP(f *testing.F) {
	f.Add([]byte(`a:3:{s:4:"view";b:1;s:10:"viewOthers";i:1;s:11:"viewContent";s:1:"1";}`))
	f.Add([]byte(`a:2:{i:0;a:1:{i:1;N;}s:1:"x";d:0.5;}`))
	f.Add([]byte(`a:1:{s:15:"s:4:"view";b:1;";b:0;}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		flags, err := parsePHPFlags(text)
		if err != nil && flags != nil {
			t.Errorf("%v with an error: %v", flags, err)
		}
		for name, set := range flags {
			if set && !strings.Contains(string(text), name) && !isNumber(name) {
				t.Errorf("flag %q is not in %q", name, text)
			}
		}
	})
}

func isNumber(name string) bool { return strings.Trim(name, "-0123456789") == "" }

func FuzzJSONRights(f *testing.F) {
	f.Add([]byte(`{"view":true,"viewOthers":1,"viewContent":"1"}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		g, err := jsonRights(text)
		if err != nil && g != (grant{}) {
			t.Errorf("%+v with an error: %v", g, err)
		}
		if (g.view || g.read) && !strings.Contains(string(text), "view") && !strings.Contains(string(text), `\u`) {
			t.Errorf("%+v of %q", g, text)
		}
	})
}
