package admin

import (
	"fmt"

	"postrider/templates"
)

// sample is sample data for a template.
type sample struct {
	page string // the template's name
	data any
}

// renderSamples renders every page in every state, in some languages.
func (s *Server) renderSamples(languages []templates.Language) error {
	list := s.samples()
	for _, p := range s.pages() {
		list = append(list, p.samples...)
	}
	for _, language := range languages {
		for _, sample := range list {
			name := "admin/" + sample.page
			page, err := s.Pages.Render(language, name, sample.data)
			if err == nil {
				err = s.Pages.CheckHTML(name, page)
			}
			if err != nil {
				return fmt.Errorf("rendering the sample admin pages in %q: %w", language.Tag(), err)
			}
		}
	}
	return nil
}

// samples are the samples of pages that are not in the navigation.
func (s *Server) samples() []sample {
	var list []sample
	for _, what := range noticeNames() {
		list = append(list, sample{"notice", noticePage{s.samplePageFrame(homePage), what}})
	}
	for word := range s.doneWords {
		t := s.samplePageFrame(homePage)
		t.Done, t.Count = word, 2
		list = append(list, sample{"notice", noticePage{t, "not_found"}})
	}
	for _, fault := range []string{"", "wrong_password", "rate_limited"} {
		list = append(list, sample{"login", loginPage{Error: fault, Next: "/", AskPassword: true}})
	}
	return append(list, sample{"login", loginPage{}})
}

// samplePageFrame is a frame with everything that it can show.
func (s *Server) samplePageFrame(here string) pageFrame {
	return pageFrame{Root: s.basePath, Current: here, NavPages: s.navPages, Actor: "admin", Token: "token", Zone: "UTC", Paused: true}
}
