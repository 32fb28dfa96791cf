package bounce

import (
	"testing"
	"time"
)

var monday = time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)

// days returns the time n days after monday.
func days(n float64) time.Time { return monday.Add(time.Duration(n * float64(day))) }

func TestHealth_SuppressesAtThreshold(t *testing.T) {
	type event struct {
		after    float64 // days
		class    Class
		accepted int // messages delivered before it
	}
	for _, tt := range []struct {
		name   string
		events []event
		want   float64 // first day of the suppression; -1: none
	}{
		{"an unknown user immediately", []event{{0, ClassUnknownUser, 0}}, 0},
		{"unspecified rejections on one day are not enough", []event{{0, ClassUnspecified, 0}, {0.1, ClassUnspecified, 0}, {0.2, ClassDisabled, 0}}, -1},
		{"unspecified rejections on two days are", []event{{0, ClassUnspecified, 0}, {1, ClassUnspecified, 0}}, 1},
		{"a full mailbox counts once a day", []event{{0, ClassMailboxFull, 0}, {0.1, ClassMailboxFull, 0}, {0.2, ClassMailboxFull, 0}, {0.3, ClassMailboxFull, 0}, {0.4, ClassMailboxFull, 0}}, -1},
		{"a mailbox that is full on four days", []event{{0, ClassMailboxFull, 0}, {1, ClassMailboxFull, 0}, {2, ClassMailboxFull, 0}, {3, ClassMailboxFull, 0}}, 3},
		{"of two bounces on one day, the greater counts", []event{{0, ClassMailboxFull, 0}, {0.1, ClassUnspecified, 0}, {1, ClassMailboxFull, 0}}, -1},
		{"a delivered message reduces the score", []event{{0, ClassUnspecified, 0}, {1, ClassUnspecified, 1}}, -1},
		{"twenty delivered messages subtract two points", []event{{0, ClassUnspecified, 0}, {10, ClassUnspecified, 20}, {11, ClassMailboxFull, 0}}, -1},
		{"policy never counts", []event{{0, ClassPolicy, 0}, {1, ClassPolicy, 0}, {2, ClassPolicy, 0}, {3, ClassPolicy, 0}, {4, ClassPolicy, 0}, {5, ClassPolicy, 0}}, -1},
		{"content never counts", []event{{0, ClassContent, 0}, {1, ClassContent, 0}, {2, ClassContent, 0}, {3, ClassContent, 0}, {4, ClassContent, 0}}, -1},
		{"unknown reasons never count", []event{{0, ClassUnknown, 0}, {1, ClassUnknown, 0}, {2, ClassUnknown, 0}, {3, ClassUnknown, 0}, {4, ClassUnknown, 0}}, -1},
		{"a domain missing for two days does not count", []event{{0, ClassDomainNotFound, 0}, {1, ClassDomainNotFound, 0}, {2, ClassDomainNotFound, 0}}, -1},
		{"a domain missing for three days counts", []event{{0, ClassDomainNotFound, 0}, {1, ClassDomainNotFound, 0}, {3, ClassDomainNotFound, 0}}, 3},
		{"a domain found in between restarts the count", []event{{0, ClassDomainNotFound, 0}, {2, ClassMailboxFull, 0}, {3, ClassDomainNotFound, 0}}, -1},
		{"after thirty days the score is reset", []event{{0, ClassUnspecified, 0}, {31, ClassUnspecified, 0}}, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var h Health
			since := -1.0
			for _, e := range tt.events {
				h = h.RecordDelivered(e.accepted).RecordBounce(e.class, days(e.after), "no such user")
				if h.Suppressed(days(e.after)) && since < 0 {
					since = e.after
				}
			}
			if since != tt.want {
				t.Errorf("suppressed from day %v, want %v; %+v", since, tt.want, h)
			}
		})
	}
}

func TestHealth_EndsAutomaticSuppressionAfterThirtyDays(t *testing.T) {
	h := Health{}.RecordBounce(ClassUnknownUser, days(0), "no such user").RecordBounce(ClassUnknownUser, days(5), "still no such user")
	if h.Reason != "no such user" || !h.SuppressedSince.Equal(days(0)) {
		t.Errorf("suppressed since %v because of %q, want day 0 and the first reason", h.SuppressedSince, h.Reason)
	}
	if !h.Suppressed(days(34.9)) || h.Suppressed(days(35)) {
		t.Errorf("suppressed until %v, want day 35", h.SuppressedUntil)
	}
	if later := h.RecordBounce(ClassMailboxFull, days(40), ""); later.Suppressed(days(40)) || later.Score != softPoints {
		t.Errorf("health after a later bounce = %+v, want a new score", later)
	}
	h = Health{SuppressedSince: days(0), Reason: "requested by the member"}
	if after := h.RecordBounce(ClassUnknownUser, days(1), "no such user"); after != h || !after.Suppressed(days(900)) {
		t.Errorf("manual suppression became %+v, want it unchanged", after)
	}
}

func TestCohort_BlamesDomainThatRejectsMost(t *testing.T) {
	for _, tt := range []struct {
		domain          string
		refused, handed int
		want            bool
	}{
		{"example.org", 9, 9, false}, {"example.org", 10, 10, true}, {"example.org", 10, 19, true}, {"example.org", 10, 20, false},
		{"example.org", 500, 600, true}, {"example.org", 500, 20_000, false},
		// The relay of a small forum.
		{"", 2, 2, false}, {"", 3, 3, true}, {"", 6, 6, true}, {"", 6, 7, false}, {"", 10, 19, true},
	} {
		if got := (Cohort{Domain: tt.domain, Refused: tt.refused, Handed: tt.handed}).DomainAtFault(); got != tt.want {
			t.Errorf("%d of %d rejected by %q: at fault %v, want %v", tt.refused, tt.handed, tt.domain, got, tt.want)
		}
	}
}

func TestNextHold_DoublesUpToLimit(t *testing.T) {
	for last, want := range map[time.Duration]time.Duration{
		0: 15 * time.Minute, 15 * time.Minute: 30 * time.Minute, 4 * time.Hour: 8 * time.Hour, 8 * time.Hour: 8 * time.Hour, time.Second: 15 * time.Minute,
	} {
		if got := NextHold(last); got != want {
			t.Errorf("after %v: %v, want %v", last, got, want)
		}
	}
}
