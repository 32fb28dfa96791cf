package admin_test

import (
	"time"

	"github.com/chromedp/chromedp"

	"postrider/digest"
	"postrider/forum"
	"postrider/internal/browsertest"
	"postrider/mail"
	"postrider/store"
)

// correspond lets a daemon write to members, and announcements stand in several states.
func (w *world) correspond() {
	w.Helper()
	w.parts.Settings.Alerts.Enabled = false // what is new waits for the digest
	must(w.daemon(taker{}).RunOnce(w.Context()))(w)
	w.reply(doppel)
	must(w.daemon(taker{}).RunOnce(w.Context()))(w)
	a := moving()
	a.Forced, a.Canary = true, digest.Canary{}
	going := w.announce(a, 36)
	var list []store.Recipient
	for i := range 30 {
		list = append(list, store.Recipient{Member: forum.MemberID(1 + i), NotBefore: w.now})
	}
	_, _, err := w.store.Announcements.Enqueue(w.Context(), w.now, going, list, 30, false, 20)
	check(w, err)
	must(w.store.Announcements.ReleaseAtRate(w.Context(), w.now.Add(time.Second), going))(w)
	stopped := w.announce(moving(), 36)
	check(w, w.store.Announcements.Pause(w.Context(), w.now, "web: admin", stopped.ID, "a typo in the title"))
	later := moving()
	later.Start = digest.Start{At: w.now.Add(48 * time.Hour), Local: true}
	w.announce(later, 36)
	w.answer = mail.Outcome{Result: mail.Accepted}
}

// lettersLooks are the pages about what is written to members.
func lettersLooks() []look {
	return []look{
		{"announcements", at("/announcements")},
		{"announcement-sending", at("/announcements/1?as=Corridor+Kate&look=phone_dark")},
		{"announcement-paused", at("/announcements/2?as=nobody")},
		{"announcement-scheduled", at("/announcements/3?look=text")},
		{"compose", at("/announcements/new")},
		{"compose-faults", func(p *browsertest.Page, site string) {
			p.Do(chromedp.SendKeys(chromedp.CSS("#title-1"), "Hello {{nmae}}"), chromedp.SendKeys(chromedp.CSS("#body-1"), "Dear {{name|friend}},\n\nbye."))
			p.Do(chromedp.SetValue(chromedp.CSS("#min_posts"), "many"))
			p.Tick("form details:nth-of-type(1) summary")
			p.Click(".save .button")
		}},
		{"draft", func(p *browsertest.Page, site string) {
			p.Do(chromedp.SetValue(chromedp.CSS("#title-1"), "Hello {{name|friend}}"), chromedp.SetValue(chromedp.CSS("#min_posts"), "1"))
			p.Click(".save .button")
			p.Do(chromedp.WaitVisible(chromedp.CSS(".size")))
		}},
		{"draft-unsure", func(p *browsertest.Page, site string) {
			p.Do(chromedp.Evaluate[chromedp.Void]("document.querySelectorAll('[required]').forEach(e => e.required = false)"))
			p.Click("[action$=start] .button")
		}},
		{"members", at("/members?q=nobody")},
		{"member", at("/members/13?look=phone")},
		{"explain", at("/explain?member=13&post=1,90001,99999")},
		{"explain-fault", at("/explain?member=13&post=x")},
	}
}
