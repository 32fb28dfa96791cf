package digest

import (
	"slices"
	"strconv"
	"time"

	"postrider/forum"
)

// Rule is the code of a check that each post passes or fails for a reader.
type Rule string

// The rules, in the order in which they are checked.
const (
	VisibleRule   Rule = "visible"       // post and thread are visible to ordinary readers
	Readable      Rule = "readable"      // the member may read the thread in its current section
	Author        Rule = "author"        // the member does not ignore the author
	Watched       Rule = "watched"       // a watch covers the post, or the post quotes or mentions the member
	SwitchRule    Rule = "kind_on"       // posts of its kind are not turned off
	MutedRule     Rule = "not_muted"     // neither the forum nor an override mutes the thread or section
	Unread        Rule = "unread"        // the member has not read it on the site
	RouteRule     Rule = "single_route"  // no alert and no other edition brings it
	DuplicateRule Rule = "not_duplicate" // no edition had it before its thread was moved
	CadenceRule   Rule = "cadence"       // neither an override nor an earlier copy defers it to a later edition
)

// rule checks an item for a reader and explains the result.
type rule struct {
	name    Rule
	reject  func(w *Window, r *Reader, it *item) Reason // why the item is left out; "" if it passes
	explain func(w *Window, r *Reader, it *item) Phrase // why it passes
}

// alertRules apply to alerts. Editions share them, except for the author rule.
var alertRules = []rule{
	{VisibleRule, func(_ *Window, _ *Reader, it *item) Reason { return hiddenReason(it) }, constant(NewPhrase("visible"))},
	{Readable, (*Window).accessReason, (*Window).accessText},
	{Author, (*Window).authorReason, (*Window).authorOK},
}

// editionRules are all the rules for editions.
var editionRules = slices.Concat(alertRules[:2], []rule{{Author, (*Window).authorReasonForEdition, (*Window).authorOK}}, editionOnlyRules)

// editionOnlyRules do not apply to alerts.
var editionOnlyRules = []rule{
	{Watched, (*Window).watchReason, (*Window).watchOK},
	{SwitchRule, (*Window).switchReason, (*Window).switchOK},
	{MutedRule, (*Window).muteReason, (*Window).overrideText},
	{Unread, (*Window).readReason, (*Window).unreadOK},
	{RouteRule, func(_ *Window, r *Reader, it *item) Reason { return r.OtherRoute[it.post.ID] }, (*Window).routeOK},
	{DuplicateRule, (*Window).duplicateReason, (*Window).moveOK},
	{CadenceRule, func(_ *Window, r *Reader, it *item) Reason { return r.deferReason(it) }, constant(NewPhrase("due_next"))},
}

func constant(p Phrase) func(*Window, *Reader, *item) Phrase {
	return func(*Window, *Reader, *item) Phrase { return p }
}

// evaluate returns why an edition for this reader leaves the item out, or "" if the edition includes it.
func (w *Window) evaluate(r *Reader, it *item) Reason {
	for i := range editionRules {
		if why := editionRules[i].reject(w, r, it); why != "" {
			return why
		}
	}
	return ""
}

// checkReadable returns why this reader must not get the item, regardless of watches and overrides.
func (w *Window) checkReadable(r *Reader, it *item) Reason {
	for i := range alertRules {
		if why := alertRules[i].reject(w, r, it); why != "" {
			return why
		}
	}
	return ""
}

// RuleResult is the result of one rule for a post.
type RuleResult struct {
	Rule Rule
	Bars bool   // the post failed this rule
	Says Phrase // why it failed or passed
}

// Trace returns the rule results for the newest sighting of a post in the window, up to and including the first failure.
// why is the reason of that failure. It is "" if all rules pass: the reader's edition then includes the post, provided
// that it covers the sighting. known is false if the window has no sighting of the post up to r.Until.
func (w *Window) Trace(r Reader, post forum.PostID) (steps []RuleResult, why Reason, known bool) {
	for i := len(w.items) - 1; i >= 0; i-- {
		it := &w.items[i]
		if it.Sighting.Post != post || it.Seq > r.Until {
			continue
		}
		for _, rule := range editionRules {
			if why = rule.reject(w, &r, it); why != "" {
				return append(steps, RuleResult{rule.name, true, why.Phrase()}), why, true
			}
			steps = append(steps, RuleResult{rule.name, false, rule.explain(w, &r, it)})
		}
		return steps, "", true
	}
	return nil, "", false
}

// accessReason returns why this reader may not read the item: they need the right in each of its current sections.
func (w *Window) accessReason(r *Reader, it *item) Reason {
	for section := range it.thread.InSections {
		if why := w.sectionReason(r, it, section); why != "" {
			return why
		}
	}
	return ""
}

func (w *Window) sectionReason(r *Reader, it *item, section forum.SectionID) Reason {
	if _, listed := w.sections[section]; !listed {
		return NotReadable
	}
	switch r.Access[section] {
	case forum.ReadAll:
		return ""
	case forum.ReadOwn:
		if it.thread.Starter == r.Member.ID && r.Member.ID != forum.Guest {
			return ""
		}
		return ReasonNotOwnThread
	}
	return NotReadable
}

