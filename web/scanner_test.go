package web_test

import (
	"net/http"
	"strings"
	"testing"
)

// Mail filters and previews open every link of a message, and some links of the pages behind them.
func TestLinks_ChangeNothingWhenAScannerFollowsThem(t *testing.T) {
	t.Parallel()
	w, mails := newFixtureWithMessages(t)
	before := w.dumpStore()
	for kind, l := range mails {
		links := l.links("")
		if len(links) < 3 {
			t.Fatalf("%s: has only the links %v, want settings, unsubscribe and view", kind, links)
		}
		follow := links
		for _, address := range links {
			follow = append(follow, receivedMessage{html: strings.ReplaceAll(w.get(address).body, `"/postrider/`, `"`+w.site.URL+"/postrider/")}.links("")...)
		}
		for _, address := range follow {
			for _, method := range []string{http.MethodHead, http.MethodGet, http.MethodHead} {
				r := w.request(method, address, nil)
				r.Header.Set("Purpose", "prefetch")
				got := w.do(r)
				if got.status != http.StatusOK && got.status != http.StatusMethodNotAllowed { // the action of a form
					t.Errorf("%s: %s %s: status %d", kind, method, address, got.status)
				}
				if method == http.MethodHead && got.body != "" {
					t.Errorf("%s: HEAD %s has a body", kind, address)
				}
			}
		}
	}
	if after := w.dumpStore(); after != before || w.wakeups > 0 {
		t.Errorf("the store changed (%d bytes before, %d after), or the daemon was woken (%d times)", len(before), len(after), w.wakeups)
	}
}
