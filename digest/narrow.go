package digest

import (
	"maps"

	"postrider/forum"
)

// Narrow returns what the member watches as far as they want it here: with new threads only, no watch of a section asks for replies.
// Threads that they watch still bring them.
func (c Preferences) Narrow(w forum.Watches) forum.Watches {
	if c.NewThreadsOnly == nil || !*c.NewThreadsOnly {
		return w
	}
	w.Sections = maps.Clone(w.Sections)
	for id, watch := range w.Sections {
		watch.Level, watch.Mail = min(watch.Level, forum.NewThreads), min(watch.Mail, forum.NewThreads)
		w.Sections[id] = watch
	}
	return w
}
