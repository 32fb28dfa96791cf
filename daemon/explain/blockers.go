package explain

import (
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/internal/addr"
	"postrider/store"
)

// blockers returns the reasons that block all messages of a kind to the member, in the order of the checks.
func (e *Service) blockers(f *memberFacts, kind string) (list []digest.Reason) {
	add := func(blocked bool, why digest.Reason) {
		if blocked {
			list = append(list, why)
		}
	}
	kinds := map[string]forum.Kinds{store.KindDigest: forum.Digests, store.KindAlert: forum.Alerts}
	forbidden := f.choices.NoEmailReason(f.member, kinds[kind])
	add(forbidden != "", digest.Reason(forbidden))
	if kind == store.KindDigest {
		off := e.digestsOff(f)
		add(off != "", off)
		add(off == "" && !f.rehearsal.Watches, digest.ReasonNotSubscribed)
	}
	if kind == store.KindAlert {
		add(!e.set.Alerts.Enabled, digest.ReasonAlertsDisabled)
		add(f.choices.Alerts == digest.NoAlerts, digest.ReasonAlertsOff)
	}
	add(f.choices.PausedUntil.After(f.now), digest.ReasonPaused)
	why := e.addressBlocked(f, f.now)
	add(why != "", why)
	return list
}

// announcementBlockers returns the reasons that block an announcement to all members.
func (e *Service) announcementBlockers(f *memberFacts) (list []digest.Reason) {
	toAll := digest.Announcement{}
	if why := toAll.ExclusionReason(&digest.Candidate{Member: f.member, Choices: f.choices}, f.now); why != "" {
		list = append(list, why)
	}
	if why := e.addressBlocked(f, f.now); why != "" {
		list = append(list, why)
	}
	return list
}

// digestsOff returns why the member gets no digests at all: they turned them off, or the configuration has them off. What they turned
// off on the forum is an opt-out.
func (e *Service) digestsOff(f *memberFacts) digest.Reason {
	s, origin := e.schedule(f)
	switch {
	case s.Cadence != digest.Off:
		return ""
	case origin == digest.FromMember, origin == digest.FromAdmin:
		return digest.ReasonDigestsOff
	case origin == digest.FromSite:
		return digest.ReasonDigestsDisabled
	}
	return ""
}

// schedule returns the schedule of the member's digests, and who decided it.
func (e *Service) schedule(f *memberFacts) (digest.Schedule, digest.Origin) {
	return f.choices.DigestSchedule(f.member.Digests, e.set.Digest.Schedule(), f.reader.Zone, f.now)
}

// addressBlocked returns why the member's address would get no message at a time.
func (e *Service) addressBlocked(f *memberFacts, at time.Time) digest.Reason {
	switch {
	case f.health.Suppressed(at):
		return store.SuppressionReason(f.health.Health)
	}
	return digest.Reason(e.set.Delivery.Blocked(f.member, f.groups, e.links.Percentile(int64(f.member.ID))))
}

// delayReasons returns why digests and alerts that could be sent are waiting.
func (e *Service) delayReasons(f *memberFacts) (list []digest.Phrase) {
	if f.paused {
		list = append(list, digest.NewPhrase("delivery_paused"))
	}
	for _, h := range f.holds {
		if h.Key() == (store.HoldKey{Relay: store.SharedRelay, Domain: addr.Domain(f.member.Email)}) {
			list = append(list, digest.NewPhrase("domain_on_hold", "domain", h.Domain, "time", h.Until.Format(time.RFC3339), "reason", digest.Reason(h.Reason)))
		}
	}
	return list
}
