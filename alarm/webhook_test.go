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

func fixedText(n Notification) (what, cure string) { return "the relay is down", "look at it" }

var sampleNotification = Notification{Kind: Held, Object: "gmail.com", Detail: "550 5.7.1 <script>", Since: time.Unix(1000, 0), At: time.Unix(1600, 0)}

func TestWebhook_PostsSignedNotification(t *testing.T) {
	var got struct {
		Event, Alarm, Object, Text, Cure, Detail, Site, URL string
		Since, At                                           time.Time
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
		// As docs/alarms.md tells receivers to do it.
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
	if got.Event != "raised" || got.Alarm != "held" || got.Object != "gmail.com" || got.Text != "the relay is down" || got.Cure != "look at it" ||
		got.Detail != "550 5.7.1 <script>" || got.Site != "Example Forum" || got.URL == "" || got.Since.Unix() != 1000 || got.At.Unix() != 1600 {
		t.Errorf("it posted %+v", got)
	}
	if stamp, err := strconv.ParseInt(head.Get("X-Postrider-Timestamp"), 10, 64); err != nil || time.Since(time.Unix(stamp, 0)).Abs() > time.Minute || head.Get("Content-Type") != "application/json" {
		t.Errorf("its head is %v", head)
	}
	over := sampleNotification
	over.Resolved = true
	if err := hook.Notify(t.Context(), over); err != nil || got.Event != "over" {
		t.Errorf("the end is told as %q: %v", got.Event, err)
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
			t.Errorf("with nobody there: %v", err)
		}
	}
}

// TestWebhook_GetsMissedNotificationsAfterOutage goes from a fault to a server, by way of the store.
func TestWebhook_GetsMissedNotificationsAfterOutage(t *testing.T) {
	var mu sync.Mutex
	ill, events := true, []string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if ill {
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
	ill = false
	mu.Unlock()
	w.advance(20*time.Minute, noEvents)
	mu.Lock()
	defer mu.Unlock()
	if got := strings.Join(events, " "); got != "raised over" {
		t.Errorf("it heard %q", got)
	}
}

func TestConfig_ReportsInvalidKeys(t *testing.T) {
	for _, tt := range []struct {
		config Config
		fault  string
	}{
		{Config{}, ""},
		{Config{Email: "Admin <admin@example.org>", Webhook: "https://example.org/x", Secret: secret}, ""},
		{Config{Email: "admin"}, "email is"},
		{Config{Webhook: "example.org/hook"}, "webhook is no web address"},
		{Config{Secret: "short"}, "secret is shorter"},
	} {
		err := tt.config.Validate()
		if tt.fault == "" && err != nil || tt.fault != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.fault)) {
			t.Errorf("%+v: %v", tt.config, err)
		}
	}
}
