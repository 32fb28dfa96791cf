package daemon

import (
	"testing"
	"time"

	"postrider/daemon/calendar"
	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func TestUpdateSubscriber_EveryCase(t *testing.T) {
	at := func(s string) time.Time {
		when, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	eight := "2026-05-05T08:00:00Z" // the next slot after noon
	tests := []struct {
		name  string
		was   store.Subscriber
		known bool
		first bool
		zone  string
		due   string
		mark  int64
	}{
		{"on the very first round a slot of the first window is due at once", store.Subscriber{}, false, true, "UTC", "2026-05-04T08:00:00Z", 0},
		{"whatever the zone", store.Subscriber{}, false, true, "Pacific/Auckland", "2026-05-03T20:00:00Z", 0},
		{"a member who begins to watch later waits for his hour", store.Subscriber{}, false, false, "UTC", eight, 50},
		{"one who comes back is not told what he missed", store.Subscriber{Gone: true, CoveredSeq: 9}, true, false, "UTC", eight, 50},
		{"one who was off until now neither", store.Subscriber{CoveredSeq: 9}, true, false, "UTC", eight, 50},
		{"one whose zone changes is due by his new clock", store.Subscriber{CoveredSeq: 9, Due: at(eight), Zone: "UTC"}, true, false, "Asia/Tokyo", "2026-05-04T23:00:00Z", 9},
		{"one who is due now stays due", store.Subscriber{CoveredSeq: 9, Due: noon.Add(-time.Hour), Zone: "UTC"}, true, false, "UTC", "2026-05-04T11:00:00Z", 9},
		{"one who has his own hour keeps it", store.Subscriber{CoveredSeq: 9, Due: at(eight), Schedule: &digest.Schedule{Cadence: digest.Daily, Hour: 20}}, true, false, "UTC", "2026-05-04T20:00:00Z", 9},
		{"one who wants none is never due", store.Subscriber{CoveredSeq: 9, Schedule: &digest.Schedule{Cadence: digest.Off}}, true, false, "UTC", "", 9},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := &base{settings: settings.Settings{Digest: settings.DefaultDigest()}}
			b.calendar = calendar.New(b.settings.Digest, calendar.NewZones("UTC"))
			got := (&subscriberSync{b}).updateSubscriber(tt.was, tt.known, forum.Member{ID: 42, Zone: tt.zone}, noon, 50, tt.first)
			want := time.Time{}
			if tt.due != "" {
				want = at(tt.due)
			}
			if !got.Due.Equal(want) || got.CoveredSeq != tt.mark || got.Gone {
				t.Errorf("due %v, mark %d, left %v; want %v, %d, false", got.Due.UTC(), got.CoveredSeq, got.Gone, want, tt.mark)
			}
			if got.ID != 42 || got.Zone != tt.zone {
				t.Errorf("entry is %+v", got)
			}
		})
	}
}
