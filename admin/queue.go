package admin

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"postrider/daemon"
	"postrider/forum"
	"postrider/store"
	"postrider/web"
)

// queueView is what the template "admin/queue" is given.
type queueView struct {
	top
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

func kinds() []string { return []string{daemon.KindAlert, daemon.KindAnnouncement, daemon.KindDigest} }

// mostAtOnce is how many mails one order is for: the daemon's own writing waits for it.
const mostAtOnce = 1000

func (s *Server) queuePage() page {
	const name = "queue"
	now := time.Now()
	view := queueView{
		top: s.sampleTop(name), Filter: queueFilter{State: "open", Kind: daemon.KindDigest, Domain: "a.example", Reason: "full", Member: "1", Period: "day"},
		Pages: pager{Page: 2, More: true}, States: append([]string{"open", "all"}, store.MailStates...), Kinds: kinds(), Periods: []string{"hour", "day", "week", "month"}, Stayed: 2,
	}
	for _, state := range store.MailStates {
		m := store.Mail{Row: store.Row{Key: "digest/1/a", Kind: daemon.KindDigest, Member: 1, Attempt: 2, Created: now}, State: state, NotBefore: now}
		m.Last = store.Outcome{Result: "refused", Code: 550, Enhanced: "5.1.1", Reply: "no"}
		view.Mails = append(view.Mails, m)
	}
	p := page{
		name: name,
		routes: map[string]web.Methods{
			"/queue":       {http.MethodGet: s.see(s.queue)},
			"/queue/mail":  {http.MethodGet: s.see(s.mail)},
			"/queue/retry": {http.MethodPost: s.change(s.retry)},
			"/queue/drop":  {http.MethodPost: s.change(s.drop)},
		},
		words:   []string{"retried", "dropped"},
		samples: append(s.mailSamples(), sample{name, queueView{}}),
	}
	for _, why := range append(slices.Collect(obstacles()), "") {
		view.Why = why
		p.samples = append(p.samples, sample{name, view})
	}
	return p
}

// queue lists mails.
func (s *Server) queue(v *visit) {
	view := queueView{
		top: v.top("queue"), Filter: readQueueFilter(v.r.URL.Query()), Pages: v.pager(), Kinds: kinds(),
		States: append([]string{"open", "all"}, store.MailStates...), Periods: []string{"hour", "day", "week", "month"},
	}
	view.Stayed, view.Why = v.stayed()
	f := view.Filter.chooses(s.Now())
	f.Skip, f.Limit = view.Pages.skip(), rowsAPage+1
	list, err := s.Store.Queue(v.r.Context(), f)
	if err != nil {
		v.fault(err)
		return
	}
	view.Mails, view.Pages.More = cut(list)
	for i := range view.Mails {
		v.localize(&view.Mails[i])
	}
	v.show(http.StatusOK, "queue", view)
}

// localize puts the times of a mail into the zone in which they are shown.
func (v *visit) localize(m *store.Mail) {
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

// retry queues mails again at once.
func (s *Server) retry(v *visit) {
	keys, err := s.chosen(v)
	if err != nil {
		v.fault(err)
		return
	}
	list, err := s.Store.RetryNow(v.r.Context(), s.Now(), keys)
	if err != nil {
		v.fault(err)
		return
	}
	s.Wake()
	v.judged("retried", "retry", list)
}

// dropView is what the template "admin/queue_drop" is given: it asks whether that is really meant.
type dropView struct {
	top
	Keys []string
	Back string // path
}

// drop settles mails as skipped, once it was said twice: nothing brings their posts back.
func (s *Server) drop(v *visit) {
	keys, err := s.chosen(v)
	if err != nil {
		v.fault(err)
		return
	}
	if v.r.PostForm.Get("sure") == "" {
		v.show(http.StatusOK, "queue_drop", dropView{v.top("queue"), keys, v.back()})
		return
	}
	list, err := s.Store.Drop(v.r.Context(), s.Now(), keys, store.DroppedByHand)
	if err != nil {
		v.fault(err)
		return
	}
	v.judged("dropped", "drop", list)
}

// chosen are the keys that a form has ticked, or those of all mails that its filter chooses.
func (s *Server) chosen(v *visit) ([]string, error) {
	if v.r.PostForm.Get("all") == "" {
		keys := v.r.PostForm["key"]
		return keys[:min(len(keys), mostAtOnce)], nil
	}
	f := readQueueFilter(v.r.PostForm).chooses(s.Now())
	f.Limit = mostAtOnce
	list, err := s.Store.Queue(v.r.Context(), f)
	keys := make([]string, len(list))
	for i, m := range list {
		keys[i] = m.Key
	}
	return keys, err
}

// back is the path to which a form of the queue leads: the mail's page or the list.
func (v *visit) back() string {
	if path := v.r.PostForm.Get("back"); path != "" {
		return next(path)
	}
	if key := v.r.PostForm.Get("mail"); key != "" {
		return "/queue/mail?" + url.Values{"key": {key}}.Encode()
	}
	return "/queue?" + readQueueFilter(v.r.PostForm).query().Encode()
}

// judged tells what an order came to.
func (v *visit) judged(word, action string, list []store.Verdict) {
	var deeds []deed
	stay := make(map[store.Obstacle]int)
	for _, verdict := range list {
		if verdict.Obstacle != "" {
			stay[verdict.Obstacle]++
			continue
		}
		deeds = append(deeds, deed{action, mailObject(verdict.Key), verdict.State})
	}
	v.done(v.back()+stays(stay), word, len(deeds), deeds...)
}

// stays is how an address says how many mails stay as they are, and why, if that is the same for all.
func stays(stay map[store.Obstacle]int) string {
	n, why := 0, ""
	for obstacle, mails := range stay {
		n += mails
		why = obstacleWords[obstacle]
	}
	switch len(stay) {
	case 0:
		return ""
	case 1:
		return "&stayed=" + strconv.Itoa(n) + "&why=" + why
	}
	return "&stayed=" + strconv.Itoa(n)
}

// mailObject is how the audit log names a mail.
func mailObject(key string) string { return "mail/" + key }

// obstacleWords are the names of obstacles in addresses and locales.
var obstacleWords = map[store.Obstacle]string{
	store.NotKnown: "not_known", store.HeldBack: "held_back", store.AtWork: "at_work",
	store.Over: "over", store.Superseded: "superseded", store.Covered: "covered",
}

// stayed is how many mails stayed as they are, as the address says to which an order has led, and why.
func (v *visit) stayed() (n int, why string) {
	n, err := strconv.Atoi(v.r.URL.Query().Get("stayed"))
	if err != nil || n < 1 {
		return 0, ""
	}
	for known := range obstacles() {
		if known == v.r.URL.Query().Get("why") {
			why = known
		}
	}
	return n, why
}
