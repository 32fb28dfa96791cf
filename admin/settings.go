package admin

import (
	"net/http"
	"time"

	"postrider/store"
	"postrider/web"
)

// Setting is a key of the configuration with the value that holds.
type Setting struct {
	Key    string
	Value  string
	Set    bool // it is not the default
	Hidden bool // a secret that is set
}

// settingsView is what the template "admin/settings" is given.
type settingsView struct {
	pageFrame
	Settings []Setting
	Log      []store.AuditEntry // what administrators did, the latest first
	Pages    pager              // of it
}

func (s *Server) settingsPage() page {
	const name = "settings"
	full := settingsView{
		pageFrame: s.sampleTop(name), Settings: []Setting{{Key: "smtp.url", Value: "smtp://127.0.0.1:25", Set: true}, {Key: "smtp.password", Hidden: true}, {Key: "digest.hour"}},
		Log: []store.AuditEntry{{At: time.Now(), Actor: "web: ray", Action: "pause", Object: "delivery", Detail: "a reason"}}, Pages: pager{Page: 2, More: true},
	}
	return page{
		name: name,
		routes: map[string]web.Methods{
			"/settings":             {http.MethodGet: s.requireLogin(s.settings)},
			"/settings/mails":       {http.MethodGet: s.requireLogin(s.mails)},
			"/settings/mails/html":  {http.MethodGet: s.requireLogin(s.mailHTML)},
			"/settings/mails/saved": {http.MethodGet: s.requireLogin(s.streamTemplateChanges)},
		},
		samples: append(s.previewSamples(), sample{name, full}, sample{name, settingsView{}}),
	}
}

// settings shows the configuration that the daemon runs with, and who did what.
func (s *Server) settings(v *request) {
	view := settingsView{pageFrame: v.newPageFrame("settings"), Settings: s.Config, Pages: v.pager()}
	log, err := s.Store.Audit.List(v.r.Context(), view.Pages.skip(), rowsPerPage+1)
	if err != nil {
		v.serverError(err)
		return
	}
	view.Log, view.Pages.More = splitPage(log)
	for i, e := range view.Log {
		view.Log[i].At = v.local(e.At)
	}
	v.render(http.StatusOK, "settings", view)
}
