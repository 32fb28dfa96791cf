package admin_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"postrider/digest"
	"postrider/internal/browsertest"
	"postrider/internal/smtptest"
	"postrider/mail"
)

// run runs a daemon over the world, and the room beside it, on a clock that goes; it can be put on.
func (w *world) run(relay *smtptest.Server) (site string, later func(time.Duration)) {
	w.Helper()
	began, ahead := time.Now(), atomic.Int64{}
	w.parts.Now = func() time.Time { return noon.Add(time.Since(began) + time.Duration(ahead.Load())) }
	w.parts.Settings.Digest.Cadence, w.parts.Settings.Alerts.Enabled = digest.Off, false
	smtp := must(mail.NewSMTP(mail.SMTPConfig{URL: relay.URL(), MaxConnections: 2}, slog.New(slog.DiscardHandler)))(w)
	w.Cleanup(func() { smtp.Close() })
	d := w.daemon(smtp)
	w.parts.Wake, w.parts.SendTest = d.Wake, d.SendTestAnnouncement
	ctx, stop := context.WithCancel(w.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	w.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			w.Errorf("the daemon: %v", err)
		}
	})
	return w.site(), func(by time.Duration) { ahead.Add(int64(by)) }
}

// sees waits until something on the page says this: an element by its id, or by its class.
func sees(p *browsertest.Page, name, text string) {
	p.Do(chromedp.WaitVisible(chromedp.Search(fmt.Sprintf(`//*[@id="%[1]s" or @class="%[1]s"][contains(., "%[2]s")]`, name, text))))
}

// fill writes into a field what was not there.
func fill(p *browsertest.Page, selector, text string) {
	p.Do(chromedp.SetValue(chromedp.CSS(selector), text))
}

// An administrator writes to his members with a real daemon and a real relay: he looks before anything is sent, and sees it go.
func TestBrowser_WritesStartsAndFollowsAnAnnouncement(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const crowd = 200 // and the 36 of the sample forum
	w.exec(`WITH RECURSIVE crowd (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM crowd WHERE i < ?)
		INSERT INTO member SELECT 10000 + i, 'Reader ' || i, 'reader' || i || '@example.org', 'UTC', 'en', 2, '', 0, 'active', 1 FROM crowd`, crowd)
	relay := smtptest.New(t, smtptest.WithHeads())
	site, later := w.run(relay)
	p := browsertest.New(t)
	enter(p, site)
	p.Open(site + "/announcements/new")
	fill(p, "#title-1", "We move, {{name|friend}}")
	fill(p, "#body-1", "On **Saturday**, {{name|friend}}.")
	fill(p, "#speed", "300") // five a second
	fill(p, "#wait", "10")   // minutes
	p.Click(".save .button")

	sees(p, "size", "236") // counted meanwhile, and told by the stream
	fill(p, "#as", "Corridor Kate")
	p.Click("[action$='#look'] .button")
	sees(p, "subject", "We move, Corridor Kate")
	fill(p, "#to", "me@a.example")
	p.Click("[action$=test] .button")
	if got := relay.Wait(1)[0].To; got != "me@a.example" {
		t.Errorf("the test went to %q", got)
	}
	if n := relay.Count(); n != 1 {
		t.Errorf("%d mails left before it was started", n)
	}

	p.Tick("[action$=start] [name=sure]")
	p.Click("[action$=start] .button")
	sees(p, "mark", "Canary")
	sent := func(least int) { // by the page itself, which nobody loads again
		p.Do(chromedp.WaitVisible(chromedp.Search(fmt.Sprintf(`//*[@id="sent"][number(.) >= %d]`, least))))
	}
	p.Do(chromedp.Evaluate[chromedp.Void](`window.unloaded = true`))
	sent(3)
	if !browsertest.Run(p, chromedp.Evaluate[bool](`window.unloaded === true`)) {
		t.Error("the page was loaded again to show how far it has come")
	}
	sent(12)
	sees(p, "live", "Waiting for bounces and complaints")
	later(15 * time.Minute) // the trial is over
	sees(p, "mark", "Sending")

	fill(p, "#reason", "a typo")
	p.Click("[action$=pause] .button")
	sees(p, "live", "a typo")
	p.Click("[action$=resume] .button")
	for n := relay.Count(); n < 237; n = relay.Count() {
		later(10 * time.Second) // it makes up for so much at once
		relay.Wait(min(n+40, 237))
	}
	sees(p, "mark", "Completed")
	if got := p.Text("#sent"); got != "236" {
		t.Errorf("%s were sent", got)
	}
	to := make(map[string]int)
	for _, m := range relay.Messages() {
		to[m.To]++
	}
	if len(to) != 237 || relay.Count() != 237 {
		t.Errorf("%d mails left, to %d addresses", relay.Count(), len(to))
	}

	p.Open(site + "/members?q=Corridor+Kate")
	sees(p, "rows", "announce/1/")
	fill(p, "#post", "1")
	p.Click("[action$=explain] .button")
	sees(p, "story", "Visible")
	if got := p.URL(); !strings.Contains(got, "post=1") {
		t.Errorf("explained at %s", got)
	}
}
