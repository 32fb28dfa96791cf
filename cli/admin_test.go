package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// runPasswd runs admin passwd with input on its standard input.
func runPasswd(t *testing.T, input string) (out, errOut string, err error) {
	t.Helper()
	var o, e bytes.Buffer
	root := (&cmdEnv{out: &o, err: &e, getenv: func(string) string { return "" }}).root()
	root.SetArgs([]string{"admin", "passwd"})
	root.SetIn(strings.NewReader(input))
	err = root.ExecuteContext(t.Context())
	return o.String(), e.String(), err
}

func TestAdminPasswd_PrintsConfigLine(t *testing.T) {
	out, errOut, err := runPasswd(t, "correct horse battery\r\n")
	if err != nil || !regexp.MustCompile(`^password_hash = "\$argon2id\$v=19\$m=65536,t=3,p=4\$[^"]+"\n$`).MatchString(out) {
		t.Fatalf("printed %q, %q, %v", out, errOut, err)
	}
	if strings.Contains(out+errOut, "horse") {
		t.Error("the password was printed")
	}
	p := newTestForum(t)
	text, err := os.ReadFile(p.config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.config, []byte(string(text)+"\n[admin]\n"+out), 0o600); err != nil {
		t.Fatal(err)
	}
	checked, _, _ := run(t, "check", "--offline", "-c", p.config)
	wantOutput(t, checked, "ok    admin: at http://127.0.0.1:8027, with a password")
}

func TestAdminPasswd_RejectsShortPassword(t *testing.T) {
	for _, input := range []string{"", "\n", "short\n"} {
		if out, _, err := runPasswd(t, input); err == nil || out != "" || !strings.Contains(err.Error(), "12 or more") {
			t.Errorf("%q: printed %q, %v", input, out, err)
		}
	}
}

func TestCheck_ReportsAdminOffWithoutPassword(t *testing.T) {
	p := newTestForum(t)
	out, _, _ := run(t, "check", "--offline", "-c", p.config)
	wantOutput(t, out, "ok    admin: off: no password is set; to create one, run: postrider admin passwd")
}

// freeAddress returns a local address with a free port.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// getStatus returns the status code of a GET request.
func getStatus(t *testing.T, address string) int {
	t.Helper()
	response, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

func TestRun_ServesAdminPagesOnOwnListener(t *testing.T) {
	hash, _, err := runPasswd(t, "correct horse battery\n")
	if err != nil {
		t.Fatal(err)
	}
	p, public, private := newTestForum(t), freeAddress(t), freeAddress(t)
	text, err := os.ReadFile(p.config)
	if err != nil {
		t.Fatal(err)
	}
	more := fmt.Sprintf("\n[web]\nlisten = %q\n[admin]\nlisten = %q\n%s", public, private, hash)
	if err := os.WriteFile(p.config, append(text, more...), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	log, end := io.Pipe()
	ended := make(chan int)
	go func() {
		ended <- Run(ctx, []string{"run", "--mail-dir", t.TempDir(), "-c", p.config}, io.Discard, end, func(string) string { return "" })
		end.Close()
	}()
	lines := bufio.NewScanner(log)
	giveUp := time.AfterFunc(time.Minute, func() { end.CloseWithError(errors.New("the log does not mention the admin pages within a minute")) })
	for lines.Scan() && !strings.Contains(lines.Text(), "admin pages open") {
	}
	giveUp.Stop()
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, log)
	for address, want := range map[string]int{
		"http://" + private + "/login": http.StatusOK, "http://" + private + "/u/x": http.StatusOK, // redirects to the login page
		"http://" + public + "/login": http.StatusNotFound, "http://" + public + "/postrider/login": http.StatusNotFound, "http://" + public + "/healthz": http.StatusOK,
	} {
		if got := getStatus(t, address); got != want {
			t.Errorf("%s: status %d, want %d", address, got, want)
		}
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("the daemon exited with %d", code)
	}
}
