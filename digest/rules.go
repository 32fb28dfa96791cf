package digest

import (
	"fmt"
	"slices"
	"time"

	"postrider/forum"
)

// Rule names one of the rules that each post is judged by.
type Rule string

// The rules, in the order in which they are asked.
const (
	VisibleRule   Rule = "visible"  // is it there for an ordinary reader?
	Readable      Rule = "readable" // may this one read it where it stands?
	Author        Rule = "author"   // is it by somebody whom he wants to hear of?
	Watched       Rule = "watched"  // has he asked for it, or does it call him?
	MutedRule     Rule = "wanted"   // does he want it at all?
	Unread        Rule = "unread"   // or has he seen it on the site?
	RouteRule     Rule = "one way"  // does it come to him in no other way?
	DuplicateRule Rule = "once"     // has it come to him where it stood before?
	CadenceRule   Rule = "in time"  // does he want it now, or in a rarer edition?
)

// rule is a rule as it is asked, and as it is explained.
type rule struct {
	name    Rule
	reject  func(w *Window, r *Reader, it *item) Reason // why the item is not for the reader; "": go on
	explain func(w *Window, r *Reader, it *item) string // what speaks for it where it does not bar
}

// alertRules are the rules that hold for alerts. For editions, too, but for that of the author.
var alertRules = []rule{
	{VisibleRule, func(_ *Window, _ *Reader, it *item) Reason { return hiddenReason(it) }, constant("post and thread are visible")},
	{Readable, (*Window).accessReason, (*Window).accessText},
	{Author, (*Window).authorReason, (*Window).authorOK},
}

// editionRules are all rules of editions.
var editionRules = slices.Concat(alertRules[:2], []rule{{Author, (*Window).authorReasonForEdition, (*Window).authorOK}}, editionOnlyRules)

// editionOnlyRules are those that only editions know.
var editionOnlyRules = []rule{
	{Watched, (*Window).watchReason, (*Window).watchOK},
	{MutedRule, (*Window).muteReason, (*Window).overrideText},
	{Unread, (*Window).readReason, (*Window).unreadOK},
	{RouteRule, func(_ *Window, r *Reader, it *item) Reason { return r.OtherRoute[it.post.ID] }, (*Window).routeOK},
	{DuplicateRule, (*Window).duplicateReason, (*Window).moveOK},
	{CadenceRule, func(_ *Window, r *Reader, it *item) Reason { return r.deferReason(it) }, constant("it comes with his next edition")},
}

func constant(text string) func(*Window, *Reader, *item) string {
	return func(*Window, *Reader, *item) string { return text }
}

// evaluate says why an item is not for this reader; "" means that it is.
func (w *Window) evaluate(r *Reader, it *item) Reason {
	for i := range editionRules {
		if why := editionRules[i].reject(w, r, it); why != "" {
			return why
		}
	}
	return ""
}

// checkReadable says why the item is not for this reader, whatever he watches.
func (w *Window) checkReadable(r *Reader, it *item) Reason {
	for i := range alertRules {
		if why := alertRules[i].reject(w, r, it); why != "" {
			return why
		}
	}
	return ""
}

// RuleResult is what one rule says of a post.
type RuleResult struct {
	Rule Rule
	Bars bool   // it is why the post is not for the reader
	Says string // the reason, or what speaks for it
}

// Trace tells, of the newest sighting of a post that the window has, what each rule says until one bars; why is the reason
// by which that one bars, "" where none does: then the reader's edition holds the post, if it covers the sighting.
func (w *Window) Trace(r Reader, post forum.PostID) (steps []RuleResult, why Reason, known bool) {
	for i := len(w.items) - 1; i >= 0; i-- {
		it := &w.items[i]
		if it.Sighting.Post != post || it.Seq > r.Until {
			continue
		}
		for _, rule := range editionRules {
			if why = rule.reject(w, &r, it); why != "" {
				return append(steps, RuleResult{rule.name, true, string(why)}), why, true
			}
			steps = append(steps, RuleResult{rule.name, false, rule.explain(w, &r, it)})
		}
		return steps, "", true
	}
	return nil, "", false
}

