package cli

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"
)

// passwd runs admin passwd with something on its standard input.
func passwd(t *testing.T, input string) (out, errOut string, err error) {
	t.Helper()
	var o, e bytes.Buffer
	root := (&console{out: &o, err: &e, getenv: func(string) string { return "" }}).root()
	root.SetArgs([]string{"admin", "passwd"})
	root.SetIn(strings.NewReader(input))
	err = root.ExecuteContext(t.Context())
	return o.String(), e.String(), err
}

func TestAPasswordBecomesALineOfTheConfigurationThatOpensTheRoom(t *testing.T) {
	out, errOut, err := passwd(t, "correct horse battery\r\n")
	if err != nil || !regexp.MustCompile(`^password_hash = "\$argon2id\$v=19\$m=65536,t=3,p=4\$[^"]+"\n$`).MatchString(out) {
		t.Fatalf("printed %q, %q, %v", out, errOut, err)
	}
	if strings.Contains(out+errOut, "horse") {
		t.Error("the password was printed")
	}
	p := newParish(t)
	text, err := os.ReadFile(p.config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.config, []byte(string(text)+"\n[admin]\n"+out), 0o600); err != nil {
		t.Fatal(err)
	}
	checked, _, _ := run(t, "check", "--offline", "-c", p.config)
	says(t, checked, "ok    admin: at http://127.0.0.1:8027, with a password")
}

func TestAPasswordThatIsShortIsRefused(t *testing.T) {
	for _, input := range []string{"", "\n", "short\n"} {
		if out, _, err := passwd(t, input); err == nil || out != "" || !strings.Contains(err.Error(), "12 or more") {
			t.Errorf("%q: printed %q, %v", input, out, err)
		}
	}
}

func TestWithoutAPasswordCheckSaysThatTheRoomIsOff(t *testing.T) {
	p := newParish(t)
	out, _, _ := run(t, "check", "--offline", "-c", p.config)
	says(t, out, "ok    admin: off: there is no password. To make one: postrider admin passwd")
}
