package admin

import (
	"iter"
	"maps"
	"net/http"
	"net/url"
	"strconv"

	"postrider/store"
)

// maxPerAction is how many messages one action changes: the daemon's own writes wait for it.
const maxPerAction = 1000

// retry requeues messages for immediate delivery.
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

// dropView is the data of the template "admin/queue_drop", which asks for confirmation.
type dropView struct {
	pageFrame
	labels
	Keys []string
	Back string // path
}

// drop settles messages as skipped, after a confirmation: the posts in them are lost to their readers.
func (s *Server) drop(v *request) {
	keys, err := s.selectedKeys(v)
	if err != nil {
		v.serverError(err)
		return
	}
	if v.r.PostForm.Get("sure") == "" {
		v.render(http.StatusOK, "queue_drop", dropView{v.newPageFrame("queue"), v.labels(keys), keys, v.returnPath()})
		return
	}
	list, err := s.Store.Queue.Drop(v.r.Context(), s.Now(), keys, store.DroppedByHand)
	if err != nil {
		v.serverError(err)
		return
	}
	v.showResults("dropped", "drop", list)
}

// selectedKeys returns the keys of the selected messages, or of all messages that match the filter.
func (s *Server) selectedKeys(v *request) ([]string, error) {
	if v.r.PostForm.Get("all") == "" {
		keys := v.r.PostForm["key"]
		return keys[:min(len(keys), maxPerAction)], nil
	}
	list, _, err := s.messages(v, readQueueFilter(v.r.PostForm), 0, maxPerAction)
	keys := make([]string, len(list))
	for i, m := range list {
		keys[i] = m.Key
	}
	return keys, err
}

// returnPath is the path to return to after an action: the message's page or the list.
func (v *request) returnPath() string {
	if path := v.r.PostForm.Get("back"); path != "" {
		return safeNextPath(path)
	}
	if key := v.r.PostForm.Get("mail"); key != "" {
		return "/queue/mail?" + url.Values{"key": {key}}.Encode()
	}
	return "/queue?" + readQueueFilter(v.r.PostForm).query().Encode()
}

// showResults redirects with the results of an action.
func (v *request) showResults(word, action string, list []store.ActionResult) {
	var actions []auditAction
	blocked := make(map[store.Blocker]int)
	for _, result := range list {
		if result.Obstacle != "" {
			blocked[result.Obstacle]++
			continue
		}
		actions = append(actions, auditAction{action, messageObject(result.Key), result.State})
	}
	v.redirectDone(v.returnPath()+encodeBlockers(blocked), word, len(actions), actions...)
}

// encodeBlockers returns URL parameters for how many messages an action did not change, and the reason, if it is the same for all.
func encodeBlockers(blocked map[store.Blocker]int) string {
	n, name := 0, ""
	for blocker, mails := range blocked {
		n += mails
		name = blockerNames[blocker]
	}
	switch len(blocked) {
	case 0:
		return ""
	case 1:
		return "&unchanged=" + strconv.Itoa(n) + "&why=" + name
	}
	return "&unchanged=" + strconv.Itoa(n)
}

// messageObject is the name of a message in the audit log.
func messageObject(key string) string { return "mail/" + key }

// blockerNames are the names of blockers in URLs and locales.
var blockerNames = map[store.Blocker]string{
	store.NotKnown: "not_found", store.HeldByAnnouncement: "held", store.Leased: "leased",
	store.AlreadySettled: "settled", store.Superseded: "superseded", store.Covered: "covered",
}

func allBlockerNames() iter.Seq[string] { return maps.Values(blockerNames) }

// decodeBlockers reads the parameters that encodeBlockers has made.
func (v *request) decodeBlockers() (n int, name string) {
	n, err := strconv.Atoi(v.r.URL.Query().Get("unchanged"))
	if err != nil || n < 1 {
		return 0, ""
	}
	for known := range allBlockerNames() {
		if known == v.r.URL.Query().Get("why") {
			name = known
		}
	}
	return n, name
}
