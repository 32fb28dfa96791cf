package templates

import (
	"fmt"
	"slices"
	"strings"
	"text/template/parse"
	"time"

	"golang.org/x/net/html"

	"postrider/digest"
)

// sampled returns the languages in which samples must be rendered at startup: all if the owner of the site wrote templates of this
// folder, or else those in which the owner wrote words. A test renders what is embedded.
func (s *Set) sampled(folder string, readers languages) []*lazyLocale {
	if s.files.ownIn(folder) {
		return readers.list
	}
	return slices.DeleteFunc(slices.Clone(readers.list), func(l *lazyLocale) bool { return !l.own })
}

// renderSamples renders the samples in some languages, whole and cut, so that a faulty template or locale fails at
// startup instead of with the first digest in the morning.
func (s *Set) renderSamples(list []*lazyLocale) error {
	return s.renderSamplesFor(Site{}, list, 80<<10, 12<<10, 1)
}

// renderSamplesFor renders the samples, cut to some budgets. ways says how members unsubscribe.
func (s *Set) renderSamplesFor(ways Site, list []*lazyLocale, budgets ...int) error {
	site, _ := s.Sample()
	site.NoPages, site.Contact = ways.NoPages, ways.Contact
	p := s.NewRenderer(site, 256)
	p.checkHTML = true
	for _, l := range list {
		for _, budget := range budgets {
			if err := s.renderSample(p, l.locale(), budget); err != nil {
				return fmt.Errorf("rendering the samples in %s: %w", l.locale().file, err)
			}
		}
	}
	return nil
}

func (s *Set) renderSample(p *Renderer, l *locale, budget int) error {
	site := p.site
	_, d := s.Sample()
	d.Member.Locale = l.tag.String()
	if _, err := p.Digest(d, sampleFooter(site), budget); err != nil {
		return err
	}
	for _, several := range []bool{false, true} {
		_, a := s.SampleAlert()
		a.Member.Locale = l.tag.String()
		if several {
			a.Groups = append(a.Groups, a.Groups[0])
		}
		if _, err := p.Alert(a, sampleFooter(site), budget); err != nil {
			return err
		}
	}
	for _, already := range []bool{false, true} {
		if _, err := p.Confirmation(sampleConfirmation(l.tag.String(), already)); err != nil {
			return err
		}
	}
	return s.renderSampleAnnouncement(l, p)
}

func sampleConfirmation(locale string, already bool) Confirmation {
	return Confirmation{Locale: locale, Already: already, URL: "https://news.example.org/postrider/subscribe/token", Sections: []string{"News"}, Cadence: digest.Weekly, Validity: 48 * time.Hour}
}

func (s *Set) renderSampleAnnouncement(l *locale, p *Renderer) error {
	_, a, r := s.SampleAnnouncement()
	r.Member.Locale, a.Variants[0].Locale = l.tag.String(), l.tag.String()
	for _, forced := range []bool{false, true} {
		a.Forced = forced
		n, err := p.CompileAnnouncement(a, 80<<10)
		if err != nil {
			return err
		}
		if _, err := p.Announcement(n, r, sampleFooter(p.site)); err != nil {
			return err
		}
	}
	return nil
}

// templateLocation returns the file and line of a template.
func templateLocation(t *parse.Tree) string {
	at, _ := t.ErrorContext(t.Root)
	return place(at)
}

// checkTagBalance returns an error if rendered HTML leaves a tag open or closes one that is not open. An open table
// cell swallows the rest of the email, and every mail client repairs that differently.
func checkTagBalance(src string) error {
	void := []string{"area", "br", "col", "hr", "img", "input", "link", "meta", "wbr"}
	var open []string
	for z := html.NewTokenizer(strings.NewReader(src)); ; {
		kind := z.Next()
		name, _ := z.TagName()
		tag := string(name)
		switch {
		case kind == html.ErrorToken && len(open) > 0:
			return fmt.Errorf("leaves a <%s> open", open[len(open)-1])
		case kind == html.ErrorToken:
			return nil
		case kind == html.StartTagToken && !slices.Contains(void, tag):
			open = append(open, tag)
		case kind != html.EndTagToken:
		case len(open) == 0:
			return fmt.Errorf("closes a <%s> that is not open", tag)
		case open[len(open)-1] != tag:
			return fmt.Errorf("closes a <%s> before the <%s> inside it", tag, open[len(open)-1])
		default:
			open = open[:len(open)-1]
		}
	}
}
