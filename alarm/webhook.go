package alarm

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// TextFunc describes a notification in the language of the site: the problem, and how to fix it.
type TextFunc func(Notification) (text, fix string)

// Webhook posts notifications as JSON.
type Webhook struct {
	Address string
	Secret  string // signs the requests; empty: not signed
	Site    string // the forum's name
	URL     string // the forum's address
	Text    TextFunc
	Client  *http.Client
}

// NewWebhook returns a Webhook that follows no redirects, because a signed notification is meant for one receiver.
func NewWebhook(c Config, site, url string, text TextFunc) *Webhook {
	client := &http.Client{
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Webhook{Address: c.Webhook, Secret: c.Secret, Site: site, URL: url, Text: text, Client: client}
}

// Name implements Channel.
func (*Webhook) Name() string { return "webhook" }

// payload is the body of a request. docs/alarms.md documents it for receivers.
type payload struct {
	Event  string    `json:"event"` // "raised", "resolved"
	Alarm  Kind      `json:"alarm"`
	Object string    `json:"object,omitempty"`
	Text   string    `json:"text"`
	Fix    string    `json:"fix"`
	Detail string    `json:"detail"`
	Since  time.Time `json:"since"`
	At     time.Time `json:"at"`
	Site   string    `json:"site"`
	URL    string    `json:"url"`
}

// Headers of the requests.
const (
	timestampHeader = "X-Postrider-Timestamp" // Unix seconds
	signatureHeader = "X-Postrider-Signature" // "sha256=" and an HMAC in hexadecimal of the timestamp, a dot and the body
)

// Notify implements Channel. Any answer but 2xx is an error.
func (w *Webhook) Notify(ctx context.Context, n Notification) error {
	out := payload{
		Event: "raised", Alarm: n.Kind, Object: n.Object, Detail: n.Detail,
		Since: n.Since.UTC(), At: n.At.UTC(), Site: w.Site, URL: w.URL,
	}
	if n.Resolved {
		out.Event = "resolved"
	}
	out.Text, out.Fix = w.Text(n)
	body, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("encoding the notification: %w", err)
	}
	request, err := w.request(ctx, body, time.Now())
	if err != nil {
		return fmt.Errorf("posting to the webhook: %w", err)
	}
	response, err := w.Client.Do(request)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // without the URL, which may contain a secret
		}
		return fmt.Errorf("posting to the webhook: %w", err)
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, 64<<10) // lets the connection be reused
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("posting to the webhook: response status is %s, must be 2xx", response.Status)
	}
	return nil
}

func (w *Webhook) request(ctx context.Context, body []byte, now time.Time) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.Address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	stamp := strconv.FormatInt(now.Unix(), 10)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "postrider")
	request.Header.Set(timestampHeader, stamp)
	if w.Secret != "" {
		request.Header.Set(signatureHeader, "sha256="+sign(w.Secret, stamp, body))
	}
	return request, nil
}

// sign returns the signature, which covers the timestamp too, so that an old request cannot be replayed.
func sign(secret, stamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}
