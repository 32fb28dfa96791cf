package audience

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"postrider/forum"
	"postrider/source"
)

// ResolveList finds the members of a list by ID, address or name. It returns each ID once, in ascending order. unknown are
// the entries without a member.
func (h *Resolver) ResolveList(ctx context.Context, list []string) (ids []forum.MemberID, unknown []string, err error) {
	var names, addresses []string
	for _, e := range list {
		if n, err := strconv.ParseInt(e, 10, 64); err == nil {
			ids = append(ids, forum.MemberID(n))
		} else if strings.Contains(e, "@") {
			addresses = append(addresses, e)
		} else {
			names = append(names, e)
		}
	}
	err = h.forum.Read(ctx, func(s *source.Snapshot) error {
		known, err := s.MembersByEmail(ctx, addresses)
		if err != nil {
			return err
		}
		for _, a := range addresses {
			if _, found := known[a]; !found {
				names = append(names, a) // a name may contain "@"
			}
		}
		byName, err := s.MembersByName(ctx, names)
		if err != nil {
			return err
		}
		for _, id := range known {
			ids = append(ids, id)
		}
		for _, n := range names {
			if id, found := byName[n]; found {
				ids = append(ids, id)
			} else {
				unknown = append(unknown, n)
			}
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("finding listed members: %w", err)
	}
	slices.Sort(ids)
	return slices.Compact(ids), unknown, nil
}

// memberColumns are the names of the columns that identify a member, most precise first.
var memberColumns = []string{"id", "member_id", "user_id", "uid", "email", "address", "name", "username"}

// ParseMemberList reads IDs, names or addresses of members, one per line, or CSV. From CSV it uses the column that the
// header line names, otherwise the first one.
func ParseMemberList(in io.Reader) ([]string, error) {
	r := csv.NewReader(in)
	r.FieldsPerRecord, r.LazyQuotes, r.TrimLeadingSpace, r.ReuseRecord = -1, true, true, true
	column := 0
	var all []string
	for first := true; ; first = false {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		if first {
			record[0] = strings.TrimPrefix(record[0], "\ufeff")
			if at, ok := findColumn(record); ok {
				column = at
				continue
			}
		}
		if column < len(record) {
			if e := strings.TrimSpace(record[column]); e != "" {
				all = append(all, strings.Clone(e))
			}
		}
	}
}

// findColumn finds the column that identifies a member.
func findColumn(record []string) (column int, ok bool) {
	for _, name := range memberColumns {
		for i, field := range record {
			if strings.EqualFold(strings.TrimSpace(field), name) {
				return i, true
			}
		}
	}
	return 0, false
}
