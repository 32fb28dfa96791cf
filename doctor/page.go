package doctor

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"postrider/internal/finding"
)

// Pages are postrider's pages for members.
type Pages struct {
	URL    string                    // the public address
	Path   string                    // below URL: where the pages answer a nonce
	Prove  func(nonce string) string // what they must answer
	Listen string                    // where a web server forwards requests to; may be empty
}

// PagesAnswer is what a probe found.
type PagesAnswer struct {
	Finding finding.Finding
	Clock   time.Time // of the web server; zero: unknown
	Proved  bool      // the pages answered, even if without https
}

// pagesPart is the name of the findings about the pages.
const pagesPart = "one-click"

// Probe requests the pages by their public address, and checks that they answer, not another server. Redirects are not followed:
// one-click requests must not be redirected (RFC 8058, 3.1).
func (p Pages) Probe(ctx context.Context, client *http.Client) PagesAnswer {
	nonce := rand.Text()
	address, err := url.JoinPath(p.URL, p.Path, nonce)
	if err != nil {
		return PagesAnswer{Finding: finding.Fail(pagesPart, err.Error(), "correct web.url")}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return PagesAnswer{Finding: finding.Fail(pagesPart, err.Error(), "correct web.url")}
	}
	once := *client
	once.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := once.Do(request)
	if err != nil {
		return PagesAnswer{Finding: p.unreachable(err)}
	}
	defer response.Body.Close()
	clock, _ := http.ParseTime(response.Header.Get("Date"))
	body, _ := io.ReadAll(io.LimitReader(response.Body, 200)) // what was read so far is not the proof
	if response.StatusCode == http.StatusOK && strings.TrimSpace(string(body)) == p.Prove(nonce) {
		return PagesAnswer{Finding: p.served(), Clock: clock, Proved: true}
	}
	return PagesAnswer{Finding: p.wrongAnswer(response, string(body)), Clock: clock}
}

// served is the finding when the pages answer. One-click unsubscribe needs https (RFC 8058, 3.1).
func (p Pages) served() finding.Finding {
	u, err := url.Parse(p.URL)
	switch {
	case err == nil && u.Scheme == "https":
		return finding.OK(pagesPart, p.URL+" answers")
	case err == nil && isLoopback(u.Hostname()):
		return finding.Warn(pagesPart, p.URL+" answers, but only on this machine", "before members get email, set web.url to a public https address")
	}
	return finding.Fail(pagesPart, p.URL+" is not https, so mail clients show no unsubscribe button", "set up a TLS certificate, and use https:// in web.url")
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// unreachable is the finding when no answer arrives.
func (p Pages) unreachable(err error) finding.Finding {
	text := p.URL + " cannot be reached from this machine: "
	switch {
	case isUnknownHost(err):
		return finding.Fail(pagesPart, text+"the host name is unknown", "correct web.url, or add its host name to the DNS"+splitNetwork)
	case isCertificateError(err):
		return finding.Fail(pagesPart, text+cause(err), "install a certificate for the host name of web.url from a public authority, with its whole chain")
	case errors.Is(err, syscall.ECONNREFUSED):
		return finding.Fail(pagesPart, text+"connection refused", "start the web server of web.url"+splitNetwork)
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return finding.Fail(pagesPart, text+"no answer", "check the firewall and the web server of web.url"+splitNetwork)
	}
	return finding.Fail(pagesPart, text+cause(err), "check the web server of web.url"+splitNetwork)
}

// splitNetwork is for machines behind a router that does not send them back to their own public address (hairpin NAT).
const splitNetwork = "; if only this machine cannot reach it, add the host to /etc/hosts or set [web] probe = false"

func isUnknownHost(err error) bool {
	dns, ok := errors.AsType[*net.DNSError](err)
	return ok && dns.IsNotFound
}

func isCertificateError(err error) bool {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	return errors.As(err, &unknown) || errors.As(err, &name) || errors.As(err, &invalid)
}

// cause returns the error without the method and the URL.
func cause(err error) string {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	return err.Error()
}
