package dsn

import (
	"strings"
	"testing"
)

func TestCheckPassword_NamesCharacter(t *testing.T) {
	for password, want := range map[string]string{
		"p#ZZ": "%23", "p/ZZ": "%2F", "12/3": "%2F", "p?ZZ": "%3F", "p%ZZ": "%25", "p ZZ": "%20", "p[ZZ": "%5B",
		"p%40ZZ": "", "p@ZZ": "", "p:ZZ": "", "p!$&'()*+,;=-._~": "", "": "",
	} {
		for _, form := range []string{"mysql://me:", "postgres://me:"} {
			err := CheckPassword(form + password + "@db.example.org:3306/forum?tls=true")
			switch {
			case want == "" && err != nil, want != "" && (err == nil || !strings.Contains(err.Error(), want)):
				t.Errorf("password %q: %v, want %q", password, err, want)
			case err != nil && strings.Contains(err.Error(), "ZZ"):
				t.Errorf("the error repeats the password: %v", err)
			}
		}
	}
	for _, dsn := range []string{"sqlite:/srv/a@b#c.db", "mysql://me@host/forum", "postgres://host/db", "postgres:///db?host=/run/x", "nonsense"} {
		if err := CheckPassword(dsn); err != nil {
			t.Errorf("%s: %v", dsn, err)
		}
	}
}
