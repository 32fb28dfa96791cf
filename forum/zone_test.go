package forum

import "testing"

func TestZoneName_H08(t *testing.T) {
	for iana, want := range map[string]string{
		"Etc/GMT-9": "UTC+9", "Etc/GMT+4": "UTC-4", "Etc/GMT-14": "UTC+14", "Etc/GMT": "UTC", "Etc/GMT+0": "UTC", "Etc/UTC": "UTC", "UTC": "UTC",
		"Europe/Berlin": "Europe/Berlin", "GMT": "GMT",
	} {
		if got := ZoneName(iana); got != want {
			t.Errorf("ZoneName(%q) = %q, want %q", iana, got, want)
		}
	}
	for name, want := range map[string]string{
		"UTC+9": "Etc/GMT-9", "utc -4": "Etc/GMT+4", "GMT+9": "Etc/GMT-9", "UTC": "UTC", "UTC+0": "UTC", "UTC+15": "UTC+15", "UTC9": "UTC9", "Europe/Berlin": "Europe/Berlin", "": "",
	} {
		if got := ZoneNamed(name); got != want {
			t.Errorf("ZoneNamed(%q) = %q, want %q", name, got, want)
		}
	}
}
