package cli

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"postrider/internal/smtptest"
)

func init() { probeWaits = []time.Duration{time.Millisecond, time.Millisecond} } // so that tests do not wait

// startingProxy is a web server that answers the first requests like one that starts, and forwards others to an address.
func startingProxy(t *testing.T, failures int32, to string) *httptest.Server {
	t.Helper()
	target := &url.URL{Scheme: "http", Host: to}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target); r.SetXForwarded() }}
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) <= failures {
			http.Error(w, "starting", http.StatusBadGateway)
			return
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server
}

func TestRun_ProbesAgainBeforeItRefuses(t *testing.T) {
	relay := "smtp.url = " + quoted(smtptest.New(t).URL())
	for failures, starts := range map[int32]bool{2: true, 3: false} {
		listen := freeAddress(t)
		proxy := startingProxy(t, failures, listen)
		p := newTestForum(t, relay, "web.listen = "+quoted(listen), "web.url = "+quoted(proxy.URL+"/postrider"))
		if out, _ := runFor(t, "-c", p.config); strings.Contains(out, "postrider started") != starts {
			t.Errorf("after %d failed probes, started is not %v:\n%s", failures, starts, out)
		}
	}
}

// TestCheck_NoticesUntrustedProxyOfItsOwnProbe checks a site that no daemon has served yet, and one that a daemon serves.
func TestCheck_NoticesUntrustedProxyOfItsOwnProbe(t *testing.T) {
	const warning = "warn  proxies: 127.0.0.1 forwards requests"
	listen := freeAddress(t)
	proxy := startingProxy(t, 0, listen)
	pages := []string{"smtp.url = " + quoted(smtptest.New(t).URL()), "web.listen = " + quoted(listen), "web.url = " + quoted(proxy.URL+"/postrider")}
	check := func(p testForum) string {
		out, _, _ := run(t, "check", "--resolver", "127.0.0.1:1", "-c", p.config)
		return out
	}
	p := newTestForum(t, pages...)
	if out := check(p); !strings.Contains(out, warning) {
		t.Errorf("without a daemon:\n%s", out)
	}
	if out := check(newTestForum(t, append(pages, `web.trusted_proxies = ["127.0.0.1"]`)...)); strings.Contains(out, "proxies:") {
		t.Errorf("with a trusted proxy:\n%s", out)
	}
	defer startDaemon(t, p)()
	if out := check(p); !strings.Contains(out, warning) {
		t.Errorf("with a daemon:\n%s", out)
	}
}

// startDaemon runs the daemon in the background until stop is called.
func startDaemon(t *testing.T, p testForum) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	started := make(chan struct{})
	log := &startWatcher{started: sync.OnceFunc(func() { close(started) })}
	ended := make(chan int, 1)
	go func() {
		ended <- Run(ctx, []string{"run", "-c", p.config}, log, log, func(string) string { return "" })
	}()
	select {
	case <-started:
	case code := <-ended:
		cancel()
		t.Fatalf("run ended with %d:\n%s", code, log.String())
	}
	return func() {
		cancel()
		<-ended
	}
}

// runFor runs the daemon until it logs that it has started, at most for some seconds. It returns its output and exit code.
func runFor(t *testing.T, args ...string) (out string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	log := &startWatcher{started: cancel}
	code = Run(ctx, append([]string{"run"}, args...), log, log, func(string) string { return "" })
	return log.String(), code
}

// startWatcher is an output that calls started when the daemon has started.
type startWatcher struct {
	mu      sync.Mutex
	text    bytes.Buffer
	started func()
}

func (w *startWatcher) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if bytes.Contains(p, []byte("postrider started")) {
		w.started()
	}
	return w.text.Write(p)
}

func (w *startWatcher) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

func TestRun_RefusesDeadLinks(t *testing.T) {
	forum := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", "nginx")
		w.Write([]byte("a page of the forum"))
	}))
	defer forum.Close()
	nowhere, listen := freeAddress(t), freeAddress(t)
	relay := "smtp.url = " + quoted(smtptest.New(t).URL())
	tests := []struct {
		name    string
		changes []string
		starts  bool
		says    string
	}{
		{"the forum answers everything", []string{"web.url = " + quoted(forum.URL+"/postrider"), "web.listen = " + quoted(listen)}, false, "location ^~ /postrider/ { proxy_pass http://" + listen},
		{"nothing answers", []string{"web.url = " + quoted("http://"+nowhere+"/postrider"), "web.listen = " + quoted(listen)}, false, "connection refused"},
		{"nothing is configured", []string{"forum.url = " + quoted("http://"+nowhere)}, false, `[web] links = "none"`},
		{"the pages answer", []string{"web.url = " + quoted("http://"+listen+"/postrider"), "web.listen = " + quoted(listen)}, true, "only on this machine"},
		{"the owner wants no links", []string{"web.links = " + quoted("none")}, true, ""},
		{"the owner wants no probe", []string{"web.url = " + quoted("http://"+nowhere+"/postrider"), "web.probe = false", "web.listen = " + quoted(listen)}, true, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newTestForum(t, append(tt.changes, relay)...)
			out, code := runFor(t, "-c", p.config)
			if started := strings.Contains(out, "postrider started"); started != tt.starts || (code == 0) != tt.starts || !strings.Contains(out, tt.says) {
				t.Errorf("started: %v, exit %d, want start: %v and %q in\n%s", started, code, tt.starts, tt.says, out)
			}
		})
	}
}

