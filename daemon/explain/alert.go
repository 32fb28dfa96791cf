package explain

import (
	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/store"
)

// whyNoAlert returns why there was no alert about a post. It is empty if the post could not cause one.
func (e *Service) whyNoAlert(f *memberFacts, x *Post) digest.Phrase {
	switch {
	case x.Notice.LeftOut != "":
		return digest.NewPhrase("alert_omitted", "key", x.Notice.Key, "reason", x.Notice.LeftOut)
	case x.Notice.Key != "":
		return alertNotDelivered(f, x.Notice.Key)
	case len(x.Seen) == 0 || !alertable(x.RuleResults):
		return digest.Phrase{}
	}
	if why := e.blockers(f, store.KindAlert); len(why) > 0 {
		return why[0].Phrase()
	}
	first := x.Seen[0]
	cause := f.window.AlertCauseNow(f.reader, x.Post)
	switch {
	case first.At.Sub(first.PostedAt) > settings.AlertMaxAge:
		return digest.NewPhrase("alert_too_old")
	case late(first):
		return digest.NewPhrase("alert_late")
	case cause == "" && e.unasked(f):
		return digest.NewPhrase("alert_watches_nothing")
	case cause == "":
		return digest.NewPhrase("alert_not_requested")
	case cameByMove(x.Seen, cause):
		return digest.NewPhrase("alert_moved")
	case e.set.Alerts.ModeOf(f.choices) == digest.FirstReply:
		return digest.NewPhrase("alert_no_visit_since")
	}
	return digest.NewPhrase("alert_watched_later")
}

// unasked reports whether the member watches nothing, on a site that then sends nothing about quotes and mentions.
func (e *Service) unasked(f *memberFacts) bool {
	return len(f.reader.Watches.Sections)+len(f.reader.Watches.Threads) == 0 &&
		!e.set.Notify.AlertsUnwatched(e.forum.MailsDirect()) && !f.choices.AsksFor(digest.Quotes) && !f.choices.AsksFor(digest.Mentions)
}

// cameByMove reports whether a post was not yet, when it was new, in what the cause is about: then it has no alert.
func cameByMove(seen []store.SightingRecord, cause digest.AlertCause) bool {
	first, last := seen[0], seen[len(seen)-1]
	return last.MovedFrom != 0 && (cause == digest.SectionWatched || cause == digest.ThreadWatched && last.Thread != first.Thread)
}

// late reports whether a post was late when it was sighted, so that it may have been left to the digest.
func late(x store.SightingRecord) bool {
	return x.Sighting().VisibleSince.IsZero() && x.At.Sub(x.PostedAt) > settings.AlertLateAge
}

// alertNotDelivered describes an alert that was not delivered, with the last reason if it is known.
func alertNotDelivered(f *memberFacts, key string) digest.Phrase {
	for _, m := range f.messages {
		if m.Key == key && m.Last.Reason != "" {
			return digest.NewPhrase("alert_not_delivered_because", "key", key, "reason", digest.Reason(m.Last.Reason))
		}
	}
	return digest.NewPhrase("alert_not_delivered", "key", key)
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
