package config

import (
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Entry is a key with its effective value, without secrets.
type Entry struct {
	Key    string // "smtp.url"
	Value  string
	Set    bool // differs from the default
	Hidden bool // a secret that is set; Value is empty
}

// Entries returns all keys, table by table in the order of the example.
func (c Config) Entries() []Entry {
	list := c.rawEntries()
	secret := make(map[string]bool)
	for _, s := range c.secrets() {
		secret[s.key] = true
	}
	for i, e := range list {
		switch {
		case strings.HasSuffix(e.Key, ".dsn"):
			list[i].Value = withoutPassword(e.Value)
		case secret[e.Key]:
			list[i].Value, list[i].Hidden = "", e.Value != ""
		case e.Key == "alarms.webhook": // the path of a webhook often contains a secret
			list[i].Value = hostOf(e.Value)
		default:
			list[i].Value = withoutPassword(e.Value)
		}
	}
	return list
}

// rawEntries returns all keys with their values, secrets too.
func (c Config) rawEntries() []Entry {
	defaults := Default()
	defaults.Forum.URL = c.Forum.URL
	defaults.fillIn() // the defaults that depend on the forum's URL
	defaults.Forum.URL = ""
	var list []Entry
	collectEntries(reflect.ValueOf(c), reflect.ValueOf(defaults), "", &list)
	return list
}

// collectEntries appends the keys of a table and of its subtables.
func collectEntries(v, defaults reflect.Value, prefix string, list *[]Entry) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, tagged := f.Tag.Lookup("toml")
		switch {
		case f.Anonymous && !tagged:
			collectEntries(v.Field(i), defaults.Field(i), prefix, list)
		case name == "-" || !tagged:
		case f.Type.Kind() == reflect.Struct:
			collectEntries(v.Field(i), defaults.Field(i), prefix+name+".", list)
		default:
			have := formatValue(v.Field(i).Interface())
			*list = append(*list, Entry{Key: prefix + name, Value: have, Set: have != formatValue(defaults.Field(i).Interface())})
		}
	}
}

// formatValue formats a value much like the file does.
func formatValue(v any) string {
	switch v := v.(type) {
	case time.Duration:
		text := strings.TrimSuffix(v.String(), "m0s") // 24h0m0s, 1h30m0s, 5m0s
		if len(text) < len(v.String()) {
			text += "m"
		}
		if short, whole := strings.CutSuffix(text, "h0m"); whole {
			text = short + "h"
		}
		return text
	case []string:
		return strings.Join(v, ", ")
	case map[string]float64:
		var pairs []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			pairs = append(pairs, fmt.Sprintf("%s = %v", key, v[key]))
		}
		return strings.Join(pairs, ", ")
	}
	return fmt.Sprint(v)
}

// withoutPassword removes the password from a URL, and the parameters, because they may contain a password too.
func withoutPassword(text string) string {
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		return text
	}
	user, host := "", rest
	if at := strings.LastIndexByte(rest, '@'); at >= 0 { // the last one: a password may contain "@" or "/"
		user, host = rest[:at], rest[at:]
		if name, _, hasPassword := strings.Cut(user, ":"); hasPassword {
			user = name + ":…"
		}
	}
	host, _, _ = strings.Cut(host, "?")
	return scheme + "://" + user + host
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host + "/…"
}
