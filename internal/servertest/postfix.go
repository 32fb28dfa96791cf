package servertest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// PostfixConfig is the configuration of a [Postfix].
type PostfixConfig struct {
	// Host is its name, for example "mx.members.test".
	Host string
	// Settings are lines of main.cf, "name = value". They may use $home, the directory of this Postfix.
	Settings []string
	// Services are additional lines of master.cf.
	Services []string
	// Files are files to create in $home before the start, by name.
	Files map[string]string
}

// Postfix is a private Postfix: a relay, a final host, or both, depending on its settings. It listens on the loopback interface,
// does not use DNS, and has no local users unless its settings define some.
type Postfix struct {
	t    testing.TB
	home string
	port int
}

// baseSettings make a Postfix that is independent of the machine's own. There is no DNS: to route a domain, set relayhost or
// transport_maps, with the address in brackets.
const baseSettings = `compatibility_level = 3.6
home = %[1]s
queue_directory = $home/queue
data_directory = $home/data
command_directory = %[2]s
daemon_directory = %[3]s
mail_owner = postfix
setgid_group = postdrop
myhostname = %[4]s
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
disable_dns_lookups = yes
maillog_file = $home/log
maillog_file_prefixes = $home
alias_maps =
smtpd_peername_lookup = no
virtual_mailbox_base = $home/mail
virtual_uid_maps = static:%[5]d
virtual_gid_maps = static:%[6]d
minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
`

// services is the master.cf of a Postfix that accepts SMTP and delivers to mailboxes, commands and LMTP servers.
const services = `127.0.0.1:%d inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`

func findPostfix(program string) (string, bool) {
	return Find(program, "/usr/sbin", "/usr/lib/postfix/sbin", "/usr/libexec/postfix", "/usr/lib/postfix", "/usr/local/sbin", "/usr/local/libexec/postfix")
}

// NewPostfix starts a Postfix that runs as long as the test. It skips the test if Postfix is not installed, or if the test does
// not run as root: Postfix runs its processes as several users.
func NewPostfix(t testing.TB, c PostfixConfig) *Postfix {
	t.Helper()
	master, found := findPostfix("master")
	if !found {
		t.Skip("SKIPPED: Postfix is not installed (no master in /usr/lib/postfix/sbin)")
	}
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: Postfix must be started by root")
	}
	p := &Postfix{t: t}
	if err := p.start(master, c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log of Postfix %s:\n%s", c.Host, p.Log())
		}
	})
	return p
}

func (p *Postfix) start(master string, c PostfixConfig) (err error) {
	if p.home, err = Dir("postfix"); err != nil {
		return err
	}
	if p.port, err = Port(); err != nil {
		return err
	}
	if err := p.configure(master, c); err != nil {
		return err
	}
	cmd := keeperCommand(p.home, master, "-c", filepath.Join(p.home, "etc"), "-d") // -d: stay in the foreground
	cmd.Dir, cmd.Env, cmd.SysProcAttr = p.home, environment(p.home), &syscall.SysProcAttr{}
	process, err := start(p.checkGreeting, cmd, master)
	if err != nil {
		return err
	}
	p.t.Cleanup(process.Stop)
	return nil
}

