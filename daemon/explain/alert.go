package explain

import (
	"fmt"
	"slices"

	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/store"
)

// explainAlert explains a post with an alert that was or will be sent. It returns false if there is none.
func (e *Service) explainAlert(f *memberFacts, x *Post) bool {
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
	x.Mail, x.Reason = m.Key, fmt.Sprintf("alert (%s)", x.Notice.Cause)
	return true
}

// whyNoAlert returns why there was no alert about a post. It is empty if the post could not cause one.
func (e *Service) whyNoAlert(f *memberFacts, x *Post) string {
	switch {
	case x.Notice.LeftOut != "":
		return fmt.Sprintf("%s omitted it: %s", x.Notice.Key, x.Notice.LeftOut)
	case x.Notice.Key != "":
		return x.Notice.Key + " was not delivered" + lastReason(f, x.Notice.Key)
	case len(x.Seen) == 0 || !alertable(x.RuleResults):
		return ""
	}
	if why := e.blockers(f, store.KindAlert); len(why) > 0 {
		return why[0]
	}
	first := x.Seen[0]
	switch {
	case first.At.Sub(first.PostedAt) > settings.AlertMaxAge:
		return "older than one day when it was sighted"
	case f.window.AlertCauseNow(f.reader, x.Post) == "":
		return "no watch requests an alert, and the post does not quote or mention the member"
	case e.set.Alerts.ModeOf(f.choices) == digest.FirstReply:
		return "already alerted about this thread with no visit since, or watched only later"
	}
	return "watched only later, or posted before postrider first ran"
}

// lastReason returns the last reason of a message, if known.
func lastReason(f *memberFacts, key string) string {
	for _, m := range f.mails {
		if m.Key == key && m.Last.Reason != "" {
			return ": " + m.Last.Reason
		}
	}
	return ""
}

// alertable reports whether the post could cause an alert for the member at all.
func alertable(steps []digest.RuleResult) bool {
	for _, s := range steps {
		if s.Bars && (s.Rule == digest.VisibleRule || s.Rule == digest.Readable || s.Rule == digest.Author) {
			return false
		}
	}
	return true
}
