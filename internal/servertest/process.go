// Package servertest starts real database and mail servers for tests. They are private: they listen on the loopback interface and
// keep their data in a directory that is removed when they stop.
//
// [Postgres] and [MariaDB] return a DSN, [NewPostfix] and [NewDovecot] a mail server. If a program is not installed, the test is
// skipped. [Find], [Dir], [Run] and [Start] are for starting other servers. Database servers refuse to run as root, so a test that
// runs as root starts them as nobody.
package servertest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

const (
	// startTimeout is how long a server may take to respond. It is long because a machine that runs many tests is slow.
	startTimeout = 90 * time.Second
	// attemptTimeout ends an attempt whose first packet was lost, so that another attempt follows.
	attemptTimeout = 10 * time.Second
)

// Find searches PATH for a program, and then places, which may contain wildcards ("/usr/lib/postgresql/*/bin"). If several
// match, it returns the last, which is the newest version.
func Find(program string, places ...string) (path string, found bool) {
	if path, err := exec.LookPath(program); err == nil {
		return path, true
	}
	for _, place := range places {
		if hits, err := filepath.Glob(filepath.Join(place, program)); err == nil && len(hits) > 0 {
			return hits[len(hits)-1], true
		}
	}
	return "", false
}

// Dir creates a directory that is owned by the servers' user. It is not below t.TempDir, which only the user of the test may
// enter. The server that is started in it removes it.
func Dir(name string) (string, error) {
	dir, err := os.MkdirTemp("", "postrider-"+name+"-")
	if err != nil {
		return "", err
	}
	cred, err := credential()
	if err != nil || cred == nil {
		return dir, err
	}
	return dir, os.Chown(dir, int(cred.Uid), int(cred.Gid))
}

// Port returns a free TCP port of the loopback interface.
func Port() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// Run runs a program in dir, as the servers' user, and waits for its end. An error contains its output.
func Run(dir, program string, args ...string) error {
	cmd := exec.Command(program, args...)
	if err := setUser(cmd, dir); err != nil {
		return err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("running %s: %w\n%s", filepath.Base(program), err, out)
	}
	return nil
}

// Process is a running server.
type Process struct {
	program string
	stdin   io.Closer // closing it stops the server; the kernel closes it when the test's process ends
	log     *os.File
	done    chan struct{}
	ended   error // the result, valid after done is closed
}

// keeper is a script between the test and the server. It stops the server and removes its directory when its standard input
// ends, which happens even if the test is killed. SIGTERM ends MariaDB and most other servers. PostgreSQL would wait for its
// clients, but SIGQUIT ends it immediately.
const keeper = `
dir=$1; shift
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
{ read -r _ <&3; kill -TERM $server; kill -QUIT $server; } &
leash=$!
wait $server
status=$?
kill $leash 2>/dev/null
cd / && rm -rf "$dir"
exit $status`

// Start starts a server whose data is in dir, and waits until ready returns nil. If the server ends before that, or takes too
// long, the error contains its log.
func Start(ready func(context.Context) error, dir, program string, args ...string) (*Process, error) {
	cmd := keeperCommand(dir, program, args...)
	if err := setUser(cmd, dir); err != nil {
		return nil, err
	}
	return start(ready, cmd, program)
}

// keeperCommand returns the command line of the keeper.
func keeperCommand(dir, program string, args ...string) *exec.Cmd {
	return exec.Command("/bin/sh", append([]string{"-c", keeper, "keeper", dir, program}, args...)...)
}

func start(ready func(context.Context) error, cmd *exec.Cmd, program string) (*Process, error) {
	cmd.SysProcAttr.Setpgid = true // an interrupt from the terminal goes to the test only; the keeper notices when the test ends
	log, err := os.CreateTemp("", "postrider-log-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(log.Name()); err != nil { // the file exists as long as it is open
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = log, log
	leash, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	p := &Process{program: filepath.Base(program), stdin: leash, log: log, done: make(chan struct{})}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", p.program, err)
	}
	go func() {
		p.ended = cmd.Wait()
		close(p.done)
	}()
	if err := p.await(ready); err != nil {
		p.Stop()
		return nil, fmt.Errorf("starting %s: %w\n%s", p.program, err, p.Log())
	}
	return p, nil
}

// await waits until ready returns nil.
func (p *Process) await(ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	err := poll(ctx, p.done, ready)
	select {
	case <-p.done:
		return fmt.Errorf("it ended (%v) before it was ready: %w", p.ended, err)
	default:
		return err
	}
}

// Await waits until ready returns nil, for the effects of another process. After startTimeout it fails the test with the last
// error of ready.
func Await(t testing.TB, ready func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	if err := poll(ctx, nil, func(context.Context) error { return ready() }); err != nil {
		t.Fatal(err)
	}
}

// poll calls ready until it returns nil, done is closed or ctx ends.
func poll(ctx context.Context, done <-chan struct{}, ready func(context.Context) error) error {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		try, cancel := context.WithTimeout(ctx, attemptTimeout)
		err := ready(try)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-done:
			return err
		case <-ctx.Done():
			return fmt.Errorf("not ready after %v: %w", startTimeout, err)
		case <-again.C:
		}
	}
}

// Stop ends the server, waits for it, and removes its directory.
func (p *Process) Stop() {
	p.stdin.Close()
	<-p.done
}

// Log returns the last 8 KB of the server's output.
func (p *Process) Log() string {
	size, err := p.log.Seek(0, io.SeekEnd)
	if err != nil {
		return err.Error()
	}
	tail := make([]byte, min(size, 8<<10))
	n, err := p.log.ReadAt(tail, size-int64(len(tail)))
	if err != nil {
		return err.Error()
	}
	return string(bytes.TrimSpace(tail[:n]))
}

// setUser makes cmd run in dir, as nobody if the test runs as root.
func setUser(cmd *exec.Cmd, dir string) error {
	cred, err := credential()
	cmd.Dir, cmd.Env = dir, environment(dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred}
	return err
}

func environment(dir string) []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "LC_ALL=C", "TZ=UTC"}
}

// credential returns the user that servers run as; nil: the user of the test.
func credential() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	return lookup("nobody")
}

// Chown makes the servers' user the owner of a file.
func Chown(path string) error {
	cred, err := credential()
	if err != nil || cred == nil {
		return err
	}
	return os.Chown(path, int(cred.Uid), int(cred.Gid))
}

// lookup returns the credential of a user of this machine.
func lookup(name string) (*syscall.Credential, error) {
	known, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("looking up the server's user: %w", err)
	}
	uid, err := strconv.ParseUint(known.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(known.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}
