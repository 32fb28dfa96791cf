package web_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"postrider/internal/link"
	"postrider/web"
)

// listen serves the pages as the daemon does, and returns their address.
func (w *fixture) listen() string {
	w.Helper()
	l := must(net.Listen("tcp", "127.0.0.1:0"))(w)
	ctx, cancel := context.WithCancel(w.Context())
	served := make(chan error, 1)
	go func() { served <- web.Serve(ctx, l, w.site.Config.Handler, slog.New(slog.DiscardHandler)) }()
	w.Cleanup(func() {
		cancel()
		<-served
	})
	return l.Addr().String()
}

// raw sends bytes and returns the status of each response, until the server closes the connection.
func (w *fixture) raw(address, sent string) (statuses []int) {
	w.Helper()
	conn := must(net.Dial("tcp", address))(w)
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	go io.WriteString(conn, sent)
	r := bufio.NewReader(conn)
	for {
		got, err := http.ReadResponse(r, nil)
		if err != nil {
			return statuses
		}
		io.Copy(io.Discard, got.Body)
		statuses = append(statuses, got.StatusCode)
	}
}

func TestServe_AnswersHostileRequests(t *testing.T) {
	w := newFixture(t)
	address := w.listen()
	token := w.links.Token(link.Claims{Scope: link.Digests, Member: int64(anna)})
	path := "/postrider/u/" + token
	form := "Content-Type: application/x-www-form-urlencoded\r\n"
	const end = " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
	before := w.dumpStore()
	for name, tt := range map[string]struct {
		sent   string
		status int // 0: none
	}{
		"large header":               {"GET " + path + end + "X: " + strings.Repeat("a", 64<<10) + "\r\n\r\n", 431},
		"many headers":               {"GET " + path + end + strings.Repeat("X: a\r\n", 8<<10) + "\r\n", 431},
		"large path":                 {"GET /" + strings.Repeat("a", 64<<10) + end + "\r\n", 431},
		"broken UTF-8":               {"GET /postrider/u/\xff\xfe" + end + "\r\n", 404},
		"broken escape":              {"GET /postrider/u/%zz" + end + "\r\n", 400},
		"escaped line break":         {"GET " + path + "%0d%0aX-A:%20b" + end + "\r\n", 404},
		"null":                       {"GET " + path + "%00" + end + "\r\n", 404},
		"path out of the base":       {"GET /postrider/../../etc/passwd" + end + "\r\n", 307},
		"escaped path":               {"GET /postrider/u/..%2f..%2fetc%2fpasswd" + end + "\r\n", 404},
		"backslashes":                {"GET /postrider\\..\\u\\" + token + end + "\r\n", 404},
		"absolute URL":               {"GET http://evil.example" + path + end + "\r\n", 200},
		"two hosts":                  {"GET " + path + end + "Host: y\r\n\r\n", 400},
		"host with a line":           {"GET " + path + " HTTP/1.1\r\nHost: a\x00b\r\nConnection: close\r\n\r\n", 400},
		"no host":                    {"GET " + path + " HTTP/1.1\r\nConnection: close\r\n\r\n", 400},
		"two lengths":                {"POST " + path + end + form + "Content-Length: 3\r\nContent-Length: 4\r\n\r\na=bc", 400},
		"length and chunks":          {"POST " + path + end + form + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
		"negative length":            {"POST " + path + end + form + "Content-Length: -1\r\n\r\n", 400},
		"unknown encoding":           {"POST " + path + end + form + "Transfer-Encoding: gzip\r\n\r\n", 501},
		"truncated token":            {"POST /postrider/u/" + token[:46] + end + form + "Content-Length: 26\r\n\r\nList-Unsubscribe=One-Click", 404},
		"token and a slash":          {"POST " + path + "/" + end + form + "Content-Length: 26\r\n\r\nList-Unsubscribe=One-Click", 404},
		"form without a confirm":     {"POST " + path + end + form + "Content-Length: 1\r\n\r\n&", 400},
		"broken form":                {"POST " + path + end + form + "Content-Length: 3\r\n\r\n%zz", 400},
		"no multipart end":           {"POST " + path + end + "Content-Type: multipart/form-data; boundary=a\r\nContent-Length: 5\r\n\r\n--a\r\n", 400},
		"multipart with no boundary": {"POST " + path + end + "Content-Type: multipart/form-data\r\nContent-Length: 5\r\n\r\n--a\r\n", 400},
		"a method of another case":   {"post " + path + end + "\r\n", 405},
		"CONNECT":                    {"CONNECT evil.example:443" + end + "\r\n", 404},
		"a TRACE":                    {"TRACE " + path + end + "\r\n", 405},
		"TLS":                        {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\x00", 100) + "\r\n\r\n", 400},
		"nothing":                    {"\r\n\r\n\r\n\r\n", 400},
		"HTTP 2":                     {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
		"override of the method":     {"GET " + path + "?List-Unsubscribe=One-Click" + end + "X-HTTP-Method-Override: POST\r\n\r\n", 200},
	} {
		got := w.raw(address, tt.sent)
		if len(got) != 1 || got[0] != tt.status {
			t.Errorf("%s: status %v, want %d", name, got, tt.status)
		}
	}
	if w.dumpStore() != before {
		t.Error("the store changed")
	}
	if strings.Contains(w.log.String(), "panic") {
		t.Errorf("a handler panicked: %s", w.log)
	}
	if got := w.raw(address, "GET "+path+end+"\r\n"); fmt.Sprint(got) != "[200]" {
		t.Errorf("afterwards: status %v", got)
	}
}

func TestServe_ReadsNoLargeBody(t *testing.T) {
	w := newFixture(t)
	address := w.listen()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, path := range []string{"/postrider/hooks/forum", "/postrider/u/" + w.links.Token(link.Claims{Scope: link.Digests, Member: int64(anna)}), "/postrider/nowhere"} {
		conn := must(net.Dial("tcp", address))(t)
		conn.SetDeadline(time.Now().Add(30 * time.Second))
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n", path, 100<<20)
		sent := 0
		for part := []byte(strings.Repeat("a", 64<<10)); sent < 100<<20; sent += len(part) {
			if _, err := conn.Write(part); err != nil {
				break
			}
		}
		conn.Close()
		if sent > 20<<20 {
			t.Errorf("%s: the server took %d MB", path, sent>>20)
		}
	}
	runtime.ReadMemStats(&after)
	if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 50 {
		t.Errorf("allocated %d MB", used)
	}
}

// Connections that send their request slowly are closed, and keep nobody out.
func TestServe_ClosesSlowConnections(t *testing.T) {
	w := newFixture(t)
	address := w.listen()
	var conns []net.Conn
	for range 200 {
		conn := must(net.Dial("tcp", address))(t)
		defer conn.Close()
		io.WriteString(conn, "GET /postrider/healthz HTTP/1.1\r\nHost: x\r\nX-A: ")
		conns = append(conns, conn)
	}
	if got := w.raw(address, "GET /postrider/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); fmt.Sprint(got) != "[200]" {
		t.Errorf("during the attack: status %v", got)
	}
	stop := time.Now().Add(20 * time.Second)
	for _, conn := range conns {
		conn.SetReadDeadline(stop)
		if _, err := io.Copy(io.Discard, conn); err != nil && strings.Contains(err.Error(), "timeout") {
			t.Fatal("a slow connection stays open")
		}
	}
}
