package source

import "testing"

func TestFluxbbZone_RoundsToQuarters(t *testing.T) {
	for stored, want := range map[string]string{"12.8 0": "Pacific/Chatham", "12.800000190734863 0": "Pacific/Chatham", "5.8 0": "Asia/Kathmandu", "-3.5 1": "America/St_Johns", "1 1": "Etc/GMT-2", "x 0": ""} {
		if got := fluxbbZone(stored); got != want {
			t.Errorf("zone %q = %q, want %q", stored, got, want)
		}
	}
}
