package source

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"postrider/forum"
	"postrider/internal/finding"
	"postrider/internal/sqlfile"
)

// Check asks the forum everything once, with questions that cost nothing, and judges the answers.
func (db *DB) Check(ctx context.Context) []finding.Finding {
	var all []finding.Finding
	err := db.Read(ctx, func(s *Snapshot) error {
		all = append(all, s.checkServer(ctx))
		queries := s.checkQueries(ctx)
		all = append(all, queries...)
		if slices.ContainsFunc(queries, func(f finding.Finding) bool { return f.Level == finding.LevelFail }) {
			return nil // what follows would only say the same again
		}
		all = append(all, s.checkSections(ctx), s.checkRights(ctx), s.checkMembers(ctx))
		if db.engine == sqlfile.MySQL {
			all = append(all, s.checkAccount(ctx), s.checkCharset(ctx))
		}
		return nil
	})
	if err != nil {
		all = append(all, finding.Fail("connection", err.Error(), "see that the database of [forum] dsn runs and lets postrider in"))
	}
	return all
}

// SelfCheck is an error on any Fail: it is better to send nothing than what a member may not read. It gives the
// warnings, too.
func (db *DB) SelfCheck(ctx context.Context) (warnings []finding.Finding, err error) {
	var errs []error
	for _, f := range db.Check(ctx) {
		switch f.Level {
		case finding.LevelFail:
			errs = append(errs, fmt.Errorf("%s: %s; %s", f.Part, f.Text, f.Fix))
		case finding.LevelWarn:
			warnings = append(warnings, f)
		}
	}
	if len(errs) > 0 {
		return warnings, fmt.Errorf("the forum's self-check failed, so nothing is sent: %w", errors.Join(errs...))
	}
	return warnings, nil
}

// checkQueries runs every query of the contract with ids that no forum has.
func (s *Snapshot) checkQueries(ctx context.Context) []finding.Finding {
	var bad []finding.Finding
	var absent []string
	questions := contract()
	for _, q := range questions {
		err := s.probeQuery(ctx, q)
		my, isMySQL := errors.AsType[*mysql.MySQLError](err)
		switch {
		case err == nil:
		case isMySQL && my.Number == 1146 || err != nil && strings.Contains(err.Error(), "no such table"):
			absent = append(absent, fmt.Sprintf("%s (%v)", q.name, err))
		default:
			bad = append(bad, s.queryFinding(q, err))
		}
	}
	if len(absent) > 0 {
		bad = append([]finding.Finding{finding.Fail("tables",
			fmt.Sprintf("%d of %d queries miss a table: %s", len(absent), len(questions), strings.Join(absent[:min(3, len(absent))], "; ")),
			fmt.Sprintf("see that [forum] dsn names the forum's database, that type is right (%s), and prefix, too (%q)", s.db.kind.name, s.db.prefix))},

			bad...)
	}
	if len(bad) == 0 {
		return []finding.Finding{finding.OK("queries", fmt.Sprintf("all %d answer with the columns they should", len(questions)))}
	}
	return bad
}

func (s *Snapshot) queryFinding(q querySpec, err error) finding.Finding {
	from := s.db.queries[q.name]
	cure := fmt.Sprintf("this is not the version of the forum that type %s knows: give a query %q of your own in [forum] queries", s.db.kind.name, q.name)
	if my, ok := errors.AsType[*mysql.MySQLError](err); ok && (my.Number == 1142 || my.Number == 1143) {
		cure = "grant the account of [forum] dsn SELECT on this table"
	}
	return finding.Fail("query "+q.name, fmt.Sprintf("%s:%d: %v", from.File, from.Line, err), cure)
}

// probeQuery runs a query so that it yields next to nothing, and compares its columns with the contract.
func (s *Snapshot) probeQuery(ctx context.Context, q querySpec) error {
	const never = math.MaxInt32 // in 2038; older columns hold no later second
	ctx, cancel := s.db.withTimeout(ctx)
	defer cancel()
	nobody := []int64{-1}
	rows, err := s.query(ctx, q.name, params{"ids": nobody, "members": nobody, "threads": nobody, "sections": nobody,
		"roles": []string{"-1"}, "names": []string{""}, "addresses": []string{""},
		"now": 0, "after": 0, "limit": 0, "name": "", "begins": "", "since": never, "from": never, "until": never})
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	var faults []string
	for _, want := range q.columns {
		if !slices.Contains(columns, want) {
			faults = append(faults, "it lacks the column "+want)
		}
	}
	for i, got := range columns {
		if !slices.Contains(q.columns, got) || slices.Contains(columns[:i], got) {
			faults = append(faults, "it has a column "+got+" too many")
		}
	}
	if len(faults) > 0 {
		return errors.New(strings.Join(faults, ", "))
	}
	for rows.Next() { // some databases tell of a fault with the first row only
	}
	return rows.Err()
}

func (s *Snapshot) checkSections(ctx context.Context) finding.Finding {
	sections, err := s.Sections(ctx)
	switch {
	case err != nil:
		return finding.Fail("sections", err.Error(), "see that [forum] type is right")
	case len(sections) == 0:
		return finding.Fail("sections", "the forum lists no section at all", "see that [forum] dsn names the forum's database, and type is right")
	}
	return finding.OK("sections", fmt.Sprintf("%d", len(sections)))
}

// checkRights reads the rights of members who watch something, as a round would.
func (s *Snapshot) checkRights(ctx context.Context) finding.Finding {
	members, err := s.SubscriberPage(ctx, 0, chunkSize, time.Now())
	if err != nil {
		return finding.Fail("rights", err.Error(), "see that [forum] type is right")
	}
	classes := make(map[forum.Class]bool)
	for _, m := range members {
		if m.NoMail == "" {
			classes[m.Class] = true
		}
	}
	if len(classes) == 0 {
		return finding.Warn("rights", "no member watches anything and may be mailed, so there is nothing to test them by", "see that [forum] dsn names the living forum, not a copy")
	}
	var list []forum.Class
	for c := range classes {
		list = append(list, c)
	}
	access, err := s.Access(ctx, list)
	if err != nil {
		return finding.Fail("rights", err.Error(), "let the forum rebuild its permissions (XenForo: Tools, Rebuild caches), or see that [forum] type is right")
	}
	nothing := 0
	for _, a := range access {
		if len(a) == 0 {
			nothing++
		}
	}
	text := fmt.Sprintf("of %d kinds of members who watch something, %d may read nothing", len(list), nothing)
	switch nothing {
	case 0:
		return finding.OK("rights", text)
	case len(list):
		return finding.Fail("rights", text, "let the forum rebuild its permissions, or see that [forum] type is right")
	}
	return finding.Warn("rights", text, "if that is not meant, let the forum rebuild its permissions")
}

func (s *Snapshot) checkMembers(ctx context.Context) finding.Finding {
	var n int
	err := s.queryNamed(ctx, "mailable", params{"now": time.Now().Unix()}, columns{"members": &n}, func() error { return nil })
	switch {
	case err != nil:
		return finding.Fail("members", err.Error(), "see that [forum] type is right")
	case n == 0:
		return finding.Warn("members", "nobody may be mailed", "see that [forum] dsn names the living forum, not a copy without addresses")
	}
	return finding.OK("members", fmt.Sprintf("%d may be mailed", n))
}
