package digest

import (
	"testing"
	"time"
)

func TestNext_EveryTwoWeeksKeepsItsDistanceOverNewYear(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for day := time.Monday; day <= time.Saturday; day++ {
		s := Schedule{Cadence: EveryTwoWeeks, Hour: 8, Weekday: day}
		if err := s.Validate(); err != nil {
			t.Fatal(err)
		}
		at := time.Date(2026, 11, 1, 0, 0, 0, 0, zone)
		var before Slot
		for range 30 { // through the 53 weeks of 2026
			slot, ok := s.Next(zone, at)
			if !ok || slot.At.Weekday() != day || slot.At.Hour() != 8 {
				t.Fatalf("slot %+v, want a %s at 8:00", slot, day)
			}
			if back, _ := s.Last(zone, slot.At); back != slot {
				t.Errorf("the last slot at %v is %v", slot.At, back.At)
			}
			if want := before.At.AddDate(0, 0, 14); !before.At.IsZero() && !slot.At.Equal(want) {
				t.Errorf("%v comes after %v, want %v", slot.At, before.At, want)
			}
			before, at = slot, slot.At
		}
	}
}
