//go:build live

package live

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"time"

	"postrider/internal/servertest"
)

// postrider is the daemon beside the forum.
type postrider struct {
	w                    *world
	binary, config       string
	web, metrics, secret string
	log                  *os.File
	process              *exec.Cmd // nil: it does not run
}

// configuration has the defaults, except for what makes a trial short: alerts do not wait, and only the forum's hook starts a scan.
// Alerts show no earlier posts, so that each post that a message links to is one that it brings.
const configuration = `
[forum]
type = %q
dsn = %q
url = %q
name = "Live Forum"
[store]
dsn = "sqlite:postrider.db"
[smtp]
url = %q
from = "Live Forum <digest@forum.example>"
[alerts]
debounce = "0s"
debounce_max = "0s"
context_posts = 0
[scan]
interval = "1h"
[web]
listen = %q
url = %q
hook_secret = %q
[metrics]
listen = %q
[log]
format = "json"
`

// startPostrider writes a configuration and starts the daemon, with an account of the forum's database that may only read.
func (w *world) startPostrider() {
	w.Helper()
	p := &postrider{w: w, binary: os.Getenv("POSTRIDER_BINARY"), config: filepath.Join(w.TempDir(), "config.toml"), secret: "a secret of the live trial"}
	if p.binary == "" {
		w.Fatal("POSTRIDER_BINARY is not set: run scripts/live " + w.kind.name)
	}
	w.postrider = p
	web := fmt.Sprintf("127.0.0.1:%d", must(servertest.Port())(w))
	metrics := fmt.Sprintf("127.0.0.1:%d", must(servertest.Port())(w))
	p.web, p.metrics = "http://"+web+"/postrider", "http://"+metrics+"/metrics"
	text := fmt.Sprintf(configuration, w.kind.name, w.readerDSN(), w.url, w.ourMail.URL(), web, p.web, p.secret, metrics)
	if err := os.WriteFile(p.config, []byte(text), 0o600); err != nil {
		w.Fatal(err)
	}
	log := must(os.Create(filepath.Join(filepath.Dir(p.config), "log")))(w)
	w.Cleanup(func() {
		p.stop()
		if w.Failed() {
			w.Logf("postrider:\n%s", must(os.ReadFile(log.Name()))(w))
		}
		log.Close()
	})
	p.log = log
	p.start()
}

// start starts the daemon and waits for its first round.
func (p *postrider) start() {
	p.w.Helper()
	p.process = exec.Command(p.binary, "run", "--first", "-c", p.config)
	p.process.Stdout, p.process.Stderr = p.log, p.log
	if err := p.process.Start(); err != nil {
		p.w.Fatal(err)
	}
	servertest.Await(p.w, func() error { return p.scanned("start", 1) })
}

// stop ends the daemon as a service manager does, if it runs.
func (p *postrider) stop() {
	p.w.Helper()
	if p.process == nil {
		return
	}
	must(0, p.process.Process.Signal(syscall.SIGTERM))(p.w)
	must(0, p.process.Wait())(p.w)
	p.process = nil
}

// run runs another command of the program with the same configuration, and returns its output.
func (p *postrider) run(args ...string) string {
	p.w.Helper()
	cmd := exec.CommandContext(p.w.Context(), p.binary, append(args, "-c", p.config)...)
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.Output()
	if err != nil {
		p.w.Errorf("postrider %v: %v\n%s", args, err, &log)
	}
	return string(out)
}

// settle lets the daemon run a full round that begins after everything that has happened on the forum. A call of the hook may join
// a round that runs already, so there are two calls, one after the other.
func (p *postrider) settle() {
	p.w.Helper()
	for range 2 {
		n := p.rounds("gather")
		p.callHook()
		servertest.Await(p.w, func() error { return p.scanned("gather", n+1) })
	}
}

// callHook calls Postrider as the forum's plugin does (docs/hooks.md).
func (p *postrider) callHook() {
	p.w.Helper()
	at := strconv.FormatInt(time.Now().Unix(), 10)
	body := fmt.Sprintf(`{"call": %d}`, time.Now().UnixNano())
	mac := hmac.New(sha256.New, []byte(p.secret))
	io.WriteString(mac, at+"."+body)
	request := must(http.NewRequestWithContext(p.w.Context(), http.MethodPost, p.web+"/hooks/forum", bytes.NewReader([]byte(body))))(p.w)
	request.Header.Set("X-Postrider-Timestamp", at)
	request.Header.Set("X-Postrider-Signature", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	response := must(http.DefaultClient.Do(request))(p.w)
	response.Body.Close()
	if response.StatusCode != http.StatusNoContent {
		p.w.Fatalf("the hook answers %s", response.Status)
	}
}

// scanned returns an error until that many rounds were finished.
func (p *postrider) scanned(trigger string, rounds int) error {
	if n := p.rounds(trigger); n < rounds {
		return fmt.Errorf("%d rounds of %q, want %d", n, trigger, rounds)
	}
	return nil
}

// rounds returns how many rounds were finished.
func (p *postrider) rounds(trigger string) int {
	return p.metric(`postrider_round_duration_seconds_count{trigger="` + trigger + `"}`)
}

// metric returns the value of a counter; 0 if it does not exist yet.
func (p *postrider) metric(series string) int {
	text, err := fetch(p.metrics)
	if err != nil {
		return 0
	}
	found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(series) + ` (\d+)$`).FindStringSubmatch(text)
	if found == nil {
		return 0
	}
	n, _ := strconv.Atoi(found[1])
	return n
}

// fetch returns the text at an address.
func fetch(address string) (string, error) {
	response, err := http.Get(address)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusOK {
		err = errors.Join(err, fmt.Errorf("%s answers %s", address, response.Status))
	}
	return string(text), err
}
