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
		{"in the first round a slot within the first window is due immediately", store.Subscriber{}, false, true, "UTC", "2026-05-04T08:00:00Z", 0},
		{"in any zone", store.Subscriber{}, false, true, "Pacific/Auckland", "2026-05-03T20:00:00Z", 0},
		{"a member with a later first watch waits for the next hour", store.Subscriber{}, false, false, "UTC", eight, 50},
		{"a returning member does not get missed posts", store.Subscriber{Gone: true, CoveredSeq: 9}, true, false, "UTC", eight, 50},
		{"nor does a member whose digests were off", store.Subscriber{CoveredSeq: 9}, true, false, "UTC", eight, 50},
		{"after a zone change the member is due in the new zone", store.Subscriber{CoveredSeq: 9, Due: at(eight), Zone: "UTC"}, true, false, "Asia/Tokyo", "2026-05-04T23:00:00Z", 9},
		{"a member who is due now stays due", store.Subscriber{CoveredSeq: 9, Due: noon.Add(-time.Hour), Zone: "UTC"}, true, false, "UTC", "2026-05-04T11:00:00Z", 9},
		{"a member with a chosen hour keeps it", store.Subscriber{CoveredSeq: 9, Due: at(eight), Schedule: &digest.Schedule{Cadence: digest.Daily, Hour: 20}}, true, false, "UTC", "2026-05-04T20:00:00Z", 9},
		{"a member without digests is never due", store.Subscriber{CoveredSeq: 9, Schedule: &digest.Schedule{Cadence: digest.Off}}, true, false, "UTC", "", 9},
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
				t.Errorf("due %v, covered sequence %d, gone %v; want %v, %d, false", got.Due.UTC(), got.CoveredSeq, got.Gone, want, tt.mark)
			}
			if got.ID != 42 || got.Zone != tt.zone {
				t.Errorf("subscriber = %+v", got)
			}
		})
	}
}
