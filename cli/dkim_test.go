package cli

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"postrider/demo"
)

// newSigningForum makes a sample forum whose configuration names a key for signing, which it has too.
func newSigningForum(t *testing.T) (config, keyFile string) {
	t.Helper()
	dir := t.TempDir()
	forum := filepath.Join(dir, "forum.db")
	if err := demo.Create(t.Context(), forum, time.Now()); err != nil {
		t.Fatal(err)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	keyFile = filepath.Join(dir, "key.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	if err := os.WriteFile(keyFile, text, 0o600); err != nil {
		t.Fatal(err)
	}
	config = filepath.Join(dir, "config.toml")
	text = []byte(demoConfig(dir, forum, "smtp://127.0.0.1:25") + "[dkim]\nselector = \"pr1\"\nkey_file = \"key.pem\"\n")
	if err := os.WriteFile(config, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return config, keyFile
}

// runCombined runs a command line and gives its exit code and all that it printed.
func runCombined(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var out bytes.Buffer
	code := Run(t.Context(), args, &out, &out, func(string) string { return "" })
	return code, out.String()
}

// signedFields returns the fields that the only signature of a message covers. It must verify with this record of this name.
func signedFields(t *testing.T, raw []byte, name, record string) []string {
	t.Helper()
	found, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{
		LookupTXT: func(asked string) ([]string, error) {
			if asked != name {
				return nil, fmt.Errorf("the signature names the record %s, want %s", asked, name)
			}
			return []string{record}, nil
		},
	})
	if err != nil || len(found) != 1 || found[0].Err != nil {
		t.Fatalf("%v %v, want one signature that verifies", found, err)
	}
	return found[0].HeaderKeys
}

func TestRun_SignaturesMatchCheckedRecord(t *testing.T) {
	config, _ := newSigningForum(t)
	_, report := runCombined(t, "check", "--offline", "-c", config)
	domain := demo.From[strings.LastIndexByte(demo.From, '@')+1:]
	domain = strings.TrimSuffix(domain, ">")
	if want := "ok    dkim: signs for " + domain + " with pr1\n"; !strings.Contains(report, want) {
		t.Fatalf("check printed\n%s\nwant %q in it", report, want)
	}
	lines := strings.Split(report, "\n")
	at := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, "v=DKIM1; k=rsa; p=") })
	if at < 1 || !strings.HasSuffix(lines[at-1], "pr1._domainkey."+domain+":") {
		t.Fatalf("check printed no record with its name:\n%s", report)
	}
	record := strings.TrimSpace(lines[at])

	mails := filepath.Join(t.TempDir(), "mails")
	if code, said := runCombined(t, "run", "--once", "--mail-dir", mails, "-c", config); code != 0 {
		t.Fatalf("run exited with %d: %s", code, said)
	}
	files, err := filepath.Glob(filepath.Join(mails, "*.eml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("run wrote %d mails, %v", len(files), err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		signed := signedFields(t, raw, "pr1._domainkey."+domain, record)
		for _, name := range []string{"List-Unsubscribe", "List-Unsubscribe-Post"} {
			if !slices.Contains(signed, name) || !bytes.Contains(raw, []byte("\r\n"+name+": ")) {
				t.Errorf("%s: %s is not there, or not signed: %v", file, name, signed)
			}
		}
	}
}

func TestAnnounceTest_SignsWithCheckedRecordOfAnnouncements(t *testing.T) {
	config, keyFile := newSigningForum(t)
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	own := "[smtp.announcements]\nfrom = \"News <news@news.example>\"\n[smtp.announcements.dkim]\nselector = \"n1\"\nkey_file = " + quoted(keyFile) + "\n"
	if err := os.WriteFile(config, append(text, own...), 0o600); err != nil {
		t.Fatal(err)
	}
	_, report := runCombined(t, "check", "--offline", "-c", config)
	wantOutput(t, report, "dkim: signs for upperberth.example with pr1\n", "announcements dkim: signs for news.example with n1\n", "n1._domainkey.news.example:\n")
	_, record, _ := strings.Cut(report, "n1._domainkey.news.example:\n")
	record, _, _ = strings.Cut(record, "\n")

	notice, mails := filepath.Join(t.TempDir(), "notice.md"), t.TempDir()
	if err := os.WriteFile(notice, []byte(sampleAnnouncement), 0o600); err != nil {
		t.Fatal(err)
	}
	mustRun(t, "announce", "new", notice, "-c", config)
	mustRun(t, "announce", "test", "1", "me@example.org", "--mail-dir", mails, "-c", config)
	raw := readOnlyFile(t, mails)
	if from := parseMessage(t, raw).head.Get("From"); from != `"News" <news@news.example>` {
		t.Errorf("the announcement is from %s", from)
	}
	signedFields(t, raw, "n1._domainkey.news.example", strings.TrimSpace(record))
}

func TestRun_RejectsReadableKeyFile(t *testing.T) {
	config, keyFile := newSigningForum(t)
	if err := os.Chmod(keyFile, 0o644); err != nil {
		t.Fatal(err)
	}
	mails := filepath.Join(t.TempDir(), "mails")
	code, report := runCombined(t, "run", "--once", "--mail-dir", mails, "-c", config)
	if want := "dkim.key_file: " + keyFile; code != 2 || !strings.Contains(report, want) || !strings.Contains(report, "chmod 600 "+keyFile) {
		t.Errorf("run exited with %d and said %q, want 2, %q and a fix", code, report, want)
	}
	if files, _ := filepath.Glob(filepath.Join(mails, "*.eml")); len(files) > 0 {
		t.Errorf("run wrote %d mails, want none", len(files))
	}
	code, report = runCombined(t, "check", "--offline", "-c", config)
	if code != 1 || !strings.Contains(report, "FAIL  dkim: dkim.key_file: ") {
		t.Errorf("check exited with %d and said %q, want 1 and dkim to fail", code, report)
	}
}

func TestCheck_ReportsRelaySigns(t *testing.T) {
	config, _ := newSigningForum(t)
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	plain, _, _ := strings.Cut(string(text), "[dkim]")
	if err := os.WriteFile(config, []byte(plain), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, report := runCombined(t, "check", "--offline", "-c", config); !strings.Contains(report, "ok    dkim: off: the relay signs\n") {
		t.Errorf("check printed\n%s", report)
	}
}
