package mirror

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// csvColumns are the columns of a file with members. All but name and email may be missing or empty.
var csvColumns = []string{"id", "name", "email", "zone", "locale", "watches", "groups"}

// Row is a line of a file with members.
type Row struct {
	Line   int // from 1, with the heading
	Member Member
	// Sections are the IDs or titles of the sections that the member will watch.
	Sections []string
}

// ReadCSV reads a file with members: separated by commas or semicolons, with the names of its columns in the first line. The error names all mistakes with
// their lines.
func ReadCSV(r io.Reader, file string) ([]Row, error) {
	buffered := bufio.NewReader(r)
	if mark, err := buffered.Peek(3); err == nil && string(mark) == "\uFEFF" { // spreadsheets write it
		if _, err := buffered.Discard(3); err != nil {
			return nil, err
		}
	}
	in := csv.NewReader(buffered)
	in.Comma = separatorOf(buffered)
	heading, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s:1: the file is empty: the first line must name the columns: %s", file, strings.Join(csvColumns, ","))
	}
	if err != nil {
		return nil, csvError(file, err)
	}
	if !utf8.ValidString(strings.Join(heading, "")) {
		return nil, notUTF8(file, 1)
	}
	at, err := columnsOf(heading)
	if err != nil {
		return nil, fmt.Errorf("%s:1: %w", file, err)
	}
	var rows []Row
	var errs []error
	lines := make(map[string]int) // of addresses and IDs
	for len(errs) < maxMistakes {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			errs = append(errs, csvError(file, err))
			if !errors.Is(err, csv.ErrFieldCount) {
				break // what follows cannot be read
			}
			continue
		}
		line, _ := in.FieldPos(0)
		if !utf8.ValidString(strings.Join(record, "")) {
			return rows, errors.Join(append(errs, notUTF8(file, line))...)
		}
		row := rowOf(record, at, line)
		errs = append(errs, row.check(file, lines)...)
		rows = append(rows, row)
	}
	return rows, errors.Join(errs...)
}

func notUTF8(file string, line int) error {
	return fmt.Errorf("%s:%d: the file is not in UTF-8: save it as \"CSV UTF-8\"", file, line)
}

// separatorOf returns what separates the fields: a semicolon if that is the first one in the first line. Spreadsheets write it in countries
// where a comma is part of numbers.
func separatorOf(r *bufio.Reader) rune {
	start, _ := r.Peek(200) // a short file or an error of reading shows later
	if i := bytes.IndexAny(start, ",;\n"); i >= 0 && start[i] == ';' {
		return ';'
	}
	return ','
}

// csvError gives an error of the parser the form of all others.
func csvError(file string, err error) error {
	if wrong, ok := errors.AsType[*csv.ParseError](err); ok {
		return fmt.Errorf("%s:%d: %w", file, wrong.Line, wrong.Err)
	}
	return fmt.Errorf("%s: %w", file, err)
}

// columnsOf returns where each column is.
func columnsOf(heading []string) (map[string]int, error) {
	at := make(map[string]int)
	for i, name := range heading {
		name = strings.ToLower(strings.TrimSpace(name))
		if !slices.Contains(csvColumns, name) {
			return nil, fmt.Errorf("unknown column %q: must be one of %s, separated by commas or semicolons", name, strings.Join(csvColumns, ", "))
		}
		if _, twice := at[name]; twice {
			return nil, fmt.Errorf("the column %s is there twice", name)
		}
		at[name] = i
	}
	for _, name := range []string{"name", "email"} {
		if _, found := at[name]; !found {
			return nil, fmt.Errorf("missing column %s: the first line must name the columns: %s", name, strings.Join(csvColumns, ","))
		}
	}
	return at, nil
}

func rowOf(record []string, at map[string]int, line int) Row {
	field := func(name string) string {
		if i, found := at[name]; found {
			return strings.TrimSpace(record[i])
		}
		return ""
	}
	row := Row{Line: line, Member: Member{ID: field("id"), Name: field("name"), Email: field("email"), Zone: field("zone"), Locale: field("locale")}}
	row.Sections = namesIn(field("watches"))
	row.Member.Groups.Names = namesIn(field("groups"))
	row.Member.Groups.Given = len(row.Member.Groups.Names) > 0
	return row
}

// namesIn returns the names in a field, which are separated by semicolons.
func namesIn(field string) (names []string) {
	for name := range strings.SplitSeq(field, ";") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// check returns what is wrong with a row. lines are those of the addresses and IDs above it.
func (r Row) check(file string, lines map[string]int) []error {
	var c checker
	m := r.Member
	if m.ID == "" {
		m.ID = "-" // the address stands for it
	}
	c.member("", m)
	if m.Email == "" {
		c.add(".email", "missing: must be an address like \"ann@example.org\"")
	}
	if strings.HasPrefix(m.ID, addressPrefix) {
		c.add(".id", reservedID+": leave the field empty")
	}
	for _, key := range []string{"email " + strings.ToLower(r.Member.Email), "id " + r.Member.ID} {
		kind, value, _ := strings.Cut(key, " ")
		if first := lines[key]; first != 0 && value != "" {
			c.add("."+kind, "already in line %d", first)
		} else {
			lines[key] = r.Line
		}
	}
	var errs []error
	for _, err := range c.errs {
		errs = append(errs, fmt.Errorf("%s:%d: %s", file, r.Line, strings.TrimPrefix(err.Error(), ".")))
	}
	return errs
}
