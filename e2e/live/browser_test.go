//go:build live

package live

import (
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// browser is a person's browser: it keeps cookies, follows redirects and sends forms with all of their fields.
type browser struct {
	w      *world
	name   string
	client http.Client
	at     *url.URL // the page that is open
}

// browser returns the browser of a person. Each has one.
func (w *world) browser(name string) *browser {
	w.Helper()
	b := w.browsers[name]
	if b == nil {
		jar := must(cookiejar.New(nil))(w)
		// Each person has an address, because a forum accepts few registrations from one.
		from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(len(w.browsers)+1))}}
		b = &browser{w: w, name: name, client: http.Client{Jar: jar, Transport: &http.Transport{DialContext: from.DialContext}}, at: must(url.Parse(w.url + "/"))(w)}
		w.browsers[name] = b
	}
	return b
}

// page is a page of the forum.
type page struct {
	b      *browser
	url    *url.URL
	status int
	text   string // HTML
	root   *html.Node
}

// open opens an address, which may be relative to the page that is open. It fails if the forum complains.
func (b *browser) open(address string) *page {
	b.w.Helper()
	return b.request(http.MethodGet, address, nil).wantNoComplaint()
}

// try opens an address whatever the answer is.
func (b *browser) try(address string) *page {
	b.w.Helper()
	return b.request(http.MethodGet, address, nil)
}

// request sends a request, follows all redirects and reads the page.
func (b *browser) request(method, address string, fields url.Values) *page {
	b.w.Helper()
	target := must(b.at.Parse(address))(b.w)
	request := must(http.NewRequestWithContext(b.w.Context(), method, target.String(), strings.NewReader(fields.Encode())))(b.w)
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	request.Header.Set("Referer", b.at.String())
	response := must(b.client.Do(request))(b.w)
	defer response.Body.Close()
	b.keepCookies(response)
	text := string(must(io.ReadAll(response.Body))(b.w))
	p := &page{b: b, url: response.Request.URL, status: response.StatusCode, text: text, root: must(html.Parse(strings.NewReader(text)))(b.w)}
	b.at = p.url
	if next := p.refresh(); next != "" {
		return b.request(http.MethodGet, next, nil)
	}
	return p
}

// keepCookies keeps cookies that net/http does not: those of PHP's arrays, with brackets in their names.
func (b *browser) keepCookies(response *http.Response) {
	for _, line := range response.Header.Values("Set-Cookie") {
		pair, _, _ := strings.Cut(line, ";")
		if name, value, found := strings.Cut(pair, "="); found && strings.Contains(name, "[") {
			b.client.Jar.SetCookies(response.Request.URL, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
		}
	}
}

// wantNoComplaint fails the test if the forum complains on a page.
func (p *page) wantNoComplaint() *page {
	p.b.w.Helper()
	if why := p.b.w.kind.failure(p); why != "" || p.status >= 400 {
		p.b.w.Fatalf("%s: %s answers %d: %s", p.b.name, p.url, p.status, why)
	}
	return p
}

// refresh returns the address to which a page leads on after a moment, or "".
func (p *page) refresh() string {
	for n := range p.elements("meta") {
		if strings.EqualFold(attribute(n, "http-equiv"), "refresh") {
			if _, address, found := strings.Cut(strings.ToLower(attribute(n, "content")), "url="); found {
				content := attribute(n, "content")
				return strings.Trim(content[len(content)-len(address):], `'"`)
			}
		}
	}
	return ""
}

// link returns the address of the first link that contains part.
func (p *page) link(part string) string {
	p.b.w.Helper()
	for n := range p.elements("a") {
		if href := attribute(n, "href"); strings.Contains(href, part) {
			return href
		}
	}
	p.b.w.Fatalf("%s: %s has no link with %q", p.b.name, p.url, part)
	return ""
}

// click opens the first link that contains part.
func (p *page) click(part string) *page {
	p.b.w.Helper()
	return p.b.open(p.link(part))
}

// has reports whether an element has this id attribute.
func (p *page) has(id string) bool {
	for n := range p.elements("") {
		if attribute(n, "id") == id {
			return true
		}
	}
	return false
}

// elements yields all elements with a name; "": all elements.
func (p *page) elements(name string) func(yield func(*html.Node) bool) {
	return func(yield func(*html.Node) bool) {
		for n := range p.root.Descendants() {
			if n.Type == html.ElementNode && (name == "" || n.Data == name) && !yield(n) {
				return
			}
		}
	}
}

func attribute(n *html.Node, name string) string {
	value, _ := lookup(n, name)
	return value
}

func lookup(n *html.Node, name string) (value string, found bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

// textOf returns the text of an element.
func textOf(n *html.Node) string {
	var text strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			text.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(text.String()), " ")
}
