package mail

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"

	"postrider/internal/smtptest"
)

func TestConfig_ReadsTOML(t *testing.T) {
	var c SMTPConfig
	meta, err := toml.Decode(`
url         = "smtps://rider@mail.example.org"
password    = "secret"
helo        = "forum.example.org"
ca_file     = "ca.pem"
timeout     = "45s"
max_connections = 4
`, &c)
	if err != nil || len(meta.Undecoded()) > 0 {
		t.Fatalf("%v, not understood: %v", err, meta.Undecoded())
	}
	want := SMTPConfig{URL: "smtps://rider@mail.example.org", Password: "secret", HELO: "forum.example.org", CAFile: "ca.pem", Timeout: 45 * time.Second, MaxConnections: 4}
	if c != want {
		t.Errorf("got %+v, want %+v", c, want)
	}
}

func TestConfig_Validate(t *testing.T) {
	notPEM := filepath.Join(t.TempDir(), "not.pem")
	if err := os.WriteFile(notPEM, []byte("no"), 0o600); err != nil {
		t.Fatal(err)
	}
	authority := smtptest.New(t, smtptest.WithTLS()).CAFile()
	for _, tt := range []struct {
		name   string
		config SMTPConfig
		want   []string // of the error; none: it is right
	}{
		{"a relay on this machine", SMTPConfig{URL: "smtp://127.0.0.1:25"}, nil},
		{"without a port", SMTPConfig{URL: "smtp://[::1]"}, nil},
		{"all set", SMTPConfig{URL: "smtps://rider@mail.example.org:465/", Password: "x", HELO: "forum.example.org", CAFile: authority, Timeout: time.Minute, MaxConnections: 50}, nil},
		{"nothing", SMTPConfig{}, []string{"url: ", "smtp://127.0.0.1:25"}},
		{"a host alone", SMTPConfig{URL: "mail.example.org:25"}, []string{"url: "}},
		{"another scheme", SMTPConfig{URL: "https://mail.example.org"}, []string{`url: invalid scheme "https"`, "smtps"}},
		{"a port that is none", SMTPConfig{URL: "smtp://mail.example.org:70000"}, []string{`url: invalid port "70000"`}},
		{"a path", SMTPConfig{URL: "smtp://mail.example.org/x"}, []string{"url: invalid: must end after the port"}},
		{"a password in the url", SMTPConfig{URL: "smtps://rider:s3cr3t@mail.example.org"}, []string{"url: invalid: must not contain a password", "password_file"}},
		{"a broken url with a password", SMTPConfig{URL: "smtps://rider:s3cr3t@mail example.org:x"}, []string{"url: invalid: must be like"}},
		{"a user without a password", SMTPConfig{URL: "smtps://rider@mail.example.org"}, []string{"password: ", "rider", "POSTRIDER_SMTP_PASSWORD"}},
		{"a password without a user", SMTPConfig{URL: "smtps://mail.example.org", Password: "s3cr3t"}, []string{"password: ", "user"}},
		{"several at once", SMTPConfig{URL: "smtp://h", HELO: "a b\r\nMAIL", Timeout: time.Millisecond, MaxConnections: 1000, CAFile: notPEM}, []string{"helo: ", "timeout: ", "max_connections: ", "ca_file: "}},
		{"a CA file that is not there", SMTPConfig{URL: "smtps://h", CAFile: filepath.Join(t.TempDir(), "none")}, []string{"ca_file: "}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.config.Validate()
			if (err == nil) != (tt.want == nil) {
				t.Fatalf("Validate() = %v, want %q", err, tt.want)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("Validate() = %v, want %q in it", err, want)
				}
			}
			if err != nil && strings.Contains(err.Error(), "s3cr3t") {
				t.Errorf("the error holds the password: %v", err)
			}
			if s, newErr := NewSMTP(tt.config, discard); (newErr == nil) != (err == nil) {
				t.Errorf("NewSMTP = %v, %v, want as Validate: %v", s, newErr, err)
			}
		})
	}
}

func TestConfig_PlaintextPasswordOnLoopbackOnly(t *testing.T) {
	for host, want := range map[string]bool{
		"127.0.0.1": true, "127.1.2.3": true, "::1": true, "localhost": true,
		"10.0.0.1": false, "mail.example.org": false, "localhost.example.org": false, "192.168.1.1": false,
	} {
		if got := (relay{host: host}).local(); got != want {
			t.Errorf("local(%s) = %v, want %v", host, got, want)
		}
	}
}