// accessReason says why this reader may not read the item where it stands now.
func (w *Window) accessReason(r *Reader, it *item) Reason {
	if _, listed := w.sections[it.thread.Section]; !listed {
		return NotReadable
	}
	switch r.Access[it.thread.Section] {
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

func (w *Window) accessText(r *Reader, it *item) string {
	if r.Access[it.thread.Section] == forum.ReadOwn {
		return w.sectionLabel(it.thread.Section) + ": he may read threads of his own there, and this is one"
	}
	return w.sectionLabel(it.thread.Section) + ": he may read every thread there"
}

// sectionLabel names a section for the administrator.
func (w *Window) sectionLabel(id forum.SectionID) string {
	return fmt.Sprintf("section %d %q", id, w.sections[id].Title)
}

func (w *Window) authorReason(r *Reader, it *item) Reason {
	switch {
	case r.Member.ID == it.post.Author:
		return OwnPost
	case r.Ignores[it.post.Author]:
		return Ignored
	}
	return ""
}

// authorReasonForEdition is unheard, but for who wants his own posts in his editions.
func (w *Window) authorReasonForEdition(r *Reader, it *item) Reason {
	why := w.authorReason(r, it)
	if why == OwnPost && r.wantsOwn() {
		return ""
	}
	return why
}

func (w *Window) authorOK(r *Reader, it *item) string {
	if r.Member.ID == it.post.Author {
		return "it is his own, and he wants those, too"
	}
	return fmt.Sprintf("it is by member %d, whom he does not ignore", it.post.Author)
}

// watchReason says why the item is not asked for, unless it calls the reader.
func (w *Window) watchReason(r *Reader, it *item) Reason {
	why := r.notWatchedReason(it, it.thread.Section)
	if why != "" && r.Deferred[it.post.ID].IsDirect() {
		return ""
	}
	return why
}

func (w *Window) watchOK(r *Reader, it *item) string {
	_, thread := r.Watches.Threads[it.thread.ID]
	section, whole := r.Watches.Sections[it.thread.Section]
	switch {
	case thread:
		return "he watches the thread"
	case whole && section.Level == forum.AllPosts:
		return "he watches the section for all posts"
	case whole && it.opening():
		return "he watches the section for new threads, and this post opens one"
	}
	return fmt.Sprintf("it calls him (%s)", r.Deferred[it.post.ID])
}

func (w *Window) muteReason(r *Reader, it *item) Reason {
	if r.Wishes.Of(it.thread) == Off {
		return ReasonMuted
	}
	return ""
}

func (w *Window) overrideText(r *Reader, it *item) string {
	if c := r.Wishes.Of(it.thread); c != "" {
		return fmt.Sprintf("he wants it (%s)", c)
	}
	return "he has muted neither thread nor section"
}

func (w *Window) readReason(r *Reader, it *item) Reason {
	if r.hasRead(it) && it.post.Author != r.Member.ID { // who wants his own posts has read them all
		return AlreadyRead
	}
	return ""
}

func (w *Window) unreadOK(r *Reader, it *item) string {
	if r.Read == nil {
		return "what he has read on the site is not asked for"
	}
	return "he has not read it on the site"
}

func (w *Window) routeOK(r *Reader, it *item) string {
	if _, owed := r.Deferred[it.post.ID]; owed {
		return "it is owed to him, and tied to this edition"
	}
	return "no alert and no other edition brings it"
}

// duplicateReason lets each post into a reader's editions once. What is owed was not had, wherever it stood.
func (w *Window) duplicateReason(r *Reader, it *item) Reason {
	if _, owed := r.Deferred[it.post.ID]; !owed {
		return r.moveReason(it)
	}
	if it.later != 0 && it.later <= r.Until {
		return Superseded
	}
	return ""
}

func (w *Window) moveOK(_ *Reader, it *item) string {
	if it.MovedFrom != 0 {
		return fmt.Sprintf("it was moved from %s, where he could not have it", w.sectionLabel(it.MovedFrom))
	}
	return "it has not been moved since it was sighted"
}

// HeldUntil is when the reader's wish for a weekly or monthly edition lets a post of the window come; zero where nothing
// holds it.
func (w *Window) HeldUntil(r Reader, post forum.PostID) time.Time {
	i, known := w.byPost[post]
	if !known {
		return time.Time{}
	}
	_, at := r.deferredUntil(&w.items[i])
	return at
}

// AlertCauseNow is the watch for which the reader would be told at once of a post of the window; "" where there is none.
func (w *Window) AlertCauseNow(r Reader, post forum.PostID) AlertCause {
	i, known := w.byPost[post]
	if !known {
		return ""
	}
	return r.watchCause(&w.items[i])
}
