package admin

import (
	"context"
	"errors"
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
	Words                  string // of the search for threads
	Searched               bool
	Threads                []explain.RecentThread
}

func newExplainer(p Deps) *explain.Service {
	return daemon.NewExplainer(daemon.Deps{Forum: p.Forum, Store: p.Store, Renderer: p.Renderer, Links: p.Links}, p.Settings)
}

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
	found := explainView{MemberQuery: "Anna", Searched: true, Words: "ferry", Threads: []explain.RecentThread{{Thread: 1, Title: "Ferry times", At: now, Posts: 3}}}
	samples := []sample{{"explain", full}, {"explain", explainView{}}, {"explain", found}, {"explain", explainView{Searched: true, Words: "x"}}}
	faults := []explain.ReferenceFault{explain.NoReference, explain.TooManyPosts, explain.OtherSite, explain.UnknownAddress, explain.UnseenThread, explain.UnseenNumber}
	for _, fault := range append(faults, "member", "several") {
		samples = append(samples, sample{"explain", explainView{MemberQuery: "Anna", PostQuery: "x", Error: string(fault)}})
	}
	return page{name: "explain", routes: map[string]web.Methods{"/explain": {http.MethodGet: s.requireLogin(s.explain)}}, samples: samples}
}

// explain shows why a member got posts or did not.
func (s *Server) explain(v *request) {
	q := v.r.URL.Query()
	view := explainView{pageFrame: v.newPageFrame("explain"), MemberQuery: strings.TrimSpace(q.Get("member")), PostQuery: strings.TrimSpace(q.Get("post")), Words: strings.TrimSpace(q.Get("words"))}
	view.Searched = q.Has("words")
	err := s.loadExplanations(v, &view)
	if err == nil && view.Searched {
		err = s.findThreads(v, &view)
	}
	if err != nil {
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
	posts, err := s.findPosts(v.r.Context(), view.PostQuery)
	if fault, wrong := errors.AsType[*explain.ReferenceError](err); wrong {
		view.Error = string(fault.Fault)
		return nil
	}
	if err != nil {
		return err
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

// findPosts finds the posts that an administrator entered. The error is an explain.ReferenceError if there are none.
func (s *Server) findPosts(ctx context.Context, text string) ([]forum.PostID, error) {
	list, err := explain.ParseReferences(text, explain.MaxPosts)
	if err != nil {
		return nil, err
	}
	return s.explainer.FindPosts(ctx, list, explain.MaxPosts)
}

// findThreads searches the titles of recent threads.
func (s *Server) findThreads(v *request, view *explainView) (err error) {
	view.Threads, err = s.explainer.FindThreads(v.r.Context(), view.Words)
	for i := range view.Threads {
		view.Threads[i].At = v.local(view.Threads[i].At)
	}
	return err
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
