package admin

import (
	"iter"
	"maps"
	"net/http"
	"net/url"
	"strconv"

	"postrider/store"
)

// maxPerAction is how many mails one order is for: the daemon's own writing waits for it.
const maxPerAction = 1000

// retry queues mails again at once.
func (s *Server) retry(v *request) {
	keys, err := s.selectedKeys(v)
	if err != nil {
		v.serverError(err)
		return
	}
	list, err := s.Store.Queue.Retry(v.r.Context(), s.Now(), keys)
	if err != nil {
		v.serverError(err)
		return
	}
	s.Wake()
	v.showResults("retried", "retry", list)
}

// dropView is what the template "admin/queue_drop" is given: it asks whether that is really meant.
type dropView struct {
	pageFrame
	Keys []string
	Back string // path
}

// drop settles mails as skipped, once it was said twice: nothing brings their posts back.
func (s *Server) drop(v *request) {
	keys, err := s.selectedKeys(v)
	if err != nil {
		v.serverError(err)
		return
	}
	if v.r.PostForm.Get("sure") == "" {
		v.render(http.StatusOK, "queue_drop", dropView{v.newPageFrame("queue"), keys, v.returnPath()})
		return
	}
	list, err := s.Store.Queue.Drop(v.r.Context(), s.Now(), keys, store.DroppedByHand)
	if err != nil {
		v.serverError(err)
		return
	}
	v.showResults("dropped", "drop", list)
}

// selectedKeys are the keys that a form has ticked, or those of all mails that its filter chooses.
func (s *Server) selectedKeys(v *request) ([]string, error) {
	if v.r.PostForm.Get("all") == "" {
		keys := v.r.PostForm["key"]
		return keys[:min(len(keys), maxPerAction)], nil
	}
	f := readQueueFilter(v.r.PostForm).chooses(s.Now())
	f.Limit = maxPerAction
	list, err := s.Store.Queue.List(v.r.Context(), f)
	keys := make([]string, len(list))
	for i, m := range list {
		keys[i] = m.Key
	}
	return keys, err
}

// returnPath is the path to which a form of the queue leads: the mail's page or the list.
func (v *request) returnPath() string {
	if path := v.r.PostForm.Get("back"); path != "" {
		return safeNextPath(path)
	}
	if key := v.r.PostForm.Get("mail"); key != "" {
		return "/queue/mail?" + url.Values{"key": {key}}.Encode()
	}
	return "/queue?" + readQueueFilter(v.r.PostForm).query().Encode()
}

// showResults tells what an order came to.
func (v *request) showResults(word, action string, list []store.ActionResult) {
	var deeds []auditAction
	stay := make(map[store.Blocker]int)
	for _, verdict := range list {
		if verdict.Obstacle != "" {
			stay[verdict.Obstacle]++
			continue
		}
		deeds = append(deeds, auditAction{action, mailObject(verdict.Key), verdict.State})
	}
	v.redirectDone(v.returnPath()+encodeBlockers(stay), word, len(deeds), deeds...)
}

// encodeBlockers is how an address says how many mails stay as they are, and why, if that is the same for all.
func encodeBlockers(stay map[store.Blocker]int) string {
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
var obstacleWords = map[store.Blocker]string{
	store.NotKnown: "not_found", store.HeldByAnnouncement: "held", store.Leased: "leased",
	store.AlreadySettled: "settled", store.Superseded: "superseded", store.Covered: "covered",
}

func blockers() iter.Seq[string] { return maps.Values(obstacleWords) }

// decodeBlockers is how many mails stayed as they are, as the address says to which an order has led, and why.
func (v *request) decodeBlockers() (n int, why string) {
	n, err := strconv.Atoi(v.r.URL.Query().Get("stayed"))
	if err != nil || n < 1 {
		return 0, ""
	}
	for known := range blockers() {
		if known == v.r.URL.Query().Get("why") {
			why = known
		}
	}
	return n, why
}
