package config

import (
	"slices"
	"strings"
)

// restartKeys are the keys that a running daemon cannot change: they name its databases and its sockets.
func (c *Config) restartKeys() []struct {
	name  string
	value *string
} {
	return []struct {
		name  string
		value *string
	}{
		{"forum.type", &c.Forum.Type}, {"forum.dsn", &c.Forum.DSN}, {"store.dsn", &c.Store.DSN}, {"web.listen", &c.Web.Listen},
		{"admin.listen", &c.Admin.Listen}, {"metrics.listen", &c.Metrics.Listen}, {"bounces.listen", &c.Bounces.Listen},
	}
}

// KeepUntilRestart sets the keys that need a restart back to their values in old. It returns those that differ.
func (c *Config) KeepUntilRestart(old Config) (differ []string) {
	before := old.restartKeys()
	for i, key := range c.restartKeys() {
		if *key.value != *before[i].value {
			differ = append(differ, key.name)
			*key.value = *before[i].value
		}
	}
	return differ
}

// Changed returns the keys whose values differ from old.
func (c Config) Changed(old Config) (keys []string) {
	before := old.rawEntries()
	for i, e := range c.rawEntries() {
		if e.Value != before[i].Value {
			keys = append(keys, e.Key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Shared returns the keys, with their values, that must be the same in all daemons on one store: each of them plans digests for all
// members.
func (c Config) Shared() map[string]string {
	shared := make(map[string]string)
	for _, e := range c.rawEntries() {
		if strings.HasPrefix(e.Key, "digest.") {
			shared[e.Key] = e.Value
		}
	}
	return shared
}
