package cli

import (
	"time"

	"postrider/daemon/audience"
	"postrider/digest"
	"postrider/store"
)

// draftJSON is the output of announce new --json.
type draftJSON struct {
	ID      int64                 `json:"id"`
	Size    int                   `json:"audience"` // members who would get it now
	Members int                   `json:"members"`  // members evaluated
	LeftOut map[digest.Reason]int `json:"left_out"`
	Sample  []memberJSON          `json:"sample"`
	Unknown []string              `json:"unknown,omitempty"` // list entries that match no member
}

func newDraftJSON(id int64, c audience.Stats, unknown []string) draftJSON {
	out := draftJSON{ID: id, Size: c.Size, Members: c.Members, LeftOut: c.ExcludedByReason, Sample: []memberJSON{}, Unknown: unknown}
	for _, m := range c.Sample {
		out.Sample = append(out.Sample, memberJSON{int64(m.ID), m.Name, m.Email})
	}
	return out
}

// announcementJSON is the output of announce status --json.
type announcementJSON struct {
	ID          int64            `json:"id"`
	Title       string           `json:"title"`
	State       string           `json:"state"`
	Reason      string           `json:"reason,omitempty"`
	Forced      bool             `json:"forced"`
	Speed       int              `json:"speed"` // messages a minute; 0: no limit
	Audience    int              `json:"audience"`
	Total       int              `json:"total"` // expected number of messages
	Sent        int              `json:"sent"`
	Rejected    int              `json:"rejected"`
	Complaints  int              `json:"complaints"`
	Waiting     int              `json:"waiting"`
	Uncertain   int              `json:"uncertain"`
	Expired     int              `json:"expired"`
	Skipped     map[string]int   `json:"skipped"`
	Percent     int              `json:"percent"` // of the audience is settled
	Rest        []restJSON       `json:"rest"`    // why members still wait
	Created     time.Time        `json:"created"`
	Begins      time.Time        `json:"begins,omitzero"`
	Started     time.Time        `json:"started,omitzero"`
	CanaryUntil time.Time        `json:"canary_until,omitzero"`
	Ended       time.Time        `json:"ended,omitzero"`
	Log         []auditEntryJSON `json:"log,omitempty"`
}

type restJSON struct {
	Reason  string `json:"reason"`
	Members int    `json:"members"`
}

type auditEntryJSON struct {
	At     time.Time `json:"at"`
	Actor  string    `json:"actor"`
	Action string    `json:"action"`
	Detail string    `json:"detail,omitempty"`
}

func newAnnouncementJSON(x store.AnnouncementProgress, log []store.AuditEntry) announcementJSON {
	out := announcementJSON{
		ID: x.ID, Title: x.Title(), State: x.State, Reason: x.Reason, Forced: x.Forced, Speed: x.Speed, Audience: x.Size,
		Total: x.Total(), Sent: x.Sent(), Rejected: x.Feedback.Refused, Complaints: x.Feedback.Complaints,
		Waiting: x.Waiting(), Uncertain: x.Progress.States["uncertain"], Expired: x.Progress.States["expired"], Skipped: x.Progress.Skipped,
		Created: x.Created, Begins: x.BeginsAt, Started: x.Started, CanaryUntil: x.CanaryUntil, Ended: x.Ended,
		Percent: x.Percent(), Rest: []restJSON{},
	}
	for _, r := range x.Rests() {
		out.Rest = append(out.Rest, restJSON{string(r.Reason), r.Members})
	}
	for _, e := range log {
		out.Log = append(out.Log, auditEntryJSON{e.At, e.Actor, e.Action, e.Detail})
	}
	return out
}
