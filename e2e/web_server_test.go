package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"postrider/internal/servertest"
	"postrider/internal/smtptest"
)

// webServer is a web server in front of the pages: how to run it with the lines of docs/web-server.md.
type webServer struct {
	language string // of the code block in the document
	program  string
	config   string // %[1]s: its folder, %[2]d: its port, %[3]s: the lines of the document
	args     []string
}

// In all of them the forum answers everything else, as a forum with friendly URLs does.
var webServers = []webServer{
	{"nginx", "nginx", `daemon off; master_process off; pid %[1]s/pid; error_log stderr;
events {}
http {
	access_log off; client_body_temp_path %[1]s; proxy_temp_path %[1]s; fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;
	server {
		listen 127.0.0.1:%[2]d;
		location / { return 200 "the forum"; }
		location ~ \.css$ { return 404; }
		%[3]s
	}
}
`, []string{"-e", "stderr", "-c", "%s/config"}},
	{"apache", "apache2", `ServerRoot %[1]s
PidFile %[1]s/pid
Mutex file:%[1]s
ServerName localhost
ErrorLog %[1]s/log
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule alias_module /usr/lib/apache2/modules/mod_alias.so
LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
DocumentRoot %[1]s
Listen 127.0.0.1:%[2]d
<VirtualHost *:%[2]d>
ErrorDocument 404 "the forum"
%[3]s
</VirtualHost>
`, []string{"-f", "%s/config", "-DFOREGROUND"}},
	{"caddy", "caddy", `{
	admin off
	auto_https off
	storage file_system %[1]s
}
http://127.0.0.1:%[2]d {
	%[3]s
	handle {
		respond "the forum"
	}
}
`, []string{"run", "--config", "%s/config", "--adapter", "caddyfile"}},
}

// snippet returns the first code block of a language in docs/web-server.md.
func snippet(t *testing.T, language string) string {
	t.Helper()
	m := regexp.MustCompile("(?s)```" + language + "\n(.*?)```").FindStringSubmatch(readFile(t, "../docs/web-server.md"))
	if m == nil {
		t.Fatalf("docs/web-server.md has no lines for %s", language)
	}
	return m[1]
}

// serve runs the web server with these lines. It skips the test if the program is not installed.
func (s webServer) serve(t *testing.T, port int, lines string) (stop func()) {
	t.Helper()
	program, found := servertest.Find(s.program, "/usr/sbin")
	if !found {
		t.Skipf("SKIPPED: %s is not installed", s.program)
	}
	dir, err := servertest.Dir(s.program)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "config")
	if err := os.WriteFile(file, fmt.Appendf(nil, s.config, dir, port, lines), 0o644); err != nil {
		t.Fatal(err)
	}
	args := make([]string, len(s.args))
	for i, a := range s.args {
		args[i] = strings.ReplaceAll(a, "%s", dir)
	}
	p, err := servertest.Start(func(context.Context) error {
		_, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/", port))
		return err
	}, dir, program, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return p.Stop
}

func TestWebServer_DocumentedLinesServePages(t *testing.T) {
	t.Parallel()
	binary := buildBinary(t)
	for _, server := range webServers {
		t.Run(server.language, func(t *testing.T) {
			t.Parallel()
			port, listen := freePort(t), freePort(t)
			dir, relay := t.TempDir(), smtptest.New(t)
			config := writeConfig(t, dir, "sample", sampleForum(t), "sqlite:"+filepath.Join(dir, "postrider.db"), relay.URL())
			public := fmt.Sprintf("http://127.0.0.1:%d/postrider", port)
			replaceInConfig(t, config, "listen = \"\"\nprobe = false", fmt.Sprintf("listen = \"127.0.0.1:%d\"\nurl = %q\ntrusted_proxies = [\"127.0.0.1\"]", listen, public))

			stop := server.serve(t, port, "")
			if out, errOut, code := run(t, "run", "-c", config); code == 0 || !strings.Contains(errOut, "not from postrider") || !strings.Contains(errOut, "docs/web-server.md") {
				t.Errorf("without the lines, run: exit %d\n%s%s", code, out, errOut)
			}
			stop()

			lines := strings.ReplaceAll(snippet(t, server.language), "8026", fmt.Sprint(listen))
			server.serve(t, port, lines)
			if out, _, _ := run(t, "check", "-c", config, "--resolver", "127.0.0.1:1"); !strings.Contains(out, "one-click: "+public+" answers") {
				t.Errorf("check prints\n%s", out)
			}
			daemon := start(t, binary, "run", "-c", config)
			daemon.waitFor(t, "start", func() bool { return strings.Contains(daemon.out.String(), "postrider started") })
			eml, errOut, code := run(t, "preview", "13", "--format", "text", "-c", config)
			link := regexp.MustCompile(regexp.QuoteMeta(public) + `/u/\S+`).FindString(eml)
			if code != 0 || link == "" {
				t.Fatalf("preview: exit %d, no link to unsubscribe in\n%s%s", code, eml, errOut)
			}
			page := request(t, http.MethodGet, link, http.StatusOK)
			style := regexp.MustCompile(`href="([^"]+\.css)"`).FindStringSubmatch(page)
			if style == nil {
				t.Fatalf("the page has no style sheet:\n%s", page)
			}
			request(t, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d%s", port, style[1]), http.StatusOK)
			request(t, http.MethodPost, link, http.StatusOK)
			daemon.stop(t)
		})
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	port, err := servertest.Port()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// request requests a page as a mail program does for one-click unsubscribe, and returns its text.
func request(t *testing.T, method, url string, want int) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader("List-Unsubscribe=One-Click"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != want {
		t.Errorf("%s %s: status %d, %v, want %d\n%s", method, url, response.StatusCode, err, want, text)
	}
	return string(text)
}
