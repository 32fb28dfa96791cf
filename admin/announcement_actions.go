package admin

import (
	"context"
	"errors"
	"net/http"
	netmail "net/mail"
	"strconv"
	"strings"
	"time"

	"postrider/digest"
	"postrider/mail"
	"postrider/store"
)

// startCount starts to count an audience.
func (s *Server) startCount(v *request, id int64) {
	s.counter.forget(id)
	a, err := s.Store.Announcements.Get(v.r.Context(), id)
	if err != nil {
		v.Log.Warn("cannot count an audience", "announcement", id, "err", err)
		return
	}
	s.countAudience(v.r.Context(), a)
}

// recount counts an audience again.
func (s *Server) recount(v *request) {
	if id, ok := v.number(); ok {
		s.startCount(v, id)
		v.redirectDone(announcementPath(id), "counting", 0)
	}
}

// sendTest sends an announcement to one address, as a test.
func (s *Server) sendTest(v *request) {
	id, ok := v.number()
	if !ok {
		return
	}
	form := v.r.PostForm
	t := actionForm{To: strings.TrimSpace(form.Get("to")), PreviewMember: strings.TrimSpace(form.Get("as")), When: "now"}
	refuse := func(word, text string) {
		t.Error, t.Text = word, text
		s.showAnnouncement(v, http.StatusUnprocessableEntity, id, t)
	}
	to, err := netmail.ParseAddress(t.To)
	if err != nil {
		refuse("address", t.To)
		return
	}
	a, err := s.Store.Announcements.Get(v.r.Context(), id)
	if !s.actionOK(v, id, err) {
		return
	}
	out, err := s.SendTest(v.r.Context(), &a.Announcement, t.PreviewMember, to.Address)
	_, unmailable := errors.AsType[*mail.AddressError](err)
	switch {
	case unmailable:
		refuse("address", t.To)
		return
	case noSuchMember(err):
		refuse("member", t.PreviewMember)
		return
	case err != nil:
		v.serverError(err)
		return
	}
	action := auditAction{"test", store.AnnouncementObject(id), string(out.Result) + " to " + redactAddress(to.Address)}
	if out.Result != mail.Accepted {
		if err := v.audit(v.r, v.session.Actor, action); err != nil {
			v.serverError(err)
			return
		}
		refuse("test_rejected", out.String())
		return
	}
	v.redirectDone(announcementPath(id), "test_sent", 1, action)
}

// start starts an announcement. Its audience must have been counted.
func (s *Server) start(v *request) {
	id, ok := v.number()
	if !ok {
		return
	}
	form := v.r.PostForm
	t := actionForm{When: form.Get("when"), At: form.Get("at"), Zone: form.Get("zone")}
	a, err := s.Store.Announcements.Get(v.r.Context(), id)
	if !s.actionOK(v, id, err) {
		return
	}
	n, known := s.counter.get(a)
	a.Start, t.Error = s.parseStart(t)
	switch {
	case a.State != store.Draft:
		s.actionOK(v, id, &store.StateError{ID: id, State: a.State, Action: "started"})
		return
	case changedSince(form.Get("seen"), a):
		t.Error = "changed"
	case !known || !n.Finished || n.Failed:
		t.Error = "uncounted"
	case n.Size == 0:
		t.Error = "no_audience"
	case t.Error == "" && form.Get("sure") == "":
		t.Error = "unconfirmed"
	}
	if t.Error != "" {
		s.showAnnouncement(v, http.StatusUnprocessableEntity, id, t)
		return
	}
	_, err = s.Store.Announcements.Start(v.r.Context(), s.Now(), v.session.Actor, a.Announcement, n.Size)
	if s.actionOK(v, id, err) {
		s.Wake()
		v.redirectDone(announcementPath(id), "announcement_started", n.Size)
	}
}

// changedSince reports whether a draft has changed since the form that is now sent was loaded.
func changedSince(seen string, a store.Announcement) bool {
	return seen != "" && seen != strconv.FormatInt(a.Changed.Unix(), 10)
}

// parseStart parses when an announcement starts, or returns a key of "admin_announcement_error".
func (s *Server) parseStart(t actionForm) (start digest.Start, fault string) {
	const layout = "2006-01-02T15:04" // format of datetime-local inputs
	switch t.When {
	case "now":
		return start, ""
	case "at":
		at, err := time.ParseInLocation(layout, t.At, s.zoneNamed(t.Zone))
		if err != nil {
			return start, "start_time"
		}
		return digest.Start{At: at.UTC()}, ""
	case "local":
		at, err := time.Parse(layout, t.At)
		if err != nil {
			return start, "start_time"
		}
		if at.Minute() != 0 {
			return start, "full_hour"
		}
		return digest.Start{At: at, Local: true}, ""
	}
	return start, "start_time"
}

// zoneNamed returns the zone that a browser names, or the configured one.
func (s *Server) zoneNamed(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return s.Zone
	}
	return zone
}

// pauseAnnouncement pauses an announcement.
func (s *Server) pauseAnnouncement(v *request) {
	reason := strings.TrimSpace(v.r.PostForm.Get("reason"))
	s.runAction(v, "announcement_paused", func(ctx context.Context, id int64) error {
		return s.Store.Announcements.Pause(ctx, s.Now(), v.session.Actor, id, reason)
	})
}

// resumeAnnouncement resumes a paused announcement.
func (s *Server) resumeAnnouncement(v *request) {
	s.runAction(v, "announcement_resumed", func(ctx context.Context, id int64) error {
		return s.Store.Announcements.Resume(ctx, s.Now(), v.session.Actor, id)
	})
}

// cancel cancels an announcement permanently, after a confirmation.
func (s *Server) cancel(v *request) {
	if v.r.PostForm.Get("sure") == "" {
		if id, ok := v.number(); ok {
			s.showAnnouncement(v, http.StatusUnprocessableEntity, id, actionForm{Error: "unconfirmed", When: "now"})
		}
		return
	}
	s.runAction(v, "announcement_cancelled", func(ctx context.Context, id int64) error {
		return s.Store.Announcements.Cancel(ctx, s.Now(), v.session.Actor, id)
	})
}

// runAction runs an action on an announcement. The store writes the audit log.
func (s *Server) runAction(v *request, word string, action func(context.Context, int64) error) {
	id, ok := v.number()
	if ok && s.actionOK(v, id, action(v.r.Context(), id)) {
		s.Wake()
		v.redirectDone(announcementPath(id), word, 0)
	}
}
