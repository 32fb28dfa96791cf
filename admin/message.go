package admin

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"postrider/daemon/explain"
	"postrider/forum"
	"postrider/store"
)

// messageView is the data of the template "admin/queue_mail".
type messageView struct {
	pageFrame
	labels
	Message        store.Message
	History        []store.Outcome
	Posts          string             // IDs of its posts, with spaces; empty: none are recorded
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
		view := messageView{pageFrame: s.samplePageFrame("queue"), Message: m, History: history, AuditLog: []store.AuditEntry{{At: now, Actor: "web: admin", Action: "retry"}}, Open: true, CanRetry: true, MayBeDelivered: true, Unchanged: 1, Posts: "1 2"}
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
	if view.Posts, err = s.postsOf(v.r.Context(), m); err != nil {
		v.serverError(err)
		return
	}
	view.labels = v.labels([]string{key})
	view.Unchanged, view.Blocker = v.decodeBlockers()
	v.render(http.StatusOK, "queue_mail", view)
}

// postsOf returns the IDs of the posts in a message, as the page "explain" reads them: those of its last copy, or the planned ones of an
// alert. A digest that was not sent yet has none.
func (s *Server) postsOf(ctx context.Context, m store.Message) (string, error) {
	copies, err := s.Store.Outbox.CopiesOf(ctx, m.Key)
	if err != nil {
		return "", err
	}
	var ids []string
	add := func(id forum.PostID) {
		if len(ids) < explain.MaxPosts {
			ids = append(ids, strconv.FormatInt(int64(id), 10))
		}
	}
	if len(copies) > 0 {
		for _, p := range copies[len(copies)-1] {
			add(p.Post)
		}
		return strings.Join(ids, " "), nil
	}
	if m.Kind != store.KindAlert {
		return "", nil
	}
	items, err := s.Store.Alerts.Items(ctx, []string{m.Key})
	for _, item := range items[m.Key] {
		add(item.Post)
	}
	return strings.Join(ids, " "), err
}
