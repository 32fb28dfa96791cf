package config

import (
	"reflect"
	"strings"

	"postrider/internal/nearest"
)

// keys returns every valid key, as "table.key", with its Go type.
func keys() map[string]reflect.Type {
	found := make(map[string]reflect.Type)
	collectKeys(reflect.TypeFor[Config](), "", found)
	return found
}

func collectKeys(t reflect.Type, prefix string, found map[string]reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, tagged := f.Tag.Lookup("toml")
		switch {
		case f.Anonymous && !tagged:
			collectKeys(f.Type, prefix, found)
		case name == "-" || !tagged:
		case f.Type.Kind() == reflect.Struct:
			collectKeys(f.Type, prefix+name+".", found)
		default:
			found[prefix+name] = f.Type
		}
	}
}

// nearestKey returns the known key that a mistyped one most likely means, or "".
func nearestKey(key string) string {
	best, least := "", len(key)/2+1
	for known := range keys() {
		d := min(nearest.Distance(key, known), nearest.Distance(lastPart(key), lastPart(known))+1)
		if d < least || d == least && known < best {
			best, least = known, d
		}
	}
	return best
}

func lastPart(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }

// lineOf returns the line on which a key is set, or else on which its table starts, counted from 1. It returns 0 if neither exists.
func lineOf(text, key string) int {
	table, tableLine := "", 0
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			name, _, _ = strings.Cut(name, "]")
			table = strings.TrimSpace(name) + "."
			if strings.HasPrefix(key+".", table) {
				tableLine = i + 1
			}
			continue
		}
		name, _, ok := strings.Cut(line, "=")
		name = table + strings.Trim(strings.TrimSpace(name), `"'`)
		if ok && (name == key || strings.HasPrefix(name, key+".")) {
			return i + 1
		}
	}
	return tableLine
}
