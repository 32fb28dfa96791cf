package cli

import (
	"time"

	"postrider/daemon/audience"
	"postrider/digest"
	"postrider/store"
)

// draftJSON is what announce new prints for scripts.
type draftJSON struct {
	ID      int64                 `json:"id"`
	Size    int                   `json:"audience"` // who would be mailed now
	Members int                   `json:"members"`  // who were looked at
	LeftOut map[digest.Reason]int `json:"left_out"`
	Sample  []memberJSON          `json:"sample"`
	Unknown []string              `json:"unknown,omitempty"` // entries of lists that name no member
}

func newDraftJSON(id int64, c audience.Stats, unknown []string) draftJSON {
	out := draftJSON{ID: id, Size: c.Size, Members: c.Members, LeftOut: c.ExcludedByReason, Sample: []memberJSON{}, Unknown: unknown}
	for _, m := range c.Sample {
		out.Sample = append(out.Sample, memberJSON{int64(m.ID), m.Name, m.Email})
	}
	return out
}

// announcementJSON is what announce status prints for scripts.
type announcementJSON struct {
	ID          int64          `json:"id"`
	Title       string         `json:"title"`
	State       string         `json:"state"`
	Reason      string         `json:"reason,omitempty"`
	Forced      bool           `json:"forced"`
	Speed       int            `json:"speed"` // mails a minute; 0: as fast as the relay takes them
	Audience    int            `json:"audience"`
	Total       int            `json:"total"` // mails there are to be, as far as is known
	Sent        int            `json:"sent"`
	Refused     int            `json:"refused"`
	Complaints  int            `json:"complaints"`
	Waiting     int            `json:"waiting"`
	Uncertain   int            `json:"uncertain"`
	Expired     int            `json:"expired"`
	Skipped     map[string]int `json:"skipped"`
	Created     time.Time      `json:"created"`
	Begins      time.Time      `json:"begins,omitzero"`
	Started     time.Time      `json:"started,omitzero"`
	CanaryUntil time.Time      `json:"canary_until,omitzero"`
	Ended       time.Time      `json:"ended,omitzero"`
	Log         []entryJSON    `json:"log,omitempty"`
}

type entryJSON struct {
	At     time.Time `json:"at"`
	Actor  string    `json:"actor"`
	Action string    `json:"action"`
	Detail string    `json:"detail,omitempty"`
}

func newAnnouncementJSON(x store.AnnouncementProgress, log []store.AuditEntry) announcementJSON {
	out := announcementJSON{
		ID: x.ID, Title: x.Title(), State: x.State, Reason: x.Reason, Forced: x.Forced, Speed: x.Speed, Audience: x.Size,
		Total: x.Total(), Sent: x.Sent(), Refused: x.Feedback.Refused, Complaints: x.Feedback.Complaints,
		Waiting: x.Waiting(), Uncertain: x.Progress.States["uncertain"], Expired: x.Progress.States["expired"], Skipped: x.Progress.Skipped,
		Created: x.Created, Begins: x.BeginsAt, Started: x.Started, CanaryUntil: x.CanaryUntil, Ended: x.Ended,
	}
	for _, e := range log {
		out.Log = append(out.Log, entryJSON{e.At, e.Actor, e.Action, e.Detail})
	}
	return out
}
