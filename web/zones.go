package web

import (
	_ "embed"
	"strings"
)

//go:embed zones.txt
var zoneFile string

// suggestedZones are the time zones that the settings suggest. Members may enter any other.
func suggestedZones() []string {
	var list []string
	for line := range strings.Lines(zoneFile) {
		if name := strings.TrimSpace(line); name != "" && !strings.HasPrefix(name, "#") {
			list = append(list, name)
		}
	}
	return list
}
