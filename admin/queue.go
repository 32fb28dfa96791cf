package admin

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"postrider/forum"
	"postrider/store"
	"postrider/web"
)

// queueView is what the template "admin/queue" is given.
type queueView struct {
	pageFrame
	Filter  queueFilter
	Mails   []store.Mail
	Pages   pager
	States  []string // to choose from
	Kinds   []string
	Periods []string
	Stayed  int    // how many of those that something was to be done to stay as they are
	Why     string // that they all do; empty: for different reasons
}

// queueFilter is the filter as it is filled in.
type queueFilter struct {
	State, Kind, Domain, Reason, Member, Period string
}

// periods are how far back mails may be looked for, by the word that stands for each.
var periods = map[string]time.Duration{"hour": time.Hour, "day": 24 * time.Hour, "week": 7 * 24 * time.Hour, "month": 30 * 24 * time.Hour}

func kinds() []string { return []string{store.KindAlert, store.KindAnnouncement, store.KindDigest} }

func (s *Server) queuePage() page {
	const name = "queue"
	now := time.Now()
	view := queueView{
		pageFrame: s.sampleTop(name), Filter: queueFilter{State: "open", Kind: store.KindDigest, Domain: "a.example", Reason: "full", Member: "1", Period: "day"},
		Pages: pager{Page: 2, More: true}, States: append([]string{"open", "all"}, store.MailStates...), Kinds: kinds(), Periods: []string{"hour", "day", "week", "month"}, Stayed: 2,
	}
	for _, state := range store.MailStates {
		m := store.Mail{Row: store.Row{Key: "digest/1/a", Kind: store.KindDigest, Member: 1, Attempt: 2, Created: now}, State: state, NotBefore: now}
		m.Last = store.Outcome{Result: "refused", Code: 550, Enhanced: "5.1.1", Reply: "no"}
		view.Mails = append(view.Mails, m)
	}
	p := page{
		name: name,
		routes: map[string]web.Methods{
			"/queue":       {http.MethodGet: s.requireLogin(s.queue)},
			"/queue/mail":  {http.MethodGet: s.requireLogin(s.mail)},
			"/queue/retry": {http.MethodPost: s.requireLoginAndToken(s.retry)},
			"/queue/drop":  {http.MethodPost: s.requireLoginAndToken(s.drop)},
		},
		doneWords: []string{"retried", "dropped"},
		samples:   append(s.mailSamples(), sample{name, queueView{}}),
	}
	for _, why := range append(slices.Collect(blockers()), "") {
		view.Why = why
		p.samples = append(p.samples, sample{name, view})
	}
	return p
}

// queue lists mails.
func (s *Server) queue(v *request) {
	view := queueView{
		pageFrame: v.newPageFrame("queue"), Filter: readQueueFilter(v.r.URL.Query()), Pages: v.pager(), Kinds: kinds(),
		States: append([]string{"open", "all"}, store.MailStates...), Periods: []string{"hour", "day", "week", "month"},
	}
	view.Stayed, view.Why = v.decodeBlockers()
	f := view.Filter.chooses(s.Now())
	f.Skip, f.Limit = view.Pages.skip(), rowsPerPage+1
	list, err := s.Store.Queue.List(v.r.Context(), f)
	if err != nil {
		v.serverError(err)
		return
	}
	view.Mails, view.Pages.More = splitPage(list)
	for i := range view.Mails {
		v.localize(&view.Mails[i])
	}
	v.render(http.StatusOK, "queue", view)
}

// localize puts the times of a mail into the zone in which they are shown.
func (v *request) localize(m *store.Mail) {
	for _, t := range []*time.Time{&m.Created, &m.NotBefore, &m.Expires, &m.LeaseUntil, &m.Settled} {
		*t = v.local(*t)
	}
}

func readQueueFilter(q url.Values) queueFilter {
	f := queueFilter{
		State: q.Get("state"), Kind: q.Get("kind"), Period: q.Get("since"),
		Domain: strings.TrimSpace(q.Get("domain")), Reason: strings.TrimSpace(q.Get("reason")), Member: strings.TrimSpace(q.Get("member")),
	}
	if f.State != "all" && !slices.Contains(store.MailStates, f.State) {
		f.State = "open"
	}
	if !slices.Contains(kinds(), f.Kind) {
		f.Kind = ""
	}
	if _, known := periods[f.Period]; !known {
		f.Period = ""
	}
	if n, err := strconv.ParseInt(f.Member, 10, 64); err != nil || n < 1 {
		f.Member = ""
	}
	return f
}

// chooses is the filter as the store takes it.
func (f queueFilter) chooses(now time.Time) store.QueueFilter {
	to := store.QueueFilter{Kind: f.Kind, Domain: f.Domain, Reason: f.Reason, States: []string{f.State}}
	switch f.State {
	case "open":
		to.States = store.OpenStates
	case "all":
		to.States = store.MailStates
	}
	if id, err := strconv.ParseInt(f.Member, 10, 64); err == nil {
		to.Member = forum.MemberID(id)
	}
	if back := periods[f.Period]; back > 0 {
		to.Since = now.Add(-back)
	}
	return to
}

// query is the filter as it stands in an address.
func (f queueFilter) query() url.Values {
	q := url.Values{"state": {f.State}}
	for name, value := range map[string]string{"kind": f.Kind, "domain": f.Domain, "reason": f.Reason, "member": f.Member, "since": f.Period} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}
