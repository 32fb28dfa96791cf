package mirror

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mmcdole/gofeed"
)

const (
	fetchTimeout = 30 * time.Second
	maxFeed      = 5 << 20 // bytes
	maxRedirects = 5
	// maxItems is how many items of a feed are read, from its beginning, where feeds have the newest ones.
	maxItems = 500
)

// fetched is what a feed answered.
type fetched struct {
	unchanged      bool // since the last poll
	link           string
	items          []*gofeed.Item
	etag, modified string
	wait           time.Duration // how long the server asks to wait; 0: it does not
}

// fetch reads a feed, if it has changed since the last poll.
func (p *Poller) fetch(ctx context.Context, client *feedClient, address string, state FeedState) (got fetched, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fetched{}, errors.New("invalid address")
	}
	request.Header.Set("User-Agent", p.Agent)
	request.Header.Set("Accept", "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5")
	if state.BeganAt != 0 && state.ETag != "" {
		request.Header.Set("If-None-Match", state.ETag)
	}
	if state.BeganAt != 0 && state.Modified != "" {
		request.Header.Set("If-Modified-Since", state.Modified)
	}
	response, err := client.Do(request)
	if err != nil {
		return fetched{}, withoutAddress(err)
	}
	defer response.Body.Close()
	got = fetched{etag: validator(response, "ETag"), modified: validator(response, "Last-Modified")}
	switch {
	case response.StatusCode == http.StatusNotModified:
		return fetched{unchanged: true, etag: state.ETag, modified: state.Modified}, nil
	case response.StatusCode != http.StatusOK:
		return fetched{wait: retryAfter(response)}, fmt.Errorf("the server answers %s", response.Status)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxFeed+1))
	if err != nil {
		return fetched{}, withoutAddress(err)
	}
	if len(text) > maxFeed {
		return fetched{}, fmt.Errorf("the feed has more than %d MB", maxFeed>>20)
	}
	feed, err := parseFeed(text)
	if err != nil {
		return fetched{}, err
	}
	got.link, got.items = feed.Link, feed.Items[:min(len(feed.Items), maxItems)]
	return got, nil
}

// maxValidator is the maximum length of a header that is sent back to ask only for changes, in bytes.
const maxValidator = 500

// validator returns a header that says which state of the feed was answered, or "" if it cannot be kept and sent back.
func validator(r *http.Response, header string) string {
	value := r.Header.Get(header)
	if len(value) > maxValidator || strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c > '~' }) {
		return ""
	}
	return value
}

// parseFeed reads RSS, Atom or JSON Feed. A panic of the parser is an error: feeds come from strangers.
func parseFeed(text []byte) (feed *gofeed.Feed, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			feed, err = nil, fmt.Errorf("cannot be parsed: %v", cause)
		}
	}()
	text = slices.DeleteFunc(text, isControl) // as gofeed does, so that checkShape reads what it reads
	if err := checkShape(text); err != nil {
		return nil, err
	}
	if feed, err = gofeed.NewParser().Parse(bytes.NewReader(text)); err != nil {
		return nil, fmt.Errorf("is no RSS, Atom or JSON Feed: %w", err)
	}
	return feed, nil
}

// isControl reports whether a byte is a control character that no XML may contain.
func isControl(b byte) bool { return b < ' ' && b != '\t' && b != '\n' && b != '\r' }

// withoutAddress removes the address from an error of the client: it may contain a password.
func withoutAddress(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

// redacted returns an address without its password and parameters, for logs.
func redacted(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "invalid"
	}
	u.User, u.RawQuery = nil, ""
	return u.String()
}

// retryAfter returns how long a server asks to wait, in seconds, at most a day.
func retryAfter(r *http.Response) time.Duration {
	seconds, err := strconv.ParseInt(r.Header.Get("Retry-After"), 10, 32)
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, maxBackoff)
}