func TestRun_MailDirNeedsNoPages(t *testing.T) {
	p := newTestForum(t, "web.listen = "+quoted(freeAddress(t)), "web.url = "+quoted("http://"+freeAddress(t)))
	if out, code := runFor(t, "--mail-dir", filepath.Join(p.dir, "mails"), "-c", p.config); code != 0 {
		t.Errorf("exit %d:\n%s", code, out)
	}
}

func TestRun_OnceWarnsOfDeadLinks(t *testing.T) {
	p := newTestForum(t, "web.url = "+quoted("http://"+freeAddress(t)), "smtp.url = "+quoted(smtptest.New(t).URL()))
	for _, args := range [][]string{nil, {"--now", "2026-05-04T12:00:00Z"}} {
		_, errOut, code := run(t, append([]string{"run", "--once", "-c", p.config}, args...)...)
		if code != 0 || !strings.Contains(errOut, "cannot reach the pages") {
			t.Errorf("%v: exit %d:\n%s", args, code, errOut)
		}
	}
}

func TestCheck_ProbesPages(t *testing.T) {
	listen := freeAddress(t)
	relay := "smtp.url = " + quoted(smtptest.New(t).URL())
	pages := []string{relay, "web.url = " + quoted("http://"+listen+"/postrider"), "web.listen = " + quoted(listen)}
	p := newTestForum(t, pages...)
	wantPages := func(level, text string) {
		t.Helper()
		out, _, _ := run(t, "check", "--resolver", "127.0.0.1:1", "-c", p.config)
		if !strings.Contains(out, level+"  one-click: "+text) {
			t.Errorf("no %q with %q in\n%s", level, text, out)
		}
	}
	wantPages("warn", "http://"+listen+"/postrider answers, but only on this machine") // check answers itself
	stop := startDaemon(t, p)
	wantPages("warn", "http://"+listen+"/postrider answers, but only on this machine")
	if out, _, _ := run(t, "check", "--offline", "-c", p.config); !strings.Contains(out, "ok    web.listen: "+listen+" is in use by the daemon that runs") {
		t.Errorf("while a daemon runs:\n%s", out)
	}
	stop()
	p = newTestForum(t, relay, `web.listen = ""`, "web.url = "+quoted("http://"+listen+"/postrider"))
	wantPages("FAIL", "http://"+listen+"/postrider cannot be reached from this machine: connection refused")
}

// Without pages, no part of a message links to one, and only an address at bounces.domain unsubscribes.
func TestRun_WithoutLinks(t *testing.T) {
	for _, tt := range []struct {
		name, bounces, header, says string
	}{
		{"by email", "[bounces]\ndomain = \"b.upperberth.example\"\n", "List-Unsubscribe: <mailto:u-", "To unsubscribe, send an empty email:"},
		{"by writing to a person", "", "", "To unsubscribe, write to team@upperberth.example."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newTestForum(t, `web.links = "none"`, `smtp.reply_to = "team@upperberth.example"`)
			appendText(t, p.config, tt.bounces)
			mails := filepath.Join(p.dir, "mails")
			mustRun(t, "run", "--once", "--now", now.Format(time.RFC3339), "--mail-dir", mails, "-c", p.config)
			files, _ := filepath.Glob(filepath.Join(mails, "*.eml"))
			if len(files) == 0 {
				t.Fatal("no messages")
			}
			said := false
			for _, file := range files {
				raw, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				text := string(raw)
				if strings.Contains(strings.ReplaceAll(text, "=\r\n", ""), "/postrider") || strings.Contains(text, "List-Unsubscribe-Post: ") {
					t.Errorf("%s links to a page:\n%s", file, text)
				}
				if strings.Contains(text, "\nList-Unsubscribe: ") != (tt.header != "") || !strings.Contains(text, tt.header) {
					t.Errorf("%s has the wrong header:\n%s", file, text)
				}
				said = said || strings.Contains(text, tt.says)
			}
			if !said {
				t.Errorf("no message says %q", tt.says)
			}
		})
	}
}

func appendText(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString(text)
		f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}
