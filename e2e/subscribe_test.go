package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"postrider/internal/smtptest"
)

const pushSecret = "a secret between the two of us"

// newsSite is a mirror whose page anyone can subscribe on.
type newsSite struct {
	*testing.T
	binary, config, pages string
	relay                 *smtptest.Server
}

func newNewsSite(t *testing.T) *newsSite {
	t.Helper()
	s := &newsSite{T: t, binary: buildBinary(t), relay: smtptest.New(t)}
	dir, listen := t.TempDir(), freeAddress(t)
	s.pages = "http://" + listen + "/postrider"
	s.config = filepath.Join(dir, "config.toml")
	text := fmt.Sprintf("[forum]\ntype = \"mirror\"\ndsn = %q\nurl = \"https://news.example.org\"\nname = \"Example News\"\n[mirror]\nsubscribe = true\npush_secret = %q\n[store]\ndsn = %q\n[smtp]\nurl = %q\nfrom = \"Example News <digest@news.example.org>\"\n[web]\nlisten = %q\nurl = %q\nprobe = false\n",
		"sqlite:"+filepath.Join(dir, "mirror.db"), pushSecret, "sqlite:"+filepath.Join(dir, "postrider.db"), s.relay.URL(), listen, s.pages)
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// whileRunning runs a daemon while do runs.
func (s *newsSite) whileRunning(do func()) {
	s.Helper()
	p := start(s.T, s.binary, "run", "--first", "-c", s.config)
	p.waitFor(s.T, "the start", func() bool { return strings.Contains(p.out.String(), "postrider started") })
	do()
	p.stop(s.T)
}

// send sends a request and returns the body of the response, which must have a status.
func (s *newsSite) send(r *http.Request, err error, want int) string {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil || got.StatusCode != want {
		s.Fatalf("%s %s: status %d, want %d, %v\n%s", r.Method, r.URL.Path, got.StatusCode, want, err, body)
	}
	return string(body)
}

func (s *newsSite) get(address string) string {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), http.MethodGet, address, nil)
	return s.send(r, err, http.StatusOK)
}

func (s *newsSite) post(address string, form url.Values) string {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.send(r, err, http.StatusOK)
}

// push sends what the site has published.
func (s *newsSite) push(body string) {
	s.Helper()
	at := fmt.Sprint(time.Now().Unix())
	h := hmac.New(sha256.New, []byte(pushSecret))
	io.WriteString(h, at+"."+body)
	r, err := http.NewRequestWithContext(s.Context(), http.MethodPost, s.pages+"/ingest", strings.NewReader(body))
	r.Header.Set("X-Postrider-Timestamp", at)
	r.Header.Set("X-Postrider-Signature", "sha256="+hex.EncodeToString(h.Sum(nil)))
	s.send(r, err, http.StatusNoContent)
}

var confirmationLink = regexp.MustCompile(`http\S+/subscribe/[\w-]+`)

func TestSubscribe_FromTheFormToTheFirstDigest(t *testing.T) {
	t.Parallel()
	s := newNewsSite(t)
	var confirm string
	s.whileRunning(func() {
		s.push(`{"sections": [{"id": "news", "title": "News"}, {"id": "sport", "title": "Sport"}]}`)
		if form := s.get(s.pages + "/subscribe"); !strings.Contains(form, `value="sport"`) {
			t.Fatalf("the form lacks a section:\n%s", form)
		}
		asked := time.Now()
		s.post(s.pages+"/subscribe", url.Values{"email": {"anna@example.org"}, "section": {"sport"}, "cadence": {"daily"}})
		message := string(s.relay.Wait(1)[0].Data)
		t.Logf("the message arrived after %v", time.Since(asked))
		text := strings.ReplaceAll(message, "=\r\n", "")
		if confirm = confirmationLink.FindString(text); confirm == "" || !strings.Contains(message, "Auto-Submitted: auto-generated") || strings.Contains(message, "List-Unsubscribe") {
			t.Fatalf("the message is\n%s", message)
		}
		if page := s.get(confirm); !strings.Contains(page, "Sport") || strings.Contains(page, "News</bdi><br>") {
			t.Errorf("the link shows\n%s", page)
		}
	})
	if out, _, _ := run(t, "members", "list", "-c", s.config); strings.Contains(out, "anna@") {
		t.Fatalf("a member without a confirmation:\n%s", out)
	}
	s.whileRunning(func() { // the link outlives a restart
		if page := s.post(confirm, url.Values{"confirm": {"yes"}}); !strings.Contains(page, "You are subscribed to Example News") {
			t.Fatalf("confirming shows\n%s", page)
		}
	})
	s.whileRunning(func() {
		for _, section := range []string{"news", "sport"} {
			s.push(fmt.Sprintf(`{"threads": [{"id": %q, "section": %[1]q, "title": "What is new in %[1]s"}], "posts": [{"id": %[1]q, "thread": %[1]q, "html": "<p>A text"}]}`, section))
		}
	})
	if out, errs, code := run(t, "run", "--once", "--now", time.Now().Add(25*time.Hour).UTC().Format(time.RFC3339), "-c", s.config); code != 0 {
		t.Fatalf("%d\n%s%s", code, out, errs)
	}
	messages := s.relay.Messages()
	if len(messages) != 2 {
		t.Fatalf("%d messages, want the confirmation and one digest", len(messages))
	}
	if digest := string(messages[1].Data); !strings.Contains(digest, "What is new in sport") || strings.Contains(digest, "What is new in news") {
		t.Errorf("the digest is\n%s", digest)
	}
	if out, _, _ := run(t, "explain", "anna", "-c", s.config); !regexp.MustCompile(`consent +confirmed .* by anna@example\.org, asked .*: daily, Sport`).MatchString(out) {
		t.Errorf("explain does not show the consent:\n%s", out)
	}
}
