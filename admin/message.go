package admin

import (
	"net/http"
	"time"

	"postrider/store"
)

// messageView is the data of the template "admin/queue_mail".
type messageView struct {
	pageFrame
	labels
	Message        store.Message
	History        []store.Outcome
	AuditLog       []store.AuditEntry // actions of administrators
	Open           bool               // not settled
	CanRetry       bool               // it can be retried
	MayBeDelivered bool               // it may be delivered already
	Unchanged      int                // 1 if the last action did not change it
	Blocker        string
}

// messageSamples are sample messages in every state.
func (s *Server) messageSamples() []sample {
	now := time.Now()
	var list []sample
	for _, state := range store.MessageStates {
		m := store.Message{
			Row: store.Row{Key: "digest/1/a", Kind: store.KindDigest, Member: 1, Attempt: 2, Created: now}, State: state,
			NotBefore: now, Expires: now, Address: "anna@a.example", Lease: "host", LeaseUntil: now, Settled: now,
			Last: store.Outcome{Reason: "digest/1/b"},
		}
		history := []store.Outcome{{At: now, Result: "refused", Attempt: 1, Code: 550, Enhanced: "5.1.1", Reply: "no", QueueID: "A1", Reason: "a reason", Posts: 2, Bytes: 3000}}
		view := messageView{pageFrame: s.samplePageFrame("queue"), Message: m, History: history, AuditLog: []store.AuditEntry{{At: now, Actor: "web: admin", Action: "retry"}}, Open: true, CanRetry: true, MayBeDelivered: true, Unchanged: 1}
		list = append(list, sample{"queue_mail", view}, sample{"queue_mail", messageView{Message: store.Message{State: state}}})
	}
	return append(list, sample{"queue_drop", dropView{pageFrame: s.samplePageFrame("queue"), Keys: []string{"digest/1/a"}, Back: "/queue"}}, sample{"queue_drop", dropView{}})
}

// message shows a message and its delivery attempts.
func (s *Server) message(v *request) {
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
	actions, err := s.Store.Audit.OfSubject(v.r.Context(), messageObject(key))
	if err != nil {
		v.serverError(err)
		return
	}
	v.localize(&m)
	for i := range history {
		history[i].At = v.local(history[i].At)
	}
	for i := range actions {
		actions[i].At = v.local(actions[i].At)
	}
	view := messageView{
		pageFrame: v.newPageFrame("queue"), Message: m, History: history, AuditLog: actions, MayBeDelivered: m.InFlight || m.UncertainCount > 0,
		Open:     m.State == "queued" || m.State == "held",
		CanRetry: m.State == "queued" || m.State == "refused" || m.State == "uncertain",
	}
	view.labels = v.labels([]string{key})
	view.Unchanged, view.Blocker = v.decodeBlockers()
	v.render(http.StatusOK, "queue_mail", view)
}