// configure creates the directories and the files that Postfix reads.
func (p *Postfix) configure(master string, c PostfixConfig) error {
	postfix, found := findPostfix("postfix")
	if !found {
		return fmt.Errorf("found %s, but no postfix", master)
	}
	nobody, err := credential()
	if err != nil {
		return err
	}
	if err := p.makeDirectories(nobody); err != nil {
		return fmt.Errorf("creating Postfix's directories: %w", err)
	}
	files := map[string]string{
		"etc/main.cf": fmt.Sprintf(baseSettings, p.home, filepath.Dir(postfix), filepath.Dir(master), c.Host, nobody.Uid, nobody.Gid) +
			strings.Join(c.Settings, "\n") + "\n",
		"etc/master.cf": fmt.Sprintf(services, p.port) + strings.Join(c.Services, "\n") + "\n",
	}
	for name, text := range c.Files {
		files[name] = text
	}
	for name, text := range files {
		if err := os.WriteFile(p.Path(name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// makeDirectories does the work of "postfix check", which takes seconds if no system log is running.
func (p *Postfix) makeDirectories(nobody *syscall.Credential) error {
	own, err := lookup("postfix")
	if err != nil {
		return err
	}
	drop, err := user.LookupGroup("postdrop")
	if err != nil {
		return err
	}
	dropGroup, err := strconv.Atoi(drop.Gid)
	if err != nil {
		return err
	}
	if err := os.Chmod(p.home, 0o755); err != nil { // other users must be able to enter it
		return err
	}
	for _, d := range []struct {
		owner, group int
		mode         os.FileMode
		names        string
	}{
		{0, 0, 0o755, "etc queue queue/pid"},
		{int(nobody.Uid), int(nobody.Gid), 0o755, "mail"}, // Postfix delivers to mailboxes as nobody
		{int(own.Uid), 0, 0o700, "data queue/active queue/bounce queue/corrupt queue/defer queue/deferred queue/flush queue/hold"},
		{int(own.Uid), 0, 0o700, "queue/incoming queue/private queue/saved queue/trace"},
		{int(own.Uid), dropGroup, 0o730, "queue/maildrop"},
		{int(own.Uid), dropGroup, 0o710, "queue/public"},
	} {
		for name := range strings.FieldsSeq(d.names) {
			path := p.Path(name)
			if err := errors.Join(os.Mkdir(path, 0o700), os.Chown(path, d.owner, d.group), os.Chmod(path, d.mode)); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkGreeting returns an error if the SMTP server does not respond.
func (p *Postfix) checkGreeting(ctx context.Context) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", p.Address())
	if err != nil {
		return err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return err
		}
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil && !strings.HasPrefix(line, "220") {
		err = fmt.Errorf("unexpected greeting %q", line)
	}
	if err == nil {
		_, err = conn.Write([]byte("QUIT\r\n"))
	}
	return err
}

// run runs a Postfix command on this instance.
func (p *Postfix) run(program string, args ...string) error {
	path, found := findPostfix(program)
	if !found {
		return fmt.Errorf("%s is not installed", program)
	}
	out, err := exec.Command(path, append([]string{"-c", p.Path("etc")}, args...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("running %s %s: %w\n%s%s", program, strings.Join(args, " "), err, out, p.Log())
	}
	return nil
}

// Address returns the address for SMTP, "127.0.0.1:PORT".
func (p *Postfix) Address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port)) }

// URL returns the address as in Postrider's configuration.
func (p *Postfix) URL() string { return "smtp://" + p.Address() }

// Path returns the path of a file in $home.
func (p *Postfix) Path(name string) string { return filepath.Join(p.home, name) }

// Set changes settings ("name = value") of the running Postfix.
func (p *Postfix) Set(settings ...string) {
	p.t.Helper()
	if err := p.run("postconf", settings...); err != nil {
		p.t.Fatal(err)
	}
	p.Run("postfix", "reload")
}

// Run runs a Postfix command on this instance, for example "postfix", "flush".
func (p *Postfix) Run(program string, args ...string) {
	p.t.Helper()
	if err := p.run(program, args...); err != nil {
		p.t.Fatal(err)
	}
}

// Maildir returns the messages in a mailbox ("mail/anna" in $home), in the order of arrival.
func (p *Postfix) Maildir(name string) []string {
	p.t.Helper()
	paths, err := filepath.Glob(filepath.Join(p.Path(name), "new", "*"))
	if err != nil {
		p.t.Fatal(err)
	}
	slices.Sort(paths) // names start with the time in seconds
	messages := make([]string, len(paths))
	for i, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			p.t.Fatal(err)
		}
		messages[i] = string(text)
	}
	return messages
}

// Log returns the log.
func (p *Postfix) Log() string {
	p.t.Helper()
	text, err := os.ReadFile(p.Path("log"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		p.t.Fatal(err)
	}
	return string(text)
}
