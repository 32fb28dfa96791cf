package e2e

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"postrider/internal/servertest"
)

var pageAddress = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// TestDemo_ShowsMessagesInBrowser runs the demo as a newcomer does, on another port.
func TestDemo_ShowsMessagesInBrowser(t *testing.T) {
	t.Parallel()
	binary := buildBinary(t)
	port, err := servertest.Port()
	if err != nil {
		t.Fatal(err)
	}
	listen := fmt.Sprintf("127.0.0.1:%d", port)
	p := start(t, binary, "demo", "--listen", listen)
	p.waitFor(t, "printed address", func() bool { return pageAddress.MatchString(p.out.String()) })
	page := pageAddress.FindString(p.out.String())
	if page != "http://"+listen {
		t.Errorf("the page is at %s, want http://%s", page, listen)
	}
	var list string
	p.waitFor(t, "mail in the inbox", func() bool {
		list = get(t, page+"/")
		return strings.Contains(list, `href="/mail/1"`)
	})
	if mail := get(t, page+"/mail/1"); !strings.Contains(mail, "passengers.example") {
		t.Errorf("the page of the first mail names no reader:\n%.500s", mail)
	}
	body := get(t, page+"/mail/1/body")
	if !strings.Contains(body, "upperberth.example/posts/") {
		t.Errorf("the first mail links to no post:\n%.500s", body)
	}
	if source := get(t, page+"/mail/1/source.eml"); !strings.Contains(source, "Message-ID: ") {
		t.Errorf("the first mail's source is\n%.500s", source)
	}
	// The demo's pages have no https, so that its mails have no List-Unsubscribe (RFC 8058): the links in them must do.
	unsubscribe := unsubscribeLink.FindString(body)
	if unsubscribe == "" {
		t.Fatalf("the first mail has no link to unsubscribe by:\n%.500s", body)
	}
	if asks := get(t, unsubscribe); !strings.Contains(asks, "<form") {
		t.Errorf("the page behind that link asks nothing:\n%.500s", asks)
	}
	p.stop(t)
}

var unsubscribeLink = regexp.MustCompile(`http://127\.0\.0\.1:\d+/[\w/]*u/[\w-]{40,}`)

func get(t *testing.T, address string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", address, answer.Status, err)
	}
	return string(body)
}
