package admin

import (
	"net/http"
	"time"

	"postrider/store"
)

// mailView is what the template "admin/queue_mail" is given.
type mailView struct {
	pageFrame
	Mail     store.Mail
	History  []store.Outcome
	AuditLog []store.AuditEntry // what administrators did to it
	Open     bool               // something is still to become of it
	Again    bool               // it may be queued again
	Doubt    bool               // a relay may have it already
	Stayed   int                // it stays as it is
	Why      string
}

// mailSamples are mails in every state.
func (s *Server) mailSamples() []sample {
	now := time.Now()
	var list []sample
	for _, state := range store.MailStates {
		m := store.Mail{
			Row: store.Row{Key: "digest/1/a", Kind: store.KindDigest, Member: 1, Attempt: 2, Created: now}, State: state,
			NotBefore: now, Expires: now, Address: "anna@a.example", Lease: "host", LeaseUntil: now, Settled: now,
			Last: store.Outcome{Reason: "digest/1/b"},
		}
		history := []store.Outcome{{At: now, Result: "refused", Attempt: 1, Code: 550, Enhanced: "5.1.1", Reply: "no", QueueID: "A1", Reason: "a reason", Posts: 2, Bytes: 3000}}
		view := mailView{pageFrame: s.sampleTop("queue"), Mail: m, History: history, AuditLog: []store.AuditEntry{{At: now, Actor: "web: admin", Action: "retry"}}, Open: true, Again: true, Doubt: true, Stayed: 1}
		list = append(list, sample{"queue_mail", view}, sample{"queue_mail", mailView{Mail: store.Mail{State: state}}})
	}
	return append(list, sample{"queue_drop", dropView{s.sampleTop("queue"), []string{"digest/1/a"}, "/queue"}}, sample{"queue_drop", dropView{}})
}

// mail tells all that is known of a mail.
func (s *Server) mail(v *request) {
	key := v.r.URL.Query().Get("key")
	m, history, known, err := s.Store.Queue.Message(v.r.Context(), key)
	if err != nil {
		v.serverError(err)
		return
	}
	if !known {
		v.messagePage(http.StatusNotFound, "not_found")
		return
	}
	deeds, err := s.Store.Audit.OfSubject(v.r.Context(), mailObject(key))
	if err != nil {
		v.serverError(err)
		return
	}
	v.localize(&m)
	for i := range history {
		history[i].At = v.local(history[i].At)
	}
	for i := range deeds {
		deeds[i].At = v.local(deeds[i].At)
	}
	view := mailView{
		pageFrame: v.newPageFrame("queue"), Mail: m, History: history, AuditLog: deeds, Doubt: m.InFlight || m.UncertainCount > 0,
		Open:  m.State == "queued" || m.State == "held",
		Again: m.State == "queued" || m.State == "refused" || m.State == "uncertain",
	}
	view.Stayed, view.Why = v.decodeBlockers()
	v.render(http.StatusOK, "queue_mail", view)
}
