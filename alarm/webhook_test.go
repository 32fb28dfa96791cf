package alarm

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const secret = "a secret of 24 characters"

func fixedText(Notification) (text, fix string) { return "the relay is down", "restart it" }

var sampleNotification = Notification{Kind: Held, Object: "gmail.com", Detail: "550 5.7.1 <script>", Since: time.Unix(1000, 0), At: time.Unix(1600, 0)}

func TestWebhook_PostsSignedNotification(t *testing.T) {
	var got struct {
		Event, Alarm, Object, Text, Fix, Detail, Site, URL string
		Since, At                                          time.Time
	}
	var head http.Header
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		head = r.Header
		if err := json.Unmarshal(body, &got); err != nil {
			t.Errorf("%v: %s", err, body)
		}
		// The check that docs/alarms.md describes for receivers.
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(r.Header.Get("X-Postrider-Timestamp") + "." + string(body)))
		if want := "sha256=" + hex.EncodeToString(mac.Sum(nil)); r.Header.Get("X-Postrider-Signature") != want {
			t.Errorf("signed %q, want %q", r.Header.Get("X-Postrider-Signature"), want)
		}
	}))
	defer server.Close()
	hook := NewWebhook(Config{Webhook: server.URL, Secret: secret}, "Example Forum", "https://forum.example.org", fixedText)
	if err := hook.Notify(t.Context(), sampleNotification); err != nil {
		t.Fatal(err)
	}
	if got.Event != "raised" || got.Alarm != "held" || got.Object != "gmail.com" || got.Text != "the relay is down" || got.Fix != "restart it" ||
		got.Detail != "550 5.7.1 <script>" || got.Site != "Example Forum" || got.URL == "" || got.Since.Unix() != 1000 || got.At.Unix() != 1600 {
		t.Errorf("the request body is %+v", got)
	}
	if stamp, err := strconv.ParseInt(head.Get("X-Postrider-Timestamp"), 10, 64); err != nil || time.Since(time.Unix(stamp, 0)).Abs() > time.Minute || head.Get("Content-Type") != "application/json" {
		t.Errorf("the request headers are %v", head)
	}
	resolved := sampleNotification
	resolved.Resolved = true
	if err := hook.Notify(t.Context(), resolved); err != nil || got.Event != "resolved" {
		t.Errorf("event is %q, %v, want resolved", got.Event, err)
	}
}

func TestWebhook_DoesNotSignWithoutSecret(t *testing.T) {
	signed := true
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, signed = r.Header["X-Postrider-Signature"]
	}))
	defer server.Close()
	if err := NewWebhook(Config{Webhook: server.URL}, "", "", fixedText).Notify(t.Context(), sampleNotification); err != nil || signed {
		t.Errorf("signed: %t, %v", signed, err)
	}
}

func TestWebhook_HidesAddressInErrors(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	defer elsewhere.Close()
	for _, code := range []int{http.StatusFound, http.StatusBadRequest, http.StatusInternalServerError} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, code)
		}))
		address := server.URL + "/hidden/key"
		err := NewWebhook(Config{Webhook: address}, "", "", fixedText).Notify(t.Context(), sampleNotification)
		if err == nil || !strings.Contains(err.Error(), strconv.Itoa(code)) {
			t.Errorf("%d: %v", code, err)
		}
		server.Close()
		if err := NewWebhook(Config{Webhook: address}, "", "", fixedText).Notify(t.Context(), sampleNotification); err == nil || strings.Contains(err.Error(), "hidden") {
			t.Errorf("with no server: %v", err)
		}
	}
}

// TestWebhook_GetsMissedNotificationsAfterOutage covers the whole way from a problem through the store to an HTTP server.
func TestWebhook_GetsMissedNotificationsAfterOutage(t *testing.T) {
	var mu sync.Mutex
	failing, events := true, []string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if failing {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		var p payload
		if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
			t.Error(err)
		}
		events = append(events, p.Event)
	}))
	defer server.Close()
	w := newTestManager(t)
	w.Manager = New(w.store, slog.New(slog.DiscardHandler), func() time.Time { return w.at }, NewWebhook(Config{Webhook: server.URL, Secret: secret}, "", "", fixedText))
	w.advance(5*time.Minute, func() { w.Raise(Auth, "", "535 no") })
	w.advance(20*time.Minute, func() { w.Clear(Auth, "") })
	mu.Lock()
	failing = false
	mu.Unlock()
	w.advance(20*time.Minute, noEvents)
	mu.Lock()
	defer mu.Unlock()
	if got := strings.Join(events, " "); got != "raised resolved" {
		t.Errorf("the webhook received %q", got)
	}
}

func TestConfig_ReportsInvalidKeys(t *testing.T) {
	for _, tt := range []struct {
		config Config
		want   string
	}{
		{Config{}, ""},
		{Config{Email: "Admin <admin@example.org>", Webhook: "https://example.org/x", Secret: secret}, ""},
		{Config{Email: "admin"}, "email: invalid address"},
		{Config{Webhook: "example.org/hook"}, "webhook: invalid URL"},
		{Config{Secret: "short"}, "secret: has 5 characters"},
	} {
		err := tt.config.Validate()
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)) {
			t.Errorf("%+v: %v", tt.config, err)
		}
	}
}
