package admin

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"postrider/forum"
	"postrider/store"
	"postrider/web"
)

// queueView is the data of the template "admin/queue".
type queueView struct {
	pageFrame
	labels
	Filter        queueFilter
	UnknownMember bool // no member, or more than one, matches the filter
	Messages      []store.Message
	Pages         pager
	States        []string // options of the filter
	Kinds         []string
	Periods       []string
	Unchanged     int    // how many messages the last action did not change
	Blocker       string // the reason, if the same for all
}

// queueFilter holds the values of the filter's fields.
type queueFilter struct {
	State, Kind, Domain, Reason, Member, Period string
}

// periods are the periods that the filter offers, by name.
var periods = map[string]time.Duration{"hour": time.Hour, "day": 24 * time.Hour, "week": 7 * 24 * time.Hour, "month": 30 * 24 * time.Hour}

func kinds() []string {
	return []string{store.KindAlert, store.KindAnnouncement, store.KindConfirmation, store.KindDigest}
}

func (s *Server) queuePage() page {
	const name = "queue"
	now := time.Now()
	view := queueView{
		pageFrame: s.samplePageFrame(name), Filter: queueFilter{State: "open", Kind: store.KindDigest, Domain: "a.example", Reason: "full", Member: "1", Period: "day"},
		Pages: pager{Page: 2, More: true}, States: append([]string{"open", "all"}, store.MessageStates...), Kinds: kinds(), Periods: []string{"hour", "day", "week", "month"}, Unchanged: 2,
	}
	for _, state := range store.MessageStates {
		m := store.Message{Row: store.Row{Key: "digest/1/a", Kind: store.KindDigest, Member: 1, Attempt: 2, Created: now}, State: state, NotBefore: now}
		m.Last = store.Outcome{Result: "refused", Code: 550, Enhanced: "5.1.1", Reply: "no"}
		view.Messages = append(view.Messages, m)
	}
	p := page{
		name: name,
		routes: map[string]web.Methods{
			"/queue":       {http.MethodGet: s.requireLogin(s.queue)},
			"/queue/mail":  {http.MethodGet: s.requireLogin(s.message)},
			"/queue/retry": {http.MethodPost: s.requireLoginAndToken(s.retry)},
			"/queue/drop":  {http.MethodPost: s.requireLoginAndToken(s.drop)},
		},
		doneWords: []string{"retried", "dropped"},
		samples:   append(s.messageSamples(), sample{name, queueView{}}, sample{name, queueView{Filter: queueFilter{Member: "anna"}, UnknownMember: true}}),
	}
	for _, why := range append(slices.Collect(allBlockerNames()), "") {
		view.Blocker = why
		p.samples = append(p.samples, sample{name, view})
	}
	return p
}

// queue lists messages.
func (s *Server) queue(v *request) {
	view := queueView{
		pageFrame: v.newPageFrame("queue"), Filter: readQueueFilter(v.r.URL.Query()), Pages: v.pager(), Kinds: kinds(),
		States: append([]string{"open", "all"}, store.MessageStates...), Periods: []string{"hour", "day", "week", "month"},
	}
	view.Unchanged, view.Blocker = v.decodeBlockers()
	list, unknown, err := s.messages(v, view.Filter, view.Pages.skip(), rowsPerPage+1)
	view.UnknownMember = unknown
	if err != nil {
		v.serverError(err)
		return
	}
	view.Messages, view.Pages.More = splitPage(list)
	for i := range view.Messages {
		v.localize(&view.Messages[i])
	}
	view.labels = v.labels(keysOf(view.Messages))
	v.render(http.StatusOK, "queue", view)
}

// localize converts the times of a message to the displayed zone.
func (v *request) localize(m *store.Message) {
	for _, t := range []*time.Time{&m.Created, &m.NotBefore, &m.Expires, &m.LeaseUntil, &m.Settled} {
		*t = v.local(*t)
	}
}

func readQueueFilter(q url.Values) queueFilter {
	f := queueFilter{
		State: q.Get("state"), Kind: q.Get("kind"), Period: q.Get("since"),
		Domain: strings.TrimSpace(q.Get("domain")), Reason: strings.TrimSpace(q.Get("reason")), Member: strings.TrimSpace(q.Get("member")),
	}
	if f.State != "all" && !slices.Contains(store.MessageStates, f.State) {
		f.State = "open"
	}
	if !slices.Contains(kinds(), f.Kind) {
		f.Kind = ""
	}
	if _, known := periods[f.Period]; !known {
		f.Period = ""
	}
	return f
}

// storeFilter converts the filter for the store.
func (f queueFilter) storeFilter(now time.Time, member forum.MemberID) store.QueueFilter {
	to := store.QueueFilter{Kind: f.Kind, Domain: f.Domain, Reason: f.Reason, States: []string{f.State}, Member: member}
	switch f.State {
	case "open":
		to.States = store.OpenStates
	case "all":
		to.States = store.MessageStates
	}
	if back := periods[f.Period]; back > 0 {
		to.Since = now.Add(-back)
	}
	return to
}

// query is the filter as a URL query.
func (f queueFilter) query() url.Values {
	q := url.Values{"state": {f.State}}
	for name, value := range map[string]string{"kind": f.Kind, "domain": f.Domain, "reason": f.Reason, "member": f.Member, "since": f.Period} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}
