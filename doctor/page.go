package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"postrider/internal/finding"
)

// Page looks whether the page at address, below the one that one-click unsubscription posts to, can be reached: by https,
// and without a redirect, which the posts must not meet (RFC 8058, 3.1). It also gives the server's clock, zero where it
// tells none.
func Page(ctx context.Context, client *http.Client, address string) (f finding.Finding, clock time.Time) {
	f = finding.OK("one-click", address+" answers")
	if u, err := url.Parse(address); err != nil || u.Scheme != "https" {
		f.Level, f.Text = finding.LevelFail, address+" is not https, without which mailboxes show no button for unsubscribing"
		f.Fix = "put a TLS certificate on it, and write https:// in web.url"
		return f, clock
	}
	once := *client
	once.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		f.Level, f.Text, f.Fix = finding.LevelFail, err.Error(), "mend web.url"
		return f, clock
	}
	response, err := once.Do(request)
	if err != nil {
		f.Level, f.Text = finding.LevelWarn, address+" cannot be reached from here: "+cause(err)
		f.Fix = "see that postrider runs with [web] listen, that your web server hands web.url on to it, and that its certificate is valid"
		return f, clock
	}
	defer response.Body.Close()
	clock, _ = http.ParseTime(response.Header.Get("Date"))
	switch code := response.StatusCode; {
	case code >= 300 && code < 400:
		f.Level, f.Text = finding.LevelFail, fmt.Sprintf("%s redirects to %s; one-click posts must not be redirected", address, response.Header.Get("Location"))
		f.Fix = "write the address in web.url to which it leads, or let your web server hand it on without a redirect"
	case code != http.StatusOK:
		f.Level, f.Text = finding.LevelWarn, fmt.Sprintf("%s answers %d", address, code)
		f.Fix = "see that postrider runs with [web] listen, and that your web server hands web.url on to it"
	}
	return f, clock
}

// cause is what went wrong without the method and the address.
func cause(err error) string {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	return err.Error()
}
