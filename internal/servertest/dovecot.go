package servertest

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Dovecot is a private IMAP server. Any user can log in with the password "secret" and has a
// mailbox.
type Dovecot struct {
	t                  testing.TB
	home               string
	plainPort, tlsPort int
}

const dovecotSettings = `base_dir = %[1]s/run
state_dir = %[1]s/run
log_path = %[1]s/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <%[1]s/cert.pem
ssl_key = <%[1]s/key.pem
disable_plaintext_auth = no
default_internal_user = %[2]s
default_internal_group = %[3]s
default_login_user = %[2]s
mail_location = maildir:%[1]s/mail/%%u
first_valid_uid = 1
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=%[2]s gid=%[3]s home=%[1]s/mail/%%u
}
service imap-login {
  chroot =
  inet_listener imap {
    port = %[4]d
  }
  inet_listener imaps {
    port = %[5]d
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
`

// NewDovecot starts a Dovecot that lives as long as the test. It skips the test if Dovecot is not installed.
func NewDovecot(t testing.TB) *Dovecot {
	t.Helper()
	program, found := Find("dovecot", "/usr/sbin", "/usr/local/sbin")
	if !found {
		t.Skip("SKIPPED: Dovecot is not installed (no dovecot in PATH or /usr/sbin)")
	}
	if _, err := os.Stat(filepath.Join("/usr/lib/dovecot", "imap")); err != nil {
		t.Skip("SKIPPED: Dovecot is installed without its IMAP server (dovecot-imapd)")
	}
	d := &Dovecot{t: t}
	if err := d.start(program); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *Dovecot) start(program string) (err error) {
	if d.home, err = Dir("dovecot"); err != nil {
		return err
	}
	for _, port := range []*int{&d.plainPort, &d.tlsPort} {
		if *port, err = Port(); err != nil {
			return err
		}
	}
	if err := Run(d.home, "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem",
		"-days", "2", "-subj", "/CN=dovecot", "-addext", "subjectAltName=IP:127.0.0.1"); err != nil {
		return fmt.Errorf("creating a certificate: %w", err)
	}
	name, group, err := serverUser()
	if err != nil {
		return err
	}
	config := filepath.Join(d.home, "dovecot.conf")
	text := fmt.Sprintf(dovecotSettings, d.home, name, group, d.plainPort, d.tlsPort)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return err
	}
	process, err := Start(d.checkGreeting, d.home, program, "-F", "-c", config)
	if err != nil {
		return err
	}
	d.t.Cleanup(process.Stop)
	return nil
}

// serverUser returns the names of the user and the group that servers run as.
func serverUser() (name, group string, err error) {
	cred, err := credential()
	if err != nil {
		return "", "", err
	}
	if cred == nil {
		cred = &syscall.Credential{Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid())}
	}
	u, err := user.LookupId(strconv.Itoa(int(cred.Uid)))
	if err != nil {
		return "", "", err
	}
	g, err := user.LookupGroupId(strconv.Itoa(int(cred.Gid)))
	if err != nil {
		return "", "", err
	}
	return u.Username, g.Name, nil
}

func (d *Dovecot) checkGreeting(ctx context.Context) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", d.Address())
	if err != nil {
		return err
	}
	defer conn.Close()
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil && !strings.HasPrefix(line, "* OK") {
		err = fmt.Errorf("unexpected greeting %q", line)
	}
	return err
}

// Address returns the address for IMAP without encryption.
func (d *Dovecot) Address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(d.plainPort)) }

// TLSAddress returns the address for IMAP over TLS, with the certificate in CAFile.
func (d *Dovecot) TLSAddress() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(d.tlsPort)) }

// CAFile returns the PEM file with the server's self-signed certificate.
func (d *Dovecot) CAFile() string { return filepath.Join(d.home, "cert.pem") }
