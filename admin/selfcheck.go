package admin

import "fmt"

// sample is what a template is given, to try it.
type sample struct {
	page string // the template's name
	data any
}

// tryAll renders every page in every language, in every state that it can be in.
func (s *Server) tryAll() error {
	list := s.samples()
	for _, p := range s.pages() {
		list = append(list, p.samples...)
	}
	for _, tongue := range s.Pages.LanguageNames() {
		for _, sample := range list {
			name := "admin/" + sample.page
			page, err := s.Pages.Render(s.Pages.Language(tongue.Tag), name, sample.data)
			if err == nil {
				err = s.Pages.CheckHTML(name, page)
			}
			if err != nil {
				return fmt.Errorf("trying the administrators' pages in %q: %w", tongue.Tag, err)
			}
		}
	}
	return nil
}

// samples are those of the pages that are not in the navigation.
func (s *Server) samples() []sample {
	var list []sample
	for _, what := range notices() {
		list = append(list, sample{"notice", noticePage{s.sampleTop(homePage), what}})
	}
	for word := range s.doneWords {
		t := s.sampleTop(homePage)
		t.Done, t.Count = word, 2
		list = append(list, sample{"notice", noticePage{t, "not_found"}})
	}
	for _, fault := range []string{"", "wrong_password", "rate_limited"} {
		list = append(list, sample{"login", loginPage{Fault: fault, Next: "/", Ask: true}})
	}
	return append(list, sample{"login", loginPage{}})
}

// sampleTop is what a frame is given, with all that it can show.
func (s *Server) sampleTop(here string) pageFrame {
	return pageFrame{Root: s.base, Here: here, Places: s.navPages, Actor: "admin", Token: "token", Zone: "UTC", Paused: true}
}
