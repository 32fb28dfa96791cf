package source

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-sql-driver/mysql"

	"postrider/internal/line"
	"postrider/markup"
)

const (
	// bodyLimit is how many characters of a post the query bodies returns.
	bodyLimit = 262144
	// dialectTTL is how long what the forum's administrator can change applies: its own codes and its word filter.
	dialectTTL = 30 * time.Second
)

// dialect is how the forum's posts are read, with what its administrator defined.
type dialect struct {
	markup.Dialect
	codes    []Code
	version  string   // changes whenever posts would look different
	unread   []string // optional queries that the account may not run, or not in this version of the forum
	absent   []absentQuery
	warnings []string // filtered words that cannot be applied
	read     time.Time
}

// absentQuery is an optional query whose table the forum lacks.
type absentQuery struct {
	name string
	err  error
}

// Code is one of the forum's own BB codes.
type Code struct {
	Name string
	Fate markup.Fate // what becomes of its content
}

// Codes returns the forum's own BB codes, by name.
func (db *DB) Codes(ctx context.Context) ([]Code, error) {
	d, err := db.currentDialect(ctx)
	if err != nil {
		return nil, err
	}
	return d.codes, nil
}

// currentDialect returns the forum's dialect, and reads it again from time to time.
func (db *DB) currentDialect(ctx context.Context) (*dialect, error) {
	db.dialectMu.Lock()
	defer db.dialectMu.Unlock()
	if d := db.dialect; d != nil && time.Since(d.read) < dialectTTL {
		return d, nil
	}
	d, err := db.readDialect(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the forum's BB codes and word filter: %w", err)
	}
	db.dialect = d
	return d, nil
}

func (db *DB) readDialect(ctx context.Context) (*dialect, error) {
	d := &dialect{Dialect: db.kind.dialect, read: time.Now()}
	d.Dialect.Codes = make(map[string]markup.Code)
	sum := fnv.New64a()
	var name, pattern, page, email string
	err := db.optional(ctx, d, "codes", columns{"name": &name, "pattern": &pattern, "page": &page, "email": &email}, func() error {
		fmt.Fprintf(sum, "%q %q %q %q\n", name, pattern, page, email)
		names, code := []string{name}, markup.NewCode(name, page, email)
		if pattern != "" {
			names, code = db.kind.readCode(name, pattern, page)
		}
		for _, name := range names {
			d.add(strings.ToLower(name), code)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, name := range db.showTags {
		fmt.Fprintf(sum, "show %q\n", name)
		d.Dialect.Codes[strings.ToLower(name)] = markup.ShownCode
	}
	for name := range d.Dialect.Codes {
		d.codes = append(d.codes, Code{Name: name, Fate: d.Fate(name)})
	}
	slices.SortFunc(d.codes, func(a, b Code) int { return strings.Compare(a.Name, b.Name) })
	var words []markup.FilteredWord
	var word, replacement string
	var regex bool
	err = db.optional(ctx, d, "word_filter", columns{"word": &word, "regex": &regex, "replacement": &replacement}, func() error {
		fmt.Fprintf(sum, "%q %v %q\n", word, regex, replacement)
		one := []markup.FilteredWord{{Word: word, Regex: regex, Replacement: replacement}}
		if db.kind.filter != nil {
			var err error
			if one, err = db.kind.filter(one[0]); err != nil {
				d.warnings = append(d.warnings, err.Error())
			}
		}
		words = append(words, one...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	var errs []error
	d.Filter, errs = markup.NewWordFilter(words)
	for _, err := range errs {
		d.warnings = append(d.warnings, err.Error())
	}
	if len(d.codes) > 0 || d.Filter != nil {
		d.version = "/" + strconv.FormatUint(sum.Sum64(), 36)
	}
	return d, nil
}

// add adds a code. Of several with one name, which differ in their options, the one that hides its content counts.
func (d *dialect) add(name string, code markup.Code) {
	if old, known := d.Dialect.Codes[name]; known && old.Fate() == markup.FateHidden {
		return
	}
	d.Dialect.Codes[name] = code
}

// optional runs an optional query. It has no rows if the forum lacks what it reads.
func (db *DB) optional(ctx context.Context, d *dialect, name string, r columns, each func() error) error {
	if !db.has(name) {
		return nil
	}
	// Each has its own transaction: an error ends a transaction of PostgreSQL.
	err := db.transaction(ctx, func(s *Snapshot) error { return s.queryNamed(ctx, name, nil, r, each) })
	switch absence(err) {
	case absentTable:
		d.absent = append(d.absent, absentQuery{name, err})
		return nil
	case absentColumn, absentRight:
		d.unread = append(d.unread, fmt.Sprintf("%s (%v)", name, err))
		return nil
	}
	return err
}

// absent says what a statement lacks.
type absent uint8

const (
	absentNothing absent = iota
	absentTable
	absentColumn
	absentRight
)

// absence returns what is missing according to a database error.
func absence(err error) absent {
	if err == nil {
		return absentNothing
	}
	switch code := errorCode(err); {
	case code == "1146", code == "42P01", strings.Contains(err.Error(), "no such table"):
		return absentTable
	case code == "1054", code == "42703", strings.Contains(err.Error(), "no such column"):
		return absentColumn
	case code == "1142", code == "1143", code == "42501":
		return absentRight
	}
	return absentNothing
}

// mismatch reports whether PostgreSQL rejected a query because of types: an operator without a meaning for them, a text that is no value of a
// type, or branches of different types. Other databases convert.
func mismatch(err error) bool {
	return slices.Contains([]string{"42883", "42804", "22P02", "22007"}, errorCode(err))
}

// errorCode returns the number of an error of MySQL and MariaDB, or the SQLSTATE of one of PostgreSQL.
func errorCode(err error) string {
	code := ""
	if my, ok := errors.AsType[*mysql.MySQLError](err); ok {
		code = strconv.Itoa(int(my.Number))
	}
	var state interface{ SQLState() string }
	if errors.As(err, &state) && code == "" {
		code = state.SQLState()
	}
	return code
}

// name returns a member's or group's name as the forum shows it, as one line of valid UTF-8.
func (s *Snapshot) name(stored string) string { return oneLine(s.dialect.Name(stored)) }

// title returns the title of a thread as the forum shows it, as one line of valid UTF-8.
func (s *Snapshot) title(stored string) string { return oneLine(s.dialect.Line(stored)) }

// oneLine cleans a text that has line breaks, control characters or broken UTF-8. Spaces stay as they are: members are searched by them.
func oneLine(text string) string {
	if utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || line.IsHarmful(r) }) {
		return text
	}
	return line.Clean(text)
}
