package admin

import (
	"net/http"
	"strings"
	"time"

	"postrider/store"
	"postrider/web"
)

// todayView is what the template "admin/today" is given.
type todayView struct {
	top
	Pause store.Pause
}

func (s *Server) todayPage() page {
	return page{
		name: home,
		routes: map[string]web.Methods{
			"/{$}":    {http.MethodGet: s.see(s.today)},
			"/pause":  {http.MethodPost: s.change(s.pause)},
			"/resume": {http.MethodPost: s.change(s.resume)},
		},
		words: []string{"paused", "resumed"},
		samples: []sample{
			{home, todayView{top: s.sampleTop(home), Pause: store.Pause{Since: time.Now(), Reason: "a reason"}}},
			{home, todayView{}},
		},
	}
}

// today shows what the daemon does.
func (s *Server) today(v *visit) {
	pause, _, err := s.Store.Paused(v.r.Context())
	if err != nil {
		v.fault(err)
		return
	}
	pause.Since = v.local(pause.Since)
	v.show(http.StatusOK, home, todayView{top: v.top(home), Pause: pause})
}

// pause stops delivery everywhere.
func (s *Server) pause(v *visit) {
	reason := strings.TrimSpace(v.r.PostForm.Get("reason"))
	if _, err := s.Store.Pause(v.r.Context(), s.Now(), reason); err != nil {
		v.fault(err)
		return
	}
	v.done("/", "paused", 0, deed{"pause", "delivery", reason})
}

// resume lets delivery go on.
func (s *Server) resume(v *visit) {
	if _, err := s.Store.Resume(v.r.Context()); err != nil {
		v.fault(err)
		return
	}
	s.Wake()
	v.done("/", "resumed", 0, deed{"resume", "delivery", ""})
}
