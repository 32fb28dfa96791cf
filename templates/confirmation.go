package templates

import (
	"fmt"
	"time"

	"postrider/digest"
	"postrider/internal/qp"
)

// confirmationMail is not one of kinds: it has no posts, and no fragments to share.
const confirmationMail kind = "confirmation"

// Confirmation is the content of an email to an address that somebody entered on the page to subscribe.
type Confirmation struct {
	Locale  string
	Already bool // all of it is subscribed already
	// ToSettings: a member asked for the link to their settings, and nothing else.
	ToSettings bool
	URL        string // opens the page with the button to confirm, or the member's settings
	Sections   []string
	Cadence    digest.Cadence
	Validity   time.Duration // of the link
}

// bindConfirmation parses the templates of confirmations.
func (s *Set) bindConfirmation(files overlayFS, shared templateSource, used map[string]string) error {
	own, err := readSource(files, confirmationMail)
	if err != nil {
		return err
	}
	all, err := parsePages(files, shared, own)
	if err != nil {
		return err
	}
	if err := all.check(files, confirmationMail, []string{"layout"}, used); err != nil {
		return err
	}
	for _, key := range []string{"confirmation.subject", "confirmation.subject_already", "confirmation.intro", "confirmation.intro_already", "settings.title"} {
		used[key] = "the program"
	}
	s.mails[confirmationMail] = mailTemplates{pages: all}
	return nil
}

// Confirmation renders an email that asks to confirm a subscription, or says that there is nothing to confirm.
func (p *Renderer) Confirmation(c Confirmation) (Content, error) {
	l := p.locale(c.Locale)
	subject, intro := "confirmation.subject", "confirmation.intro"
	if c.Already {
		subject, intro = "confirmation.subject_already", "confirmation.intro_already"
	}
	if c.ToSettings {
		subject, c.Already = "settings.title", true
	}
	site := SafeLine(p.site.Name)
	data := struct {
		Lang, Dir, SiteName, SiteURL, Subject, Preheader, URL, Frequency string
		Sections                                                         []string
		Already, Buttons                                                 bool
		Hours                                                            int
		Brand                                                            brandData
	}{
		Lang: l.tag.String(), Dir: l.dir(), SiteName: site, SiteURL: p.site.URL, URL: c.URL, Already: c.Already, Buttons: true,
		Subject: l.mustText(subject, "forum", site), Preheader: l.mustText(intro, "forum", site),
		Hours: int(c.Validity / time.Hour),
		Brand: p.mailBrand(confirmationMail),
	}
	if !c.ToSettings {
		data.Frequency = l.mustText("cadence." + string(c.Cadence))
	}
	for _, title := range c.Sections {
		data.Sections = append(data.Sections, SafeLine(title))
	}
	html, text, err := p.render(l, confirmationMail, "layout", data, data)
	if err != nil {
		return Content{}, fmt.Errorf("rendering a confirmation: %w", err)
	}
	return Content{Subject: data.Subject, HTML: qp.Pieces{qp.Encode(html)}, Text: qp.Pieces{qp.Encode(text)}, Images: p.set.brandImages()}, nil
}
