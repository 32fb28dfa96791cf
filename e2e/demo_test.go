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

// TestDemo_ShowsMessagesInBrowser runs the demo on another port, as a new user does.
func TestDemo_ShowsMessagesInBrowser(t *testing.T) {
	t.Parallel()
	binary := buildBinary(t)
	port, err := servertest.Port()
	if err != nil {
		t.Fatal(err)
	}
	listen := fmt.Sprintf("127.0.0.1:%d", port)
	p := start(t, binary, "demo", "--listen", listen)
	p.waitFor(t, "the address of the page", func() bool { return pageAddress.MatchString(p.out.String()) })
	page := pageAddress.FindString(p.out.String())
	if page != "http://"+listen {
		t.Errorf("the page is at %s, want http://%s", page, listen)
	}
	var list string
	p.waitFor(t, "a message in the inbox", func() bool {
		list = get(t, page+"/")
		return strings.Contains(list, `href="/mail/1"`)
	})
	if message := get(t, page+"/mail/1"); !strings.Contains(message, "passengers.example") {
		t.Errorf("the page of the first message shows no recipient:\n%.500s", message)
	}
	body := get(t, page+"/mail/1/body")
	if !strings.Contains(body, "upperberth.example/posts/") {
		t.Errorf("the first message links to no post:\n%.500s", body)
	}
	if source := get(t, page+"/mail/1/source.eml"); !strings.Contains(source, "Message-ID: ") {
		t.Errorf("the first message's source is\n%.500s", source)
	}
	// The demo's pages are not served by https, so its messages have no List-Unsubscribe header (RFC 8058), only links.
	unsubscribe := unsubscribeLink.FindString(body)
	if unsubscribe == "" {
		t.Fatalf("the first message has no unsubscribe link:\n%.500s", body)
	}
	if confirmation := get(t, unsubscribe); !strings.Contains(confirmation, "<form") {
		t.Errorf("the unsubscribe page has no form:\n%.500s", confirmation)
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
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", address, response.Status, err)
	}
	return string(body)
}
