package cli

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"postrider/internal/line"
	"postrider/store"
)

// columns are the CSV columns that import reads and export writes.
var columns = []string{"address", "reason", "since", "until"}

// maxErrors is how many errors of a file are reported.
const maxErrors = 10

// readSuppressions reads a file, each address once: the last line that names it counts.
func readSuppressions(in io.Reader, now time.Time) ([]store.Health, error) {
	file := csv.NewReader(in)
	file.FieldsPerRecord, file.TrimLeadingSpace = -1, true
	var list []store.Health
	var errs []error
	for first := true; len(errs) < maxErrors; first = false {
		record, err := file.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err // it names its line
		}
		if first && strings.EqualFold(strings.TrimPrefix(record[0], "\ufeff"), columns[0]) {
			continue
		}
		h, err := readSuppression(record, now)
		if err != nil {
			line, _ := file.FieldPos(0)
			errs = append(errs, fmt.Errorf("line %d: %w", line, err))
		}
		list = append(list, h)
	}
	return lastPerAddress(list), errors.Join(errs...)
}

func readSuppression(record []string, now time.Time) (store.Health, error) {
	record = append(record, "", "", "")
	h, err := store.ManualSuppression(strings.TrimPrefix(record[0], "\ufeff"), record[1], now)
	if err != nil {
		return store.Health{}, err
	}
	if record[2] != "" {
		if h.SuppressedSince, err = parseTimestamp(columns[2], record[2]); err != nil {
			return store.Health{}, err
		}
	}
	if record[3] != "" {
		if h.SuppressedUntil, err = parseTimestamp(columns[3], record[3]); err != nil {
			return store.Health{}, err
		}
		if record[2] != "" && !h.SuppressedUntil.After(h.SuppressedSince) {
			return store.Health{}, fmt.Errorf("until (%s) is not after since (%s)", record[3], record[2])
		}
		h.LastEvent = h.SuppressedSince // so that it is deleted after it ends
	}
	return h, nil
}

func parseTimestamp(column, text string) (time.Time, error) {
	for _, form := range []string{time.RFC3339, time.DateTime, time.DateOnly} {
		if t, err := time.Parse(form, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("invalid %s %q: must be a date or time, for example 2026-05-04 or 2026-05-04T08:00:00Z", column, text)
}

// lastPerAddress keeps the last of those that name the same address.
func lastPerAddress(list []store.Health) []store.Health {
	last := make(map[string]int, len(list))
	for i, a := range list {
		last[a.Address] = i
	}
	kept := list[:0:0]
	for i, a := range list {
		if last[a.Address] == i {
			kept = append(kept, a)
		}
	}
	return kept
}

func (c *cmdEnv) exportSuppressions(ctx context.Context, s *store.Store) error {
	out := csv.NewWriter(c.out)
	if err := out.Write(columns); err != nil {
		return err
	}
	err := eachSuppression(ctx, s, func(h store.Health) error {
		until := ""
		if !h.SuppressedUntil.IsZero() {
			until = h.SuppressedUntil.Format(time.RFC3339)
		}
		return out.Write([]string{h.Address, escapeFormula(line.Fit(h.Reason, 200)), h.SuppressedSince.Format(time.RFC3339), until})
	})
	out.Flush()
	return errors.Join(err, out.Error())
}

// escapeFormula keeps a spreadsheet from running untrusted text as a formula.
func escapeFormula(text string) string {
	if text != "" && strings.ContainsRune("=+-@", rune(text[0])) {
		return "'" + text
	}
	return text
}
