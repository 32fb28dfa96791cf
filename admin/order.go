package admin

import (
	"iter"
	"maps"
	"net/http"
	"net/url"
	"strconv"

	"postrider/store"
)

// mostAtOnce is how many mails one order is for: the daemon's own writing waits for it.
const mostAtOnce = 1000

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
	store.NotKnown: "not_found", store.HeldBack: "held", store.AtWork: "leased",
	store.Over: "settled", store.Superseded: "superseded", store.Covered: "covered",
}

func obstacles() iter.Seq[string] { return maps.Values(obstacleWords) }

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
