package config

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// syntaxError formats a TOML error with its line. If a value has the wrong form, it also names the key.
func syntaxError(err error) error {
	var parse toml.ParseError
	if !errors.As(err, &parse) {
		return typeError(err)
	}
	line, key := parse.Position.Line, parse.LastKey
	if value, ok := strings.CutPrefix(parse.Message, "invalid duration: "); ok {
		return fmt.Errorf("line %d: %s: invalid duration %s: must be a duration like %s", line, key, value, durationLike(value))
	}
	return fmt.Errorf("line %d: %s", line, parse.Message)
}

var wrongType = regexp.MustCompile(`^toml: line (\d+) \(last key "(.+)"\): incompatible types: TOML value has type (.+); destination has type (.+)$`)

// typeError formats the error about a value of another type. The TOML package has no type for it.
func typeError(err error) error {
	m := wrongType.FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	return fmt.Errorf("line %s: %s: wrong type: found %s, must be %s", m[1], m[2], m[3], m[4])
}

// durationLike returns examples of durations. TOML has no days: for "7d" it is "168h".
func durationLike(value string) string {
	value = strings.Trim(value, `"`)
	if days, err := strconv.Atoi(strings.TrimSuffix(value, "d")); err == nil && days > 0 && days <= 366 && strings.HasSuffix(value, "d") {
		return fmt.Sprintf("\"%dh\": there is no unit for days", days*24)
	}
	return `"10s", "5m" or "24h"`
}

func unknownKeys(meta toml.MetaData, text string) []error {
	var errs []error
	for _, key := range meta.Undecoded() {
		name := key.String()
		err := fmt.Errorf("line %d: %s: unknown key", lineOf(text, name), name)
		if known := nearestKey(name); known != "" {
			err = fmt.Errorf("%w; did you mean %s?", err, known)
		}
		errs = append(errs, err)
	}
	return errs
}

// bareDurations rejects durations without a unit.
func bareDurations(meta toml.MetaData, text string) []error {
	var errs []error
	known := keys()
	for _, key := range meta.Keys() {
		name := key.String()
		if known[name] == reflect.TypeFor[time.Duration]() && meta.Type(key...) != "String" {
			errs = append(errs, fmt.Errorf("line %d: %s: missing unit: must be a duration like \"10s\" or \"5m\"", lineOf(text, name), name))
		}
	}
	return errs
}

// locateErrors adds its line and its table to each of the errors.
func locateErrors(text, table string, err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var errs []error
		for _, e := range joined.Unwrap() {
			errs = append(errs, locateErrors(text, table, e)...)
		}
		return errs
	}
	if err == nil {
		return nil
	}
	return []error{locateError(text, table, err)}
}

// locateError adds the line and the table to an error that starts with its key.
func locateError(text, table string, err error) error {
	key, _, _ := strings.Cut(err.Error(), " ")
	key = table + "." + strings.TrimRight(key, ":")
	if line := lineOf(text, key); line > 0 {
		return fmt.Errorf("line %d: %s.%w", line, table, err)
	}
	return fmt.Errorf("%s.%w", table, err)
}

func tableOf(key string) string { return key[:strings.LastIndexByte(key, '.')] }