func (w *Window) accessText(r *Reader, it *item) Phrase {
	for section := range it.thread.InSections {
		if r.Access[section] == forum.ReadOwn {
			return NewPhrase("readable_own", "section", idText(section), "title", w.sections[section].Title)
		}
	}
	id := it.thread.Section
	return NewPhrase("readable_all", "section", idText(id), "title", w.sections[id].Title)
}

// idText formats an ID for a phrase, without separators of thousands.
func idText[ID ~int64](id ID) string { return strconv.FormatInt(int64(id), 10) }

func (w *Window) authorReason(r *Reader, it *item) Reason {
	switch {
	case r.Member.ID == it.post.Author:
		return OwnPost
	case r.Ignores[it.post.Author]:
		return Ignored
	}
	return ""
}

// authorReasonForEdition is like authorReason, but allows own posts for members who asked for them.
func (w *Window) authorReasonForEdition(r *Reader, it *item) Reason {
	why := w.authorReason(r, it)
	if why == OwnPost && r.wantsOwn() {
		return ""
	}
	return why
}

func (w *Window) authorOK(r *Reader, it *item) Phrase {
	if r.Member.ID == it.post.Author {
		return NewPhrase("own_post_wanted")
	}
	return NewPhrase("author_not_ignored", "author", idText(it.post.Author))
}

// watchReason returns why no watch covers the item. Quotes and mentions need no watch.
func (w *Window) watchReason(r *Reader, it *item) Reason {
	why := r.notWatchedReason(it.thread, it.opening())
	if why != "" && r.Deferred[it.post.ID].IsDirect() {
		return ""
	}
	return why
}

func (w *Window) watchOK(r *Reader, it *item) Phrase {
	if watch, thread := r.Watches.Threads[it.thread.ID]; thread && !r.isSilent(watch, it.thread) {
		return NewPhrase("thread_watched")
	}
	opensWatched := false
	for section := range it.thread.InSections {
		watch, watched := r.Watches.Sections[section]
		switch {
		case !watched || r.isSilent(watch, it.thread):
		case watch.Level == forum.AllPosts:
			return NewPhrase("section_watched_posts")
		case it.opening():
			opensWatched = true
		}
	}
	if opensWatched {
		return NewPhrase("section_watched_threads")
	}
	return NewPhrase("concerns_member", "cause", r.Deferred[it.post.ID].Word())
}

func (w *Window) switchOK(r *Reader, it *item) Phrase {
	kind := watchedKind(it.opening())
	if cause := r.direct(it); cause != "" {
		kind = cause.Kind(false)
	}
	return NewPhrase("kind_on", "kind", Word{"post_kind", string(kind)})
}

func (w *Window) muteReason(r *Reader, it *item) Reason {
	switch {
	case r.Watches.Mute(it.thread, r.direct(it) != ""):
		return MutedOnForum
	case r.override(it.thread) == Off:
		return ReasonMuted
	}
	return ""
}

func (w *Window) overrideText(r *Reader, it *item) Phrase {
	if c := r.override(it.thread); c != "" {
		return NewPhrase("override", "cadence", Word{"override_cadence", string(c)})
	}
	return NewPhrase("not_muted")
}

func (w *Window) readReason(r *Reader, it *item) Reason {
	if r.hasRead(it) && it.post.Author != r.Member.ID { // authors have read their own posts; only members who asked for them get this far
		return AlreadyRead
	}
	return ""
}

func (w *Window) unreadOK(r *Reader, it *item) Phrase {
	if r.Read == nil {
		return NewPhrase("read_marks_unchecked")
	}
	return NewPhrase("not_read")
}

func (w *Window) routeOK(r *Reader, it *item) Phrase {
	if _, deferred := r.Deferred[it.post.ID]; deferred {
		return NewPhrase("deferred_here")
	}
	return NewPhrase("in_no_other_message")
}

// duplicateReason prevents a moved post from appearing in a reader's editions twice. A deferred post has not been in any
// edition, wherever its thread was.
func (w *Window) duplicateReason(r *Reader, it *item) Reason {
	if _, deferred := r.Deferred[it.post.ID]; !deferred {
		return w.moveReason(r, it)
	}
	if it.later != 0 && it.later <= r.Until {
		return Superseded
	}
	return ""
}

func (w *Window) moveOK(_ *Reader, it *item) Phrase {
	if it.MovedFrom != 0 {
		var from forum.SectionID
		if in := w.places.Of(it.MovedFrom); len(in) > 0 {
			from = in[0]
		}
		return NewPhrase("moved", "section", idText(from), "title", w.sections[from].Title)
	}
	return NewPhrase("not_moved")
}

// HeldUntil returns when a post that a weekly or monthly override defers becomes due. It is zero if no override defers
// the post.
func (w *Window) HeldUntil(r Reader, post forum.PostID) time.Time {
	i, known := w.byPost[post]
	if !known {
		return time.Time{}
	}
	_, at := r.deferredUntil(&w.items[i])
	return at
}

// PostedAt returns when a post in the window was written; zero if it does not exist.
func (w *Window) PostedAt(post forum.PostID) time.Time {
	i, known := w.byPost[post]
	if !known {
		return time.Time{}
	}
	return w.items[i].post.PostedAt
}

// AlertCauseNow returns the watch that requests an alert about a post in the window, or "" if none does.
func (w *Window) AlertCauseNow(r Reader, post forum.PostID) AlertCause {
	i, known := w.byPost[post]
	if !known {
		return ""
	}
	return r.watchCause(&w.items[i])
}
