package audience

import (
	"strings"
	"testing"
)

func TestParseMemberList_CommonExports(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"one per line", "42\nRay\n\n ray@example.org \n", "42|Ray|ray@example.org"},
		{"a heading with the column name", "name,Email,posts\nRay,ray@example.org,3\nBo,bo@example.org,4\n", "ray@example.org|bo@example.org"},
		{"the ID before the address", "Email;x,user_id\na@b,1\n", "1"},
		{"quoted, with a comma and a byte order mark", "\ufeffusername\n\"O'Brien, Miles\"\n", "O'Brien, Miles"},
		{"without a heading", "Ray,x\nBo,y\n", "Ray|Bo"},
		{"empty", "", ""},
	} {
		got, err := ParseMemberList(strings.NewReader(tt.text))
		if err != nil || strings.Join(got, "|") != tt.want {
			t.Errorf("%s: %q, %v, want %q", tt.name, strings.Join(got, "|"), err, tt.want)
		}
	}
}

func FuzzParseMemberList(f *testing.F) {
	f.Add("name,Email,posts\nRay,ray@example.org,3\n")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := ParseMemberList(strings.NewReader(text)); err != nil && !strings.Contains(err.Error(), "record on line") && !strings.Contains(err.Error(), "parse error") {
			t.Fatal(err)
		}
	})
}
