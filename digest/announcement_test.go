package digest

import (
	"testing"
	"time"

	"postrider/forum"
)

func TestCanary_SizeIsTheShareButAtLeastTwenty(t *testing.T) {
	for _, tt := range []struct {
		share    float64
		audience int
		want     int
	}{
		{0.01, 1_000_000, 10_000}, {0.01, 5001, 51}, {0.01, 500, 20}, {0.01, 21, 20},
		{0.01, 20, 0}, // otherwise it would be the whole audience
		{0.01, 0, 0}, {0, 1000, 0}, {1, 1000, 0}, {0.5, 1000, 500},
	} {
		if got := (Canary{Share: tt.share}).Size(tt.audience); got != tt.want {
			t.Errorf("%v of %d is %d, want %d", tt.share, tt.audience, got, tt.want)
		}
	}
}

func TestCanary_SamplesTheWholeAudience(t *testing.T) {
	c := Canary{Share: 0.01}
	for _, audience := range []int{100, 5000, 200_000} {
		for announcement := int64(1); announcement <= 20; announcement++ {
			sampled, old := 0, 0
			for id := range audience {
				if c.Includes(announcement, forum.MemberID(id+1), audience) {
					sampled++
					if id < audience/2 {
						old++
					}
				}
			}
			size := c.Size(audience)
			if sampled < size || sampled > 3*size {
				t.Errorf("announcement %d samples %d of %d, want %d or slightly more", announcement, sampled, audience, size)
			}
			if old < sampled/5 || old > sampled*4/5 {
				t.Errorf("announcement %d samples %d of %d from the older half", announcement, old, sampled)
			}
		}
	}
}

func TestAnnouncement_IsDueAtTheLocalHour(t *testing.T) {
	for _, tt := range []struct{ name, at, zone, want string }{
		{"at eight in Berlin", "2026-12-24T08:00:00Z", "Europe/Berlin", "2026-12-24T07:00:00Z"},
		{"at eight in Auckland, which is the day before in UTC", "2026-12-24T08:00:00Z", "Pacific/Auckland", "2026-12-23T19:00:00Z"},
		{"at eight in Los Angeles", "2026-12-24T08:00:00Z", "America/Los_Angeles", "2026-12-24T16:00:00Z"},
		{"in the hour skipped in spring", "2026-03-29T02:00:00Z", "Europe/Berlin", "2026-03-29T01:00:00Z"},
		{"in the hour repeated in autumn", "2026-10-25T02:00:00Z", "Europe/Berlin", "2026-10-25T00:00:00Z"},
		{"on a day that Samoa skipped", "2011-12-30T08:00:00Z", "Pacific/Apia", "2011-12-30T18:00:00Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			zone, err := time.LoadLocation(tt.zone)
			if err != nil {
				t.Fatal(err)
			}
			at, err := time.Parse(time.RFC3339, tt.at)
			if err != nil {
				t.Fatal(err)
			}
			a := Announcement{Start: Start{At: at, Local: true}}
			if got := a.Due(zone).UTC().Format(time.RFC3339); got != tt.want {
				t.Errorf("due at %s, want %s", got, tt.want)
			}
			if a.StartTime().After(a.Due(zone)) {
				t.Errorf("starts at %v, after %v", a.StartTime(), a.Due(zone))
			}
			a.Start.Local = false
			if got := a.Due(zone); !got.Equal(at) {
				t.Errorf("without local hours it is due at %v", got)
			}
		})
	}
}

func TestCanary_EndsBeforeTheFirstLocalHour(t *testing.T) {
	a := Announcement{Start: Start{At: noon, Local: true}, Canary: Canary{Share: 0.01, Wait: time.Hour}}
	kiritimati := time.FixedZone("", 14*3600)
	if got, first := a.StartTime().Add(a.Canary.Wait), a.Due(kiritimati); !got.Before(first) {
		t.Errorf("the canary ends at %v, the first local hour is %v", got, first)
	}
}
