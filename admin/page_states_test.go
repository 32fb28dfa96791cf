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

// sendMessages runs a daemon that sends messages, and adds announcements in several states.
func (w *fixture) sendMessages() {
	w.Helper()
	w.deps.Settings.Alerts.Enabled = false // new posts wait for the digest
	must(w.newDaemon(acceptingSender{}).RunOnce(w.Context()))(w)
	w.writeReply(watcher)
	must(w.newDaemon(acceptingSender{}).RunOnce(w.Context()))(w)
	a := twoLanguageAnnouncement()
	a.Forced, a.Canary = true, digest.Canary{}
	going := w.saveAnnouncement(a, 36)
	var list []store.Recipient
	for i := range 30 {
		list = append(list, store.Recipient{Member: forum.MemberID(1 + i), NotBefore: w.now})
	}
	_, _, err := w.store.Announcements.Enqueue(w.Context(), w.now, going, list, 30, false, 20)
	check(w, err)
	must(w.store.Announcements.ReleaseAtRate(w.Context(), w.now.Add(time.Second), going))(w)
	stopped := w.saveAnnouncement(twoLanguageAnnouncement(), 36)
	check(w, w.store.Announcements.Pause(w.Context(), w.now, "web: admin", stopped.ID, "a typo in the title"))
	later := twoLanguageAnnouncement()
	later.Start = digest.Start{At: w.now.Add(48 * time.Hour), Local: true}
	w.saveAnnouncement(later, 36)
	w.testOutcome = mail.Outcome{Result: mail.Accepted}
}

// messagePageStates are the pages about announcements and members.
func messagePageStates() []pageState {
	return []pageState{
		{"announcements", openPath("/announcements")},
		{"announcement-sending", openPath("/announcements/1?as=Corridor+Kate&look=phone_dark")},
		{"announcement-paused", openPath("/announcements/2?as=nobody")},
		{"announcement-scheduled", openPath("/announcements/3?look=text")},
		{"compose", openPath("/announcements/new")},
		{"compose-errors", func(p *browsertest.Page, site string) {
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
		{"draft-unconfirmed", func(p *browsertest.Page, site string) {
			p.Do(chromedp.Evaluate[chromedp.Void]("document.querySelectorAll('[required]').forEach(e => e.required = false)"))
			p.Click("[action$=start] .button")
		}},
		{"members", openPath("/members?q=nobody")},
		{"member", openPath("/members/13?look=phone")},
		{"choices", openPath("/members/13/choices")},
		{"choices-errors", func(p *browsertest.Page, site string) {
			p.Do(chromedp.SetValue(chromedp.CSS("#zone"), "nowhere"))
			p.Click(".save .button")
		}},
		{"explain", openPath("/explain?member=13&post=1,90001,99999")},
		{"explain-threads", openPath("/explain?member=13&words=")},
		{"explain-error", openPath("/explain?member=13&post=x")},
	}
}
