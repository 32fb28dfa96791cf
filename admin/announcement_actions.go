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

// startCount has an audience counted.
func (s *Server) startCount(v *request, id int64) {
	s.counter.forget(id)
	a, err := s.Store.Announcements.Get(v.r.Context(), id)
	if err != nil {
		v.Log.Warn("audience not counted", "announcement", id, "err", err)
		return
	}
	s.countAudience(v.r.Context(), a)
}

// recount counts an audience once more.
func (s *Server) recount(v *request) {
	if id, ok := v.number(); ok {
		s.startCount(v, id)
		v.redirectDone(announcementPath(id), "counting", 0)
	}
}

// sendTest sends an announcement to one address.
func (s *Server) sendTest(v *request) {
	id, ok := v.number()
	if !ok {
		return
	}
	form := v.r.PostForm
	t := actionForm{To: strings.TrimSpace(form.Get("to")), PreviewMember: strings.TrimSpace(form.Get("as")), When: "now"}
	refuse := func(word, text string) {
		t.Fault, t.Text = word, text
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
	tried := auditAction{"test", store.AnnouncementObject(id), string(out.Result) + " to " + redactAddress(to.Address)}
	if out.Result != mail.Accepted {
		if err := v.note(v.r, v.session.Actor, tried); err != nil {
			v.serverError(err)
			return
		}
		refuse("test_rejected", out.String())
		return
	}
	v.redirectDone(announcementPath(id), "test_sent", 1, tried)
}

// start sends an announcement to all of its audience, which must have been counted.
func (s *Server) start(v *request) {
	id, ok := v.number()
	if !ok {
		return
	}
	form := v.r.PostForm
	t := actionForm{When: form.Get("when"), At: form.Get("at")}
	a, err := s.Store.Announcements.Get(v.r.Context(), id)
	if !s.actionOK(v, id, err) {
		return
	}
	n, known := s.counter.of(a)
	a.Start, t.Fault = s.parseStart(t)
	switch {
	case a.State != store.Draft:
		s.actionOK(v, id, &store.StateError{ID: id, State: a.State, Action: "started"})
		return
	case changedSince(form.Get("seen"), a):
		t.Fault = "changed"
	case !known || !n.Over || n.Fault:
		t.Fault = "uncounted"
	case n.Size == 0:
		t.Fault = "no_audience"
	case t.Fault == "" && form.Get("sure") == "":
		t.Fault = "unconfirmed"
	}
	if t.Fault != "" {
		s.showAnnouncement(v, http.StatusUnprocessableEntity, id, t)
		return
	}
	_, err = s.Store.Announcements.Start(v.r.Context(), s.Now(), v.session.Actor, a.Announcement, n.Size)
	if s.actionOK(v, id, err) {
		s.Wake()
		v.redirectDone(announcementPath(id), "announcement_started", n.Size)
	}
}

// changedSince tells whether a draft was written anew since whoever sends a form has looked at it.
func changedSince(seen string, a store.Announcement) bool {
	return seen != "" && seen != strconv.FormatInt(a.Changed.Unix(), 10)
}

// parseStart is when an announcement is to begin; fault: what is wrong with it.
func (s *Server) parseStart(t actionForm) (start digest.Start, fault string) {
	const layout = "2006-01-02T15:04" // as browsers send it
	switch t.When {
	case "now":
		return start, ""
	case "at":
		at, err := time.ParseInLocation(layout, t.At, s.Zone)
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

// pauseAnnouncement pauses an announcement.
func (s *Server) pauseAnnouncement(v *request) {
	reason := strings.TrimSpace(v.r.PostForm.Get("reason"))
	s.runAction(v, "announcement_paused", func(ctx context.Context, id int64) error {
		return s.Store.Announcements.Pause(ctx, s.Now(), v.session.Actor, id, reason)
	})
}

// resumeAnnouncement lets a paused announcement go on.
func (s *Server) resumeAnnouncement(v *request) {
	s.runAction(v, "announcement_resumed", func(ctx context.Context, id int64) error {
		return s.Store.Announcements.Resume(ctx, s.Now(), v.session.Actor, id)
	})
}

// cancel ends an announcement for good, if he is sure.
func (s *Server) cancel(v *request) {
	if v.r.PostForm.Get("sure") == "" {
		if id, ok := v.number(); ok {
			s.showAnnouncement(v, http.StatusUnprocessableEntity, id, actionForm{Fault: "unconfirmed", When: "now"})
		}
		return
	}
	s.runAction(v, "announcement_cancelled", func(ctx context.Context, id int64) error {
		return s.Store.Announcements.Cancel(ctx, s.Now(), v.session.Actor, id)
	})
}

// runAction gives an order, which the store itself writes into the audit log.
func (s *Server) runAction(v *request, word string, give func(context.Context, int64) error) {
	id, ok := v.number()
	if ok && s.actionOK(v, id, give(v.r.Context(), id)) {
		s.Wake()
		v.redirectDone(announcementPath(id), word, 0)
	}
}
