package doctor

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"postrider/internal/finding"
)

// wrongAnswer is the finding when another server, or none of ours, is behind the address.
func (p Pages) wrongAnswer(r *http.Response, body string) finding.Finding {
	server := r.Header.Get("Server")
	switch code := r.StatusCode; {
	case code >= 300 && code < 400:
		return finding.Fail(pagesPart, fmt.Sprintf("%s redirects to %s; one-click requests must not be redirected", p.URL, r.Header.Get("Location")),
			"set web.url to the target, or let your web server forward requests without a redirect")
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return finding.Fail(pagesPart, fmt.Sprintf("%s answers %d: it does not let everyone in", p.URL, code),
			"let your web server forward web.url without a login or a filter: members open it from their email")
	case code == http.StatusBadGateway, code == http.StatusServiceUnavailable, code == http.StatusGatewayTimeout:
		return finding.Fail(pagesPart, fmt.Sprintf("%s answers %d: the web server cannot reach postrider", p.URL, code),
			"let the web server forward to "+p.backend()+"; in a container or with SELinux, allow the connection"+p.snippet(server))
	case code == http.StatusOK && strings.HasPrefix(body, "postrider "):
		return finding.Fail(pagesPart, p.URL+" is served by a daemon with another store", "give each store its own web.url, and forward each to its own web.listen")
	default:
		return finding.Fail(pagesPart, fmt.Sprintf("%s answers %d, but not from postrider: another page is there", p.URL, code),
			"let your web server forward it to "+p.backend()+p.snippet(server))
	}
}

func (p Pages) backend() string {
	if p.Listen == "" {
		return "web.listen of the daemon, which is empty here"
	}
	return "http://" + p.Listen
}

// snippet names the lines for the server that answered.
func (p Pages) snippet(server string) string {
	path := "/"
	if u, err := url.Parse(p.URL); err == nil {
		path = strings.TrimRight(u.Path, "/") + "/"
	}
	const where = "; see docs/web-server.md"
	switch name := strings.ToLower(server); {
	case p.Listen == "":
		return where
	case strings.HasPrefix(name, "nginx"):
		return fmt.Sprintf(": location ^~ %s { proxy_pass http://%s; }%s, nginx", path, p.Listen, where)
	case strings.HasPrefix(name, "apache"):
		return fmt.Sprintf(": ProxyPass %s http://%s%s%s, Apache", path, p.Listen, path, where)
	case strings.HasPrefix(name, "caddy"):
		return fmt.Sprintf(": handle %s* { reverse_proxy %s }%s, Caddy", path, p.Listen, where)
	}
	return where
}
