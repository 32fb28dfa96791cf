// Package servertest starts real database and mail servers for tests: private ones, on the loopback, with
// their data in a directory that goes away with them.
//
// A test asks for [Postgres] or [MariaDB] and gets a DSN, or for a [Postfix]; where the program is not installed it is
// skipped. [Find], [Dir], [Run] and [Start] are what such a server is made of. Database servers refuse to
// run as root, so a test that runs as root starts them as nobody.
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
	// startTimeout is how long a server may take to answer: a machine full of tests is slow.
	startTimeout = 90 * time.Second
	// attemptTimeout ends a try whose first packet was lost, so that there is another one.
	attemptTimeout = 10 * time.Second
)

// Find looks for a program in PATH and then in places, which may hold wildcards ("/usr/lib/postgresql/*/bin");
// of several that fit it takes the last, which is the newest version.
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

// Dir makes a directory that the servers' user owns. It is not below t.TempDir, which only the
// user of the test may enter. The server started in it removes it.
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

// Port finds a TCP port of the loopback that nobody listens on.
func Port() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// Run runs a program to its end in dir, as the servers' user. Its output stands in the error.
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

// Process is a server that runs.
type Process struct {
	program string
	stdin   io.Closer // the server stops when this is closed, or when the test's process ends, however it ends
	log     *os.File
	done    chan struct{}
	ended   error // how; to be read when done is closed
}

// The keeper stands between the test and the server. It stops the server and removes its directory
// when its standard input ends, which the kernel sees to even if the test is killed. SIGTERM
// ends MariaDB and most others; PostgreSQL would wait for its clients, and SIGQUIT ends it at once.
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

// Start starts a server whose data is in dir and waits until ready returns nil. If the server ends
// before that, or takes too long, its log stands in the error.
func Start(ready func(context.Context) error, dir, program string, args ...string) (*Process, error) {
	cmd := keeperCommand(dir, program, args...)
	if err := setUser(cmd, dir); err != nil {
		return nil, err
	}
	return start(ready, cmd, program)
}

// keeperCommand is the keeper's command line.
func keeperCommand(dir, program string, args ...string) *exec.Cmd {
	return exec.Command("/bin/sh", append([]string{"-c", keeper, "keeper", dir, program}, args...)...)
}

func start(ready func(context.Context) error, cmd *exec.Cmd, program string) (*Process, error) {
	cmd.SysProcAttr.Setpgid = true // an interrupt from the terminal is for the test; the keeper sees it end
	log, err := os.CreateTemp("", "postrider-log-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(log.Name()); err != nil { // it lives as long as it is open
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

// await asks ready until it says yes.
func (p *Process) await(ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	err := poll(ctx, p.done, ready)
	select {
	case <-p.done:
		return fmt.Errorf("it ended (%v) before it answered: %w", p.ended, err)
	default:
		return err
	}
}

// Await waits until ready returns nil, for what another process does in its own time. It fails the test with
// what ready said last when that takes too long.
func Await(t testing.TB, ready func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	if err := poll(ctx, nil, func(context.Context) error { return ready() }); err != nil {
		t.Fatal(err)
	}
}

// poll asks ready until it says yes, or there is no use in asking.
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
			return fmt.Errorf("no answer in %v: %w", startTimeout, err)
		case <-again.C:
		}
	}
}

// Stop ends the server, waits for it, and removes its directory.
func (p *Process) Stop() {
	p.stdin.Close()
	<-p.done
}

// Log is what the server has printed, the last 8 KB of it.
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

// setUser makes cmd run in dir, as nobody if we are root.
func setUser(cmd *exec.Cmd, dir string) error {
	cred, err := credential()
	cmd.Dir, cmd.Env = dir, environment(dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred}
	return err
}

func environment(dir string) []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "LC_ALL=C", "TZ=UTC"}
}

// credential is the user that servers run as; nil: the one that runs the test.
func credential() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	return lookup("nobody")
}

// Chown makes a file the servers' own.
func Chown(path string) error {
	cred, err := credential()
	if err != nil || cred == nil {
		return err
	}
	return os.Chown(path, int(cred.Uid), int(cred.Gid))
}

// lookup finds a user of this machine.
func lookup(name string) (*syscall.Credential, error) {
	known, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("a user for the server: %w", err)
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
