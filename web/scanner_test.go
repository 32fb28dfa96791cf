package web_test

import (
	"net/http"
	"strings"
	"testing"
)

// Mail filters and previews open every link of a mail, and some of what is behind it.
func TestLinks_ChangeNothingWhenAScannerFollowsThem(t *testing.T) {
	t.Parallel()
	w, mails := newMailedWorld(t)
	before := w.dump()
	for kind, l := range mails {
		links := l.links("")
		if len(links) < 3 {
			t.Fatalf("%s: has the links %v alone: to settings, an end and itself there must be some", kind, links)
		}
		follow := links
		for _, address := range links {
			follow = append(follow, letter{html: strings.ReplaceAll(w.get(address).body, `"/postrider/`, `"`+w.site.URL+"/postrider/")}.links("")...)
		}
		for _, address := range follow {
			for _, method := range []string{http.MethodHead, http.MethodGet, http.MethodHead} {
				r := w.request(method, address, nil)
				r.Header.Set("Purpose", "prefetch")
				got := w.ask(r)
				if got.status != http.StatusOK && got.status != http.StatusMethodNotAllowed { // what a form posts to
					t.Errorf("%s: %s %s is answered with %d", kind, method, address, got.status)
				}
				if method == http.MethodHead && got.body != "" {
					t.Errorf("%s: HEAD %s has a body", kind, address)
				}
			}
		}
	}
	if after := w.dump(); after != before || w.woken > 0 {
		t.Errorf("the store changed (%d bytes before, %d after), or the daemon was woken (%d times)", len(before), len(after), w.woken)
	}
}
