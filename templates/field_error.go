package templates

import (
	"errors"
	"fmt"
	"strings"
)

// The fields of a variant that may be wrong.
const (
	FieldLocale = "locale"
	FieldTitle  = "title"
	FieldBody   = "body"
)

// FieldError is what is wrong with a variant, one line, and the field at fault.
type FieldError struct {
	Field string
	error
}

// Unwrap returns the cause.
func (e *FieldError) Unwrap() error { return e.error }

// FieldErrors returns what is wrong with the variants of an announcement, from an error of CompileAnnouncement. A fault without a
// field, such as the size, is the body's.
func FieldErrors(err error) []*FieldError {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var list []*FieldError
		for _, e := range joined.Unwrap() {
			list = append(list, FieldErrors(e)...)
		}
		return list
	}
	field := FieldBody
	if e, ok := errors.AsType[*FieldError](err); ok {
		field = e.Field
	}
	var list []*FieldError
	for line := range strings.SplitSeq(err.Error(), "\n") {
		list = append(list, &FieldError{field, errors.New(line)})
	}
	return list
}

// inField returns err as one about a field; nil stays nil.
func inField(field string, err error) error {
	if err == nil {
		return nil
	}
	return &FieldError{field, err}
}

// withLocale prefixes each of the joined errors with the variant's language.
func withLocale(locale string, err error) error {
	var errs []error
	for _, e := range FieldErrors(err) {
		errs = append(errs, &FieldError{e.Field, fmt.Errorf("in %s: %w", locale, e.error)})
	}
	return errors.Join(errs...)
}
