package mail

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// sink starts Postfix's own test server on a free port, which writes every message to a file in dump (none: "").
func sink(t testing.TB, dump string) (url string) {
	t.Helper()
	const program = "/usr/sbin/smtp-sink"
	if _, err := os.Stat(program); err != nil {
		t.Skip("SKIPPED: smtp-sink is not installed (Debian: apt install postfix)")
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	var args []string
	if os.Getuid() == 0 {
		args = []string{"-u", "root"} // smtp-sink requires the user as root
	}
	if dump != "" {
		args = append(args, "-d", filepath.Join(dump, "%H%M%S."))
	}
	cmd := exec.Command(program, append(args, address, "100")...)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	s := dialTo(t, SMTPConfig{URL: "smtp://" + address})
	for end := time.Now().Add(20 * time.Second); ; {
		if _, err := s.TestConnection(t.Context()); err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("smtp-sink does not answer at %s: %s", address, said.String())
		}
		<-time.After(10 * time.Millisecond) // another process, so there is no event to wait for
	}
	return "smtp://" + address
}

func TestSend_PostfixAcceptsThousandMessages(t *testing.T) {
	dump := t.TempDir()
	s := dialTo(t, SMTPConfig{URL: sink(t, dump), MaxConnections: 4})
	c := composer(t)
	var senders sync.WaitGroup
	for i := range 8 {
		senders.Go(func() {
			for j := range 125 {
				m := sample()
				m.Key = fmt.Sprintf("digest/%d/%d", i, j)
				raw, err := c.Compose(m)
				if err != nil {
					t.Error(err)
					return
				}
				if o := s.Send(t.Context(), sender, recipient, raw); o.Result != Accepted {
					t.Errorf("Send = %v, want accepted", o)
				}
			}
		})
	}
	senders.Wait()
	ids := map[string]bool{}
	for _, name := range files(t, dump) {
		raw, err := os.ReadFile(filepath.Join(dump, name))
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := bytes.Cut(raw, []byte("\nMessage-ID: "))
		id, _, _ := bytes.Cut(rest, []byte("\n"))
		ids[string(id)] = true
	}
	if len(ids) != 1000 {
		t.Errorf("smtp-sink got %d different messages, want 1000", len(ids))
	}
}

func BenchmarkSend(b *testing.B) {
	s := dialTo(b, SMTPConfig{URL: sink(b, ""), MaxConnections: 1})
	raw := mustCompose(b, big())
	b.ReportAllocs()
	reportCPU(b)
	for b.Loop() {
		if o := s.Send(b.Context(), sender, recipient, raw); o.Result != Accepted {
			b.Fatal(o)
		}
	}
}
