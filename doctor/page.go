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

// Page checks whether the address, on the same server as one-click unsubscribe, is reachable: by https, and without a
// redirect, because one-click requests must not be redirected (RFC 8058, 3.1). It also returns the server's clock, zero
// if unknown.
func Page(ctx context.Context, client *http.Client, address string) (f finding.Finding, clock time.Time) {
	f = finding.OK("one-click", address+" answers")
	if u, err := url.Parse(address); err != nil || u.Scheme != "https" {
		f.Level, f.Text = finding.LevelFail, address+" is not https, so mail clients show no unsubscribe button"
		f.Fix = "set up a TLS certificate, and use https:// in web.url"
		return f, clock
	}
	once := *client
	once.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		f.Level, f.Text, f.Fix = finding.LevelFail, err.Error(), "correct web.url"
		return f, clock
	}
	response, err := once.Do(request)
	if err != nil {
		f.Level, f.Text = finding.LevelWarn, address+" cannot be reached from here: "+cause(err)
		f.Fix = "check that postrider runs with [web] listen, that your web server forwards web.url to it, and that its certificate is valid"
		return f, clock
	}
	defer response.Body.Close()
	clock, _ = http.ParseTime(response.Header.Get("Date"))
	switch code := response.StatusCode; {
	case code >= 300 && code < 400:
		f.Level, f.Text = finding.LevelFail, fmt.Sprintf("%s redirects to %s; one-click requests must not be redirected", address, response.Header.Get("Location"))
		f.Fix = "set web.url to the target, or let your web server forward requests without a redirect"
	case code != http.StatusOK:
		f.Level, f.Text = finding.LevelWarn, fmt.Sprintf("%s answers %d", address, code)
		f.Fix = "check that postrider runs with [web] listen, and that your web server forwards web.url to it"
	}
	return f, clock
}

// cause returns the error without the method and the URL.
func cause(err error) string {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	return err.Error()
}
