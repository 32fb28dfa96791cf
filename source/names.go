package source

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-sql-driver/mysql"

	"postrider/forum"
)

// MembersByName finds members by their names, ignoring case. The keys of the result are the names as given.
func (s *Snapshot) MembersByName(ctx context.Context, names []string) (map[string]forum.MemberID, error) {
	return s.membersBy(ctx, "named", "names", "name", names)
}

// MembersByEmail finds members by their email addresses, ignoring case. If several share an address, it returns the
// lowest ID.
func (s *Snapshot) MembersByEmail(ctx context.Context, addresses []string) (map[string]forum.MemberID, error) {
	return s.membersBy(ctx, "addressed", "addresses", "email", addresses)
}

// membersBy finds members by a column, ignoring case. It drops rows that only the database considers equal ("Jose",
// "José").
func (s *Snapshot) membersBy(ctx context.Context, query, param, column string, texts []string) (map[string]forum.MemberID, error) {
	asked := make(map[string][]string, len(texts))
	for _, text := range texts {
		if folded := strings.ToLower(text); text != "" && !slices.Contains(asked[folded], text) {
			asked[folded] = append(asked[folded], text)
		}
	}
	found := make(map[string]forum.MemberID, len(texts))
	if query == "named" && !s.db.has(query) {
		return found, s.findEach(ctx, asked, found)
	}
	var id forum.MemberID
	var text string
	r := columns{"id": &id, column: &text}
	each := func() error {
		for _, as := range slices.Concat(asked[strings.ToLower(s.dialect.Name(text))], asked[strings.ToLower(s.name(text))]) { // as stored, and as shown
			if other, twice := found[as]; !twice || id < other {
				found[as] = id
			}
		}
		return nil
	}
	for part := range slices.Chunk(spellings(asked, s.db.kind.stored), chunkSize) {
		if err := s.queryTexts(ctx, query, param, part, r, each); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// findEach finds members by their names, one after the other.
func (s *Snapshot) findEach(ctx context.Context, asked map[string][]string, found map[string]forum.MemberID) error {
	for folded, given := range asked {
		for _, spelling := range append(slices.Clone(given), folded) {
			id, err := s.find(ctx, spelling)
			if err != nil {
				return err
			}
			if id == 0 {
				continue
			}
			for _, as := range given {
				found[as] = id
			}
			break
		}
	}
	return nil
}

// spellings returns each text in lower case and as given, as the forum stores it: a column with a binary collation tells them apart.
// PostgreSQL refuses broken UTF-8 and zero bytes, also in a comparison.
func spellings(asked map[string][]string, stored func(string) string) []string {
	all := make([]string, 0, len(asked))
	for folded, given := range asked {
		all = append(append(all, folded), given...)
	}
	all = slices.DeleteFunc(all, func(text string) bool { return !utf8.ValidString(text) || strings.Contains(text, "\x00") })
	for i := range all {
		all[i] = stored(all[i])
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// queryTexts runs a query for texts. The query compares them with its column as it is, because a converted column cannot use
// its index. But a server refuses the comparison if the column's character set lacks a character of a text. Then no row
// can equal that text, so it is left out.
func (s *Snapshot) queryTexts(ctx context.Context, query, param string, texts []string, r columns, each func() error) error {
	if len(texts) == 0 {
		return nil
	}
	err := s.queryNamed(ctx, query, params{param: texts}, r, each)
	if len(texts) == 1 || !isUnfitText(err) {
		return ignoreUnfit(err)
	}
	// Most often it is an emoji: MySQL's utf8 has at most three bytes a character.
	if narrow := slices.DeleteFunc(slices.Clone(texts), hasFourBytes); len(narrow) < len(texts) {
		return s.queryTexts(ctx, query, param, narrow, r, each)
	}
	half := len(texts) / 2
	if err := s.queryTexts(ctx, query, param, texts[:half], r, each); err != nil {
		return err
	}
	return s.queryTexts(ctx, query, param, texts[half:], r, each)
}

func hasFourBytes(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r > 0xFFFF })
}

// ignoreUnfit returns nil if a text does not fit the character set of its column: then there is no such row.
func ignoreUnfit(err error) error {
	if isUnfitText(err) {
		return nil
	}
	return err
}

// isUnfitText reports whether a server cannot compare a text with a column, because the column's character set lacks one
// of its characters.
func isUnfitText(err error) bool {
	my, ok := errors.AsType[*mysql.MySQLError](err)
	// ER_CANT_AGGREGATE_2COLLATIONS, _3COLLATIONS and _NCOLLATIONS; ER_CANNOT_CONVERT_CHARACTER of MariaDB;
	// ER_CANNOT_CONVERT_STRING of MySQL 8.
	return ok && slices.Contains([]uint16{1267, 1270, 1271, 1977, 3854}, my.Number)
}
