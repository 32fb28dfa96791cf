package admin

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"postrider/daemon"
	"postrider/daemon/explain"
	"postrider/digest"
	"postrider/forum"
	"postrider/store"
	"postrider/web"
)

// explainView is the data of the template "admin/explain".
type explainView struct {
	pageFrame
	labels
	MemberQuery, PostQuery string // as entered
	Error                  string // a key of "admin_explain_error"; empty: none
	Member                 forum.Member
	Explanations           []explain.Post
}

func newExplainer(p Deps) *explain.Service {
	return daemon.NewExplainer(daemon.Deps{Forum: p.Forum, Store: p.Store, Renderer: p.Renderer, Links: p.Links}, p.Settings)
}

// maxExplained is how many posts one page explains.
const maxExplained = 20

func (s *Server) explainPage() page {
	now := time.Now()
	explanation := explain.Post{
		Post: 1, Reason: digest.NewPhrase("in_digest"), Mail: "digest/1/a", At: now, Folded: true, Pending: now, Alert: digest.NewPhrase("alert_too_old"),
		Seen:        []store.SightingRecord{{Place: store.Place{Section: 1}, Seq: 1, At: now, MovedFrom: 2}},
		RuleResults: []digest.RuleResult{{Rule: digest.VisibleRule, Says: digest.NewPhrase("visible")}, {Rule: digest.Readable, Bars: true, Says: digest.NotReadable.Phrase()}},
		Messages:    []store.Message{{Row: store.Row{Key: "digest/1/a"}, State: "accepted", Settled: now}},
	}
	full := explainView{pageFrame: s.samplePageFrame("explain"), MemberQuery: "Anna", PostQuery: "1", Member: forum.Member{ID: 1, Name: "Anna"}}
	for _, postStatus := range []explain.PostStatus{explain.Sent, explain.Waiting, explain.Upcoming, explain.Unclear, explain.Omitted} {
		explanation.Verdict = postStatus
		full.Explanations = append(full.Explanations, explanation)
	}
	samples := []sample{{"explain", full}, {"explain", explainView{}}}
	for _, fault := range []string{"member", "several", "post", "too_many"} {
		samples = append(samples, sample{"explain", explainView{MemberQuery: "Anna", PostQuery: "x", Error: fault}})
	}
	return page{name: "explain", routes: map[string]web.Methods{"/explain": {http.MethodGet: s.requireLogin(s.explain)}}, samples: samples}
}

// explain shows why a member got posts or did not.
func (s *Server) explain(v *request) {
	q := v.r.URL.Query()
	view := explainView{pageFrame: v.newPageFrame("explain"), MemberQuery: strings.TrimSpace(q.Get("member")), PostQuery: strings.TrimSpace(q.Get("post"))}
	if err := s.loadExplanations(v, &view); err != nil {
		v.serverError(err)
		return
	}
	view.labels = v.labels(explainedKeys(view.Explanations))
	status := http.StatusOK
	if view.Error != "" {
		status = http.StatusUnprocessableEntity
	}
	v.render(status, "explain", view)
}

func (s *Server) loadExplanations(v *request, view *explainView) error {
	if view.MemberQuery == "" {
		return nil
	}
	hits, err := s.find(v.r.Context(), view.MemberQuery)
	if err != nil {
		return err
	}
	switch len(hits) {
	case 0:
		view.Error = "member"
		return nil
	case 1:
		view.Member = hits[0]
	default:
		view.Error = "several"
		return nil
	}
	if view.PostQuery == "" {
		return nil
	}
	posts, fault := parsePostIDs(view.PostQuery)
	if view.Error = fault; fault != "" {
		return nil
	}
	who := strconv.FormatInt(int64(view.Member.ID), 10)
	view.Member, view.Explanations, err = s.explainer.Posts(v.r.Context(), s.Now(), who, posts)
	for i := range view.Explanations {
		v.localizeExplanation(&view.Explanations[i])
	}
	return err
}

// explainedKeys returns the keys of the messages that explanations name.
func explainedKeys(list []explain.Post) (keys []string) {
	for _, x := range list {
		if keys = append(keys, keysOf(x.Messages)...); x.Mail != "" {
			keys = append(keys, x.Mail)
		}
	}
	return keys
}

// parsePostIDs parses post IDs, separated by commas, semicolons or spaces, or returns a key of "admin_explain_error".
func parsePostIDs(text string) (posts []forum.PostID, fault string) {
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == ';' }) {
		id, err := strconv.ParseInt(strings.TrimPrefix(part, "#"), 10, 64)
		if err != nil || id < 1 {
			return nil, "post"
		}
		posts = append(posts, forum.PostID(id))
	}
	switch {
	case len(posts) == 0:
		return nil, "post"
	case len(posts) > maxExplained:
		return nil, "too_many"
	}
	return posts, ""
}

func (v *request) localizeExplanation(x *explain.Post) {
	x.At, x.Pending = v.local(x.At), v.local(x.Pending)
	for i := range x.Seen {
		x.Seen[i].At = v.local(x.Seen[i].At)
	}
	for i := range x.Messages {
		v.localize(&x.Messages[i])
	}
}
