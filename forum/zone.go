package forum

import (
	"strconv"
	"strings"
)

// ZoneName returns the name of a time zone for readers. The tz database names whole-hour offsets with the opposite
// sign, after POSIX: Etc/GMT-9 is nine hours ahead of UTC. This returns "UTC+9" for it.
func ZoneName(iana string) string {
	rest, fixed := strings.CutPrefix(iana, "Etc/")
	if !fixed {
		return iana
	}
	hours, err := strconv.Atoi(strings.TrimPrefix(rest, "GMT"))
	switch {
	case err != nil || hours == 0:
		return "UTC" // Etc/UTC, Etc/Zulu, Etc/GMT ...
	case hours > 0:
		return "UTC-" + strconv.Itoa(hours)
	}
	return "UTC+" + strconv.Itoa(-hours)
}

// ZoneNamed returns the IANA name of a zone as ZoneName writes it.
func ZoneNamed(name string) string {
	rest, found := strings.CutPrefix(strings.ToUpper(strings.ReplaceAll(name, " ", "")), "UTC")
	if !found {
		rest, found = strings.CutPrefix(strings.ToUpper(strings.ReplaceAll(name, " ", "")), "GMT")
	}
	hours, err := strconv.Atoi(rest)
	if !found || err != nil || hours < -12 || hours > 14 || rest[0] != '+' && rest[0] != '-' {
		return name
	}
	switch {
	case hours == 0:
		return "UTC"
	case hours > 0:
		return "Etc/GMT-" + strconv.Itoa(hours)
	}
	return "Etc/GMT+" + strconv.Itoa(-hours)
}
