package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// syntaxError formats a TOML error with its line.
func syntaxError(err error) error {
	var parse toml.ParseError
	if errors.As(err, &parse) {
		return fmt.Errorf("line %d: %s", parse.Position.Line, parse.Message)
	}
	return err
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
