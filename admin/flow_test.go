package admin_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"postrider/digest"
	"postrider/internal/browsertest"
	"postrider/internal/smtptest"
	"postrider/mail"
)

// runDaemon runs a daemon and the admin pages on a real clock, which later advances.
func (w *fixture) runDaemon(relay *smtptest.Server) (site string, later func(time.Duration)) {
	w.Helper()
	start, ahead := time.Now(), atomic.Int64{}
	w.deps.Now = func() time.Time { return noon.Add(time.Since(start) + time.Duration(ahead.Load())) }
	w.deps.Settings.Digest.Cadence, w.deps.Settings.Alerts.Enabled = digest.Off, false
	smtp := must(mail.NewSMTP(mail.SMTPConfig{URL: relay.URL(), MaxConnections: 2}, slog.New(slog.DiscardHandler)))(w)
	w.Cleanup(func() { smtp.Close() })
	d := w.newDaemon(smtp)
	w.deps.Wake, w.deps.SendTest = d.Wake, d.SendTestAnnouncement
	ctx, stop := context.WithCancel(w.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	w.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			w.Errorf("the daemon: %v", err)
		}
	})
	return w.startSite(func(h http.Handler) http.Handler {
		return &slowForms{Handler: h, streams: make(map[*http.Request]chan struct{})}
	}), func(by time.Duration) { ahead.Add(int64(by)) }
}

// slowForms answers each form only when the streams that were open then have ended, as on a slow connection.
type slowForms struct {
	http.Handler
	mu      sync.Mutex
	streams map[*http.Request]chan struct{}
}

func (h *slowForms) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasSuffix(r.URL.Path, "/live"):
		ended := make(chan struct{})
		h.mu.Lock()
		h.streams[r] = ended
		h.mu.Unlock()
		h.Handler.ServeHTTP(w, r)
		close(ended)
	case r.Method == http.MethodPost:
		answer := httptest.NewRecorder()
		h.mu.Lock()
		open := slices.Collect(maps.Values(h.streams))
		h.mu.Unlock()
		h.Handler.ServeHTTP(answer, r)
		for _, stream := range open {
			<-stream
		}
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		w.Write(answer.Body.Bytes())
	default:
		h.Handler.ServeHTTP(w, r)
	}
}

// waitForText waits until an element, found by its ID or class, contains a text.
func waitForText(p *browsertest.Page, name, text string) {
	p.Do(chromedp.WaitVisible(chromedp.Search(fmt.Sprintf(`//*[@id="%[1]s" or @class="%[1]s"][contains(., "%[2]s")]`, name, text))))
}

// setField sets the value of a field.
func setField(p *browsertest.Page, selector, text string) {
	p.Do(chromedp.SetValue(chromedp.CSS(selector), text))
}

// An administrator writes an announcement with a real daemon and a real relay, previews it before anything is sent, and follows it.
func TestBrowser_WritesStartsAndFollowsAnAnnouncement(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	const extraMembers = 200 // in addition to the 36 of the sample forum
	w.execForum(`WITH RECURSIVE extraMembers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM extraMembers WHERE i < ?)
		INSERT INTO member SELECT 10000 + i, 'Reader ' || i, 'reader' || i || '@example.org', 'UTC', 'en', 2, '', 0, 'active', 1 FROM extraMembers`, extraMembers)
	relay := smtptest.New(t, smtptest.WithHeadersOnly())
	site, later := w.runDaemon(relay)
	p := browsertest.New(t)
	logInWithBrowser(p, site)
	p.Open(site + "/announcements/new")
	setField(p, "#title-1", "We move, {{name|friend}}")
	setField(p, "#body-1", "On **Saturday**, {{name|friend}}.")
	setField(p, "#speed", "300") // five a second
	setField(p, "#wait", "10")   // minutes
	p.Click(".save .button")

	waitForText(p, "size", "236") // counted in the background, shown by the stream
	setField(p, "#as", "Corridor Kate")
	p.Click("[action$='#look'] .button")
	waitForText(p, "subject", "We move, Corridor Kate")
	setField(p, "#to", "me@a.example")
	p.Click("[action$=test] .button")
	if got := relay.Wait(1)[0].To; got != "me@a.example" {
		t.Errorf("the test went to %q", got)
	}
	if n := relay.Count(); n != 1 {
		t.Errorf("%d messages sent before the start", n)
	}

	p.Tick("[action$=start] [name=sure]")
	p.Click("[action$=start] .button")
	waitForText(p, "mark", "Canary")
	sent := func(least int) { // shown by the stream, without a reload
		p.Do(chromedp.WaitVisible(chromedp.Search(fmt.Sprintf(`//*[@id="sent"][number(.) >= %d]`, least))))
	}
	p.Do(chromedp.Evaluate[chromedp.Void](`window.unloaded = true`))
	sent(3)
	if !browsertest.Run(p, chromedp.Evaluate[bool](`window.unloaded === true`)) {
		t.Error("the page was reloaded to show the progress")
	}
	sent(12)
	waitForText(p, "live", "Waiting for bounces and complaints")
	later(15 * time.Minute) // the canary ends
	waitForText(p, "mark", "Sending")

	setField(p, "#reason", "a typo")
	p.Click("[action$=pause] .button")
	if got := p.URL(); !strings.Contains(got, "done=announcement_paused") {
		t.Errorf("the form leads to %s: the stream's reload took its place", got)
	}
	waitForText(p, "live", "a typo")
	p.Click("[action$=resume] .button")
	for n := relay.Count(); n < 237; n = relay.Count() {
		later(10 * time.Second) // the rate catches up by at most this much
		relay.Wait(min(n+40, 237))
	}
	waitForText(p, "mark", "Completed")
	if got := p.Text("#sent"); got != "236" {
		t.Errorf("%s were sent", got)
	}
	to := make(map[string]int)
	for _, m := range relay.Messages() {
		to[m.To]++
	}
	if len(to) != 237 || relay.Count() != 237 {
		t.Errorf("%d messages sent, to %d addresses", relay.Count(), len(to))
	}

	p.Open(site + "/members?q=Corridor+Kate")
	waitForText(p, "rows", "We move")
	setField(p, "#post", "1")
	p.Click("[action$=explain] .button")
	waitForText(p, "story", "Visible")
	if got := p.URL(); !strings.Contains(got, "post=1") {
		t.Errorf("explained at %s", got)
	}
}
