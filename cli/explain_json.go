package cli

import (
	"time"

	"postrider/daemon/explain"
	"postrider/digest"
	"postrider/forum"
)

// memberExplanationJSON is a stable format that scripts read.
type memberExplanationJSON struct {
	Member          memberJSON           `json:"member"`
	Subscribed      bool                 `json:"subscribed"`
	Sections        int                  `json:"watched_sections"`
	Threads         int                  `json:"watched_threads"`
	Digests         string               `json:"digests"`      // when they come
	DigestsFrom     digest.Origin        `json:"digests_from"` // who decided that
	NoDigest        []string             `json:"no_digests"`   // reasons; empty: the member gets digests
	NoAlert         []string             `json:"no_alerts"`
	NoAnnouncement  []string             `json:"no_announcements"`
	Delays          []string             `json:"delays"`
	NoEmailSince    time.Time            `json:"no_email_since,omitzero"`
	PausedUntil     time.Time            `json:"paused_until,omitzero"`
	SuppressedSince time.Time            `json:"suppressed_since,omitzero"`
	SuppressedUntil time.Time            `json:"suppressed_until,omitzero"`
	Suppressed      string               `json:"suppressed,omitempty"` // why
	Consents        []consentJSON        `json:"consents,omitempty"`
	Due             time.Time            `json:"due,omitzero"`
	Posts           int                  `json:"posts"`
	Skipped         string               `json:"skipped,omitempty"`
	Messages        []messageHistoryJSON `json:"messages"`
}

// consentJSON is a subscription that the member confirmed.
type consentJSON struct {
	Address   string    `json:"address"`
	Asked     time.Time `json:"asked_at"`
	Confirmed time.Time `json:"confirmed_at"`
	Sections  []string  `json:"sections"`
	Cadence   string    `json:"cadence"`
	Locale    string    `json:"locale"`
}

// messageHistoryJSON is a message with the result of each attempt.
type messageHistoryJSON struct {
	messageJSON
	Attempts []attemptJSON `json:"outcomes"`
}

func newMemberExplanationJSON(m explain.Member, say phraser) memberExplanationJSON {
	out := memberExplanationJSON{
		Member: memberJSON{int64(m.Member.ID), m.Member.Name, m.Member.Email}, Subscribed: m.Subscribed, Sections: m.Sections, Threads: m.Threads,
		Digests: cadence(m.Schedule), DigestsFrom: m.Origin, NoDigest: say.each(m.NoDigest), NoAlert: say.each(m.NoAlert), NoAnnouncement: say.each(m.NoAnnouncement), Delays: []string{},
		NoEmailSince: m.Member.NoMailSince, PausedUntil: m.Choices.PausedUntil, SuppressedSince: m.Health.SuppressedSince, SuppressedUntil: m.Health.SuppressedUntil, Suppressed: m.Health.Reason,
		Due: m.Due, Posts: m.Posts, Skipped: say(m.Skip.Phrase()), Messages: []messageHistoryJSON{},
	}
	for _, c := range m.Consents {
		out.Consents = append(out.Consents, consentJSON{c.Address, c.Asked, c.Confirmed, c.Sections, string(c.Cadence), c.Locale})
	}
	for _, why := range m.Delays {
		out.Delays = append(out.Delays, say(why))
	}
	for _, mail := range m.Messages {
		message := messageHistoryJSON{newMessageJSON(mail), []attemptJSON{}}
		for _, o := range m.Attempts {
			if o.Key == mail.Key {
				message.Attempts = append(message.Attempts, newAttemptJSON(o))
			}
		}
		out.Messages = append(out.Messages, message)
	}
	return out
}

// postExplanationsJSON is a stable format that scripts read.
type postExplanationsJSON struct {
	Member memberJSON            `json:"member"`
	Posts  []postExplanationJSON `json:"posts"`
}

type postExplanationJSON struct {
	Post     int64              `json:"post"`
	Verdict  explain.PostStatus `json:"verdict"` // sent, waiting, coming, uncertain, left out
	Reason   string             `json:"reason"`
	Mail     string             `json:"message,omitempty"`
	At       time.Time          `json:"at,omitzero"`
	Folded   bool               `json:"folded"`
	Seen     []sightingJSON     `json:"seen"`
	Pending  time.Time          `json:"pending,omitzero"`
	Rules    []ruleJSON         `json:"rules"`
	Alert    string             `json:"alert,omitempty"` // why the member got no alert
	Messages []messageJSON      `json:"messages"`
}

type sightingJSON struct {
	Seq       int64     `json:"seq"`
	At        time.Time `json:"at"`
	Section   int64     `json:"section"` // of several, the first
	AlsoIn    []int64   `json:"also_in,omitempty"`
	MovedFrom int64     `json:"moved_from,omitempty"` // of several, the first
}

type ruleJSON struct {
	Rule   string `json:"rule"`
	Blocks bool   `json:"blocks"`
	Detail string `json:"detail"`
}

func newPostExplanationsJSON(member forum.Member, stories []explain.Post, say phraser) postExplanationsJSON {
	out := postExplanationsJSON{Member: memberJSON{int64(member.ID), member.Name, member.Email}, Posts: []postExplanationJSON{}}
	for _, x := range stories {
		out.Posts = append(out.Posts, newPostExplanationJSON(x, say))
	}
	return out
}

func newPostExplanationJSON(x explain.Post, say phraser) postExplanationJSON {
	out := postExplanationJSON{
		Post: int64(x.Post), Verdict: x.Verdict, Reason: say(x.Reason), Mail: x.Mail, At: x.At, Folded: x.Folded,
		Pending: x.Pending, Alert: say(x.Alert), Seen: []sightingJSON{}, Rules: []ruleJSON{}, Messages: []messageJSON{},
	}
	for _, s := range x.Seen {
		in, from := x.Places.Of(s.Section), x.Places.Of(s.MovedFrom)
		one := sightingJSON{Seq: s.Seq, At: s.At}
		for i, id := range in {
			if i == 0 {
				one.Section = int64(id)
			} else {
				one.AlsoIn = append(one.AlsoIn, int64(id))
			}
		}
		if len(from) > 0 {
			one.MovedFrom = int64(from[0])
		}
		out.Seen = append(out.Seen, one)
	}
	for _, s := range x.RuleResults {
		out.Rules = append(out.Rules, ruleJSON{string(s.Rule), s.Bars, say(s.Says)})
	}
	for _, m := range x.Messages {
		out.Messages = append(out.Messages, newMessageJSON(m))
	}
	return out
}
