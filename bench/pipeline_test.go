// Package bench measures the whole pipeline in a separate process, with a generated XenForo forum on a real MariaDB, a store on
// SQLite and on PostgreSQL, and Postfix's smtp-sink as the relay. Run it with scripts/bench.
package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"postrider/internal/servertest"
)

func BenchmarkPipeline(b *testing.B) {
	binary := buildBinary(b)
	for _, members := range []int{2_000, 10_000} {
		s := size{members: members, sections: 200, threads: 4_000, posts: 10_000, watched: 2}
		dsn := servertest.MariaDB(b)
		loadForum(b, dsn, s)
		b.Run(fmt.Sprintf("members=%d/store=sqlite", members), func(b *testing.B) {
			benchmarkRound(b, binary, dsn, func() string { return "sqlite:" + filepath.Join(b.TempDir(), "postrider.db") })
		})
		b.Run(fmt.Sprintf("members=%d/store=postgres", members), func(b *testing.B) {
			benchmarkRound(b, binary, dsn, func() string { return servertest.Postgres(b) })
		})
	}
}

// BenchmarkSource measures Postfix's smtp-source, a C program, for comparison. It sends 10,000 messages of 20 KB to the same sink.
func BenchmarkSource(b *testing.B) {
	source, ok := servertest.Find("smtp-source", "/usr/sbin")
	if !ok {
		b.Skip("SKIPPED: smtp-source (Debian package postfix) is not installed")
	}
	relay := startSink(b)
	for b.Loop() {
		cmd := exec.CommandContext(b.Context(), source, "-s", "8", "-m", "10000", "-l", "20000", "-d", "-f", "a@example.org", "-t", "b@example.org", relay)
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("smtp-source: %v\n%s", err, out)
		}
		spent := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		b.ReportMetric(ms(spent)/10_000, "cpu-ms/message")
	}
}

// buildBinary builds the program as it is released.
func buildBinary(b *testing.B) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "postrider")
	cmd := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-o", path, "postrider")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// startSink starts smtp-sink on a free port and returns its address.
func startSink(b *testing.B) string {
	b.Helper()
	program, ok := servertest.Find("smtp-sink", "/usr/sbin")
	if !ok {
		b.Skip("SKIPPED: smtp-sink (Debian package postfix) is not installed")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	cmd := exec.Command(program, address, "1000")
	if os.Getuid() == 0 {
		cmd.Args = []string{program, "-u", "nobody", address, "1000"}
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	for deadline := time.Now().Add(10 * time.Second); ; {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return address
		} else if time.Now().After(deadline) {
			b.Fatalf("smtp-sink is not listening: %v", err)
		}
	}
}

func loadForum(b *testing.B, dsn string, s size) {
	b.Helper()
	servertest.LoadDump(b, dsn, "../source/testdata/xenforo2-mariadb.sql.gz")
	generate(b, servertest.OpenMariaDB(b, dsn), s)
}

// report is the part of a round's log line that the benchmark needs.
type report struct {
	Report struct {
		Sent            int   `json:"sent"`
		Bytes           int64 `json:"bytes"`
		ForumStatements int   `json:"forum_statements"`
		StoreStatements int   `json:"store_statements"`
	} `json:"report"`
}

// benchmarkRound runs a full round with an empty store: it syncs, scans, plans and sends to all members.
func benchmarkRound(b *testing.B, binary, forum string, store func() string) {
	relay := startSink(b)
	for b.Loop() {
		config := filepath.Join(b.TempDir(), "config.toml")
		text := fmt.Sprintf("[forum]\ntype = \"xenforo2\"\ndsn = %q\nurl = \"https://forum.example.org\"\nname = \"Bench\"\n[store]\ndsn = %q\n[smtp]\nurl = \"smtp://%s\"\nfrom = \"digest@forum.example.org\"\n[digest]\nlocale = \"en\"\n[log]\nformat = \"json\"\n",
			forum, store(), relay)
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
		cmd := exec.CommandContext(b.Context(), binary, "run", "-c", config, "--once", "--now", now.Format(time.RFC3339))
		var log bytes.Buffer
		cmd.Stderr = &log
		start := time.Now()
		if err := cmd.Run(); err != nil {
			b.Fatalf("postrider: %v\n%s", err, log.String())
		}
		reportMetrics(b, cmd.ProcessState, time.Since(start), log.String())
	}
}

func reportMetrics(b *testing.B, p *os.ProcessState, took time.Duration, log string) {
	lines := strings.Split(strings.TrimSpace(log), "\n")
	var r report
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &r); err != nil || r.Report.Sent == 0 {
		b.Fatalf("the log has no report of sent messages: %v\n%s", err, log)
	}
	n := float64(r.Report.Sent)
	b.ReportMetric(n, "messages")
	b.ReportMetric(ms(p.UserTime()+p.SystemTime())/n, "cpu-ms/message")
	b.ReportMetric(float64(r.Report.ForumStatements)/n, "forum-stmts/message")
	b.ReportMetric(float64(r.Report.StoreStatements)/n, "store-stmts/message")
	b.ReportMetric(float64(r.Report.Bytes)/n/1024, "KB/message")
	b.ReportMetric(n/took.Seconds(), "messages/s")
	b.ReportMetric(float64(p.SysUsage().(*syscall.Rusage).Maxrss)/1024, "MB-peak")
	b.ReportMetric(0, "ns/op")
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
