package admin

import (
	"net/http"
	"time"

	"postrider/store"
	"postrider/web"
)

// Setting is a key of the configuration with its current value.
type Setting struct {
	Key    string
	Value  string
	Set    bool // differs from the default
	Hidden bool // a secret that is set
}

// settingsView is the data of the template "admin/settings".
type settingsView struct {
	pageFrame
	Settings []Setting
	Log      []store.AuditEntry // actions of administrators, newest first
	Pages    pager              // of Log
}

func (s *Server) settingsPage() page {
	const name = "settings"
	full := settingsView{
		pageFrame: s.samplePageFrame(name), Settings: []Setting{{Key: "smtp.url", Value: "smtp://127.0.0.1:25", Set: true}, {Key: "smtp.password", Hidden: true}, {Key: "digest.hour"}},
		Log: []store.AuditEntry{{At: time.Now(), Actor: "web: ray", Action: "pause", Object: "delivery", Detail: "a reason"}}, Pages: pager{Page: 2, More: true},
	}
	return page{
		name: name,
		routes: map[string]web.Methods{
			"/settings":             {http.MethodGet: s.requireLogin(s.settings)},
			"/settings/mails":       {http.MethodGet: s.requireLogin(s.showPreview)},
			"/settings/mails/html":  {http.MethodGet: s.requireLogin(s.previewHTML)},
			"/settings/mails/saved": {http.MethodGet: s.requireLogin(s.streamTemplateChanges)},
		},
		samples: append(s.previewSamples(), sample{name, full}, sample{name, settingsView{}}),
	}
}

// settings shows the running configuration and the audit log.
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
