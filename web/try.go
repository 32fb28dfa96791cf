package web

import (
	"fmt"

	"postrider/forum"
)

// tryAll renders every page in every language, in every state that it can be in.
func (s *Server) tryAll() error {
	for _, tongue := range s.Pages.Tongues() {
		for _, sample := range s.samples() {
			page, err := s.Pages.Render(s.Pages.Language(tongue.Tag), sample.page, sample.data)
			if err == nil {
				err = s.Pages.Proofread(sample.page, page)
			}
			if err != nil {
				return fmt.Errorf("trying the pages in %q: %w", tongue.Tag, err)
			}
		}
	}
	return nil
}

type sample struct {
	page string
	data any
}

func (s *Server) samples() []sample {
	const anyone = forum.MemberID(1)
	var list []sample
	for _, notice := range notices() {
		list = append(list, sample{"notice", noticePage{Notice: notice, Forum: s.Forum, Settings: s.settingsPath(anyone)}})
	}
	for _, what := range stops() {
		for _, stage := range []string{"ask", "done", "already", "back"} {
			page := stopPage{
				What: what, Title: "A title", Forum: s.Forum, Member: "Anna", Stage: stage, Action: "/", Settings: "/",
				Undo: &undoForm{"/", "sealed"}, Others: []otherStop{{what, "/"}},
			}
			list = append(list, sample{"unsubscribe", page})
		}
	}
	return list
}
