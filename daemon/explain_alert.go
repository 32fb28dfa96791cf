package daemon

import (
	"fmt"
	"slices"

	"postrider/digest"
	"postrider/store"
)

// explainAlert tells of a post of which the member was or will be told at once.
func (e *Explainer) explainAlert(f *memberFacts, x *PostExplanation) bool {
	i := slices.IndexFunc(f.mails, func(m store.Mail) bool { return m.Key == x.Notice.Key })
	if i < 0 {
		return false
	}
	m := f.mails[i]
	x.Mails = append(x.Mails, m)
	switch {
	case x.Notice.LeftOut != "":
		return false
	case m.State == store.StateAccepted:
		x.Verdict, x.At = Sent, m.Settled
	case pending(m):
		x.Verdict, x.At = Waiting, m.NotBefore
	default:
		return false
	}
	x.Mail, x.Reason = m.Key, fmt.Sprintf("told at once (%s)", x.Notice.Cause)
	return true
}

// whyNoAlert is why the member was not told of a post at once; empty where nobody would ask.
func (e *Explainer) whyNoAlert(f *memberFacts, x *PostExplanation) string {
	switch {
	case x.Notice.LeftOut != "":
		return fmt.Sprintf("%s went without it: %s", x.Notice.Key, x.Notice.LeftOut)
	case x.Notice.Key != "":
		return x.Notice.Key + " came to nothing" + lastReason(f, x.Notice.Key)
	case len(x.Seen) == 0 || !alertable(x.RuleResults):
		return ""
	}
	if why := e.blockers(f, store.KindAlert); len(why) > 0 {
		return why[0]
	}
	first := x.Seen[0]
	switch {
	case first.At.Sub(first.PostedAt) > alertMaxAge:
		return "it was older than a day when it was sighted"
	case f.window.AlertCauseNow(f.reader, x.Post) == "":
		return "nothing that he watches asks for mail of it at once, and it was not found to quote or mention him"
	case e.set.Alerts.mode(f.choices) == digest.FirstReply:
		return "he was told of its thread before and has not been back since, or began to watch it later"
	}
	return "he began to watch it later, or it is from before postrider ran"
}

// lastReason is what is known of the end of a mail.
func lastReason(f *memberFacts, key string) string {
	for _, m := range f.mails {
		if m.Key == key && m.Last.Reason != "" {
			return ": " + m.Last.Reason
		}
	}
	return ""
}

// alertable tells whether a post is one that the member could be told of at all.
func alertable(steps []digest.RuleResult) bool {
	for _, s := range steps {
		if s.Bars && (s.Rule == digest.VisibleRule || s.Rule == digest.Readable || s.Rule == digest.Author) {
			return false
		}
	}
	return true
}
