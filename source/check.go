package source

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"postrider/forum"
	"postrider/internal/finding"
)

// Check runs every query once, in a form that costs almost nothing, and checks the results.
func (db *DB) Check(ctx context.Context) []finding.Finding {
	var all []finding.Finding
	err := db.Read(ctx, func(s *Snapshot) error {
		all = append(all, s.checkServer(ctx))
		queries := s.checkQueries(ctx)
		all = append(all, queries...)
		if slices.ContainsFunc(queries, func(f finding.Finding) bool { return f.Level == finding.LevelFail }) {
			return nil // the other checks would only repeat these errors
		}
		all = append(all, s.checkSections(ctx), s.checkRights(ctx), s.checkMembers(ctx))
		all = append(all, s.checkAccount(ctx)...)
		all = append(all, s.checkVersion(ctx)...)
		all = append(all, s.checkCounters(ctx)...)
		all = append(all, s.checkMemberCounters(ctx)...)
		all = append(all, s.checkUnknownRights(ctx)...)
		all = append(all, s.checkAddons(ctx)...)
		if db.kind.leftOut != nil {
			all = append(all, db.kind.leftOut(ctx, s)...)
		}
		return nil
	})
	if err == nil {
		all = append(all, db.checkLacks(ctx)...)
		all = append(all, db.checkCodes(ctx)...)
	}
	if err != nil {
		all = append(all, finding.Fail("connection", err.Error(), "check that the database in [forum] dsn is running and accepts postrider's login"))
	}
	return all
}

// SelfCheck returns an error if any check fails, because sending nothing is better than sending what a member may not
// read. It also returns the warnings.
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
		return warnings, fmt.Errorf("forum self-check failed, nothing is sent: %w", errors.Join(errs...))
	}
	return warnings, nil
}

// checkQueries runs every query of the contract with IDs that no forum has.
func (s *Snapshot) checkQueries(ctx context.Context) []finding.Finding {
	var bad []finding.Finding
	var absent, denied []string
	specs := checkedQueries(s.db.queries)
	for _, q := range specs {
		err := s.probeQuery(ctx, q)
		switch {
		case err == nil:
		case absence(err) == absentTable && !s.db.kind.homemade:
			absent = append(absent, fmt.Sprintf("%s (%v)", q.name, err))
		default:
			if absence(err) == absentRight {
				denied = append(denied, fmt.Sprintf("%s (%v)", q.name, err))
			}
			bad = append(bad, s.queryFinding(q, err))
		}
	}
	if 2*len(denied) > len(specs) && strings.HasPrefix(denied[0], specs[0].name+" ") { // probably no right at all: one finding says it
		return []finding.Finding{finding.Fail("tables",
			fmt.Sprintf("the account may not read the tables of %d of %d queries: %s", len(denied), len(specs), strings.Join(denied[:3], "; ")),
			"grant SELECT on all tables of the forum to the account in [forum] dsn: see docs/forums.md")}
	}
	if len(absent) > 0 {
		bad = append([]finding.Finding{finding.Fail("tables",
			fmt.Sprintf("%d of %d queries use a missing table: %s", len(absent), len(specs), strings.Join(absent[:min(3, len(absent))], "; ")),
			fmt.Sprintf("check that dsn in [forum] names the forum's database, and that type (%s) and prefix (%q) are correct", s.db.kind.name, s.db.prefix))},
			bad...)
	}
	if len(bad) == 0 {
		return []finding.Finding{finding.OK("queries", fmt.Sprintf("all %d return the expected columns", len(specs)))}
	}
	return bad
}

func (s *Snapshot) queryFinding(q querySpec, err error) finding.Finding {
	from := s.db.queries[q.name]
	return finding.Fail("query "+q.name, fmt.Sprintf("%s:%d: %v", from.File, from.Line, err), s.db.queryFix(q, err))
}

// queryFix says what to do about a query that fails.
func (db *DB) queryFix(q querySpec, err error) string {
	missing := absence(err)
	switch {
	case missing == absentRight:
		return "grant SELECT on this table to the account in [forum] dsn"
	case missing == absentTable && db.kind.homemade:
		return "write a table of your forum in its place: see docs/custom-forum.md"
	case mismatch(err) && db.kind.homemade:
		return "compare a column only with values of its type, and give COALESCE, CASE and UNION values of one type: IDs are whole numbers, a date and time needs {unix COLUMN}; " +
			"a UUID cannot be compared with :ids or :members: see docs/custom-forum.md"
	case db.kind.homemade:
		return "correct the query: it must return the columns " + strings.Join(q.columns, ", ") + " (\"?\": may be left out); docs/query-contract.md says what each means"
	}
	return fmt.Sprintf("the forum's version differs from the ones that type %s supports: replace the query %q in the file of [forum] queries", db.kind.name, q.name)
}

// probeQuery tries a query. An error must not end the transaction, as it would with PostgreSQL.
func (s *Snapshot) probeQuery(ctx context.Context, q querySpec) error {
	return s.guarded(ctx, func() error { return s.tryQuery(ctx, q) })
}

func (s *Snapshot) exec(ctx context.Context, statement string) error {
	s.db.statements.Add(1)
	_, err := s.tx.ExecContext(ctx, statement)
	return err
}

// tryQuery runs a query with parameters that match almost nothing, and compares its columns with the contract.
func (s *Snapshot) tryQuery(ctx context.Context, q querySpec) error {
	const never = math.MaxInt32 // in 2038: the latest time that a 32-bit column can hold
	ctx, cancel := s.db.withTimeout(ctx)
	defer cancel()
	none := []int64{-1}
	rows, err := s.query(ctx, q.name, params{"ids": none, "members": none, "threads": none, "sections": none,
		"roles": []string{"-1"}, "names": []string{""}, "addresses": []string{""},
		"now": 0, "after": 0, "limit": 0, "name": "", "begins": "", "part": "", "since": never, "from": never, "until": never})
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	mistakes := s.db.columnMistakes(q, columns)
	if len(mistakes) > 0 {
		return errors.New(strings.Join(mistakes, ", "))
	}
	for rows.Next() { // some databases report an error only with the first row
	}
	return rows.Err()
}

func (s *Snapshot) checkSections(ctx context.Context) finding.Finding {
	sections, err := s.Sections(ctx)
	switch {
	case err != nil:
		return finding.Fail("sections", err.Error(), "check that type in [forum] is correct")
	case len(sections) == 0 && s.db.kind.own:
		return finding.OK("sections", "none yet")
	case len(sections) == 0 && s.db.kind.homemade:
		return finding.Fail("sections", "no section is listed", "in the query sections, let parent_id be 0 at the top, closed 0 for sections that are listed, and holds_threads 1 for those with threads")
	case len(sections) == 0:
		return finding.Fail("sections", "the forum has no sections", "check that dsn in [forum] names the forum's database, and that type is correct")
	}
	return finding.OK("sections", fmt.Sprintf("%d", len(sections)))
}

// checkRights reads the permissions of some subscribers, as a round does.
func (s *Snapshot) checkRights(ctx context.Context) finding.Finding {
	if s.db.kind.public {
		return finding.OK("permissions", "everyone may read every section")
	}
	members, _, err := s.SubscriberPage(ctx, 0, chunkSize, time.Now())
	if err != nil {
		return finding.Fail("permissions", err.Error(), "check that type in [forum] is correct")
	}
	classes := make(map[forum.Class]bool)
	for _, m := range members {
		if m.NoMail == "" && m.OptOuts != forum.AllKinds {
			classes[m.Class] = true
		}
	}
	if len(classes) == 0 {
		return finding.Warn("permissions", "cannot be tested: no member who watches anything may get email", "check that dsn in [forum] names the live forum, not a copy")
	}
	var list []forum.Class
	for c := range classes {
		list = append(list, c)
	}
	access, err := s.Access(ctx, list)
	if err != nil {
		return finding.Fail("permissions", err.Error(), "rebuild the forum's permission cache (XenForo: Tools, Rebuild caches), or check that type in [forum] is correct")
	}
	nothing := 0
	for _, a := range access {
		if len(a) == 0 {
			nothing++
		}
	}
	fix := "rebuild the forum's permission cache, or check that type in [forum] is correct"
	if s.db.kind.homemade {
		fix = "let the roles in the query members be those in the query rights, and rights be '110' for a section that the role may read"
	}
	text := fmt.Sprintf("%d of %d access classes of subscribers may read nothing", nothing, len(list))
	switch nothing {
	case 0:
		return finding.OK("permissions", text)
	case len(list):
		return finding.Fail("permissions", text, fix)
	}
	return finding.Warn("permissions", text, "if that is not intended, "+fix)
}

func (s *Snapshot) checkMembers(ctx context.Context) finding.Finding {
	n, err := s.mailable(ctx, time.Now())
	switch {
	case err != nil:
		return finding.Fail("members", err.Error(), "check that type in [forum] is correct")
	case n.members == 0 && s.db.kind.own:
		return finding.OK("members", "none may get email yet")
	case n.members == 0:
		return finding.Warn("members", "no member may get email", "check that dsn in [forum] names the live forum, not a copy without addresses")
	}
	text := fmt.Sprintf("%d may get email", n.members)
	if n.of > 0 {
		text = fmt.Sprintf("%d of the first %d may get email", n.members, n.of)
	}
	if n.withOptOuts > 0 {
		text += fmt.Sprintf("; %d of them opted out of a kind of it, for example of announcements", n.withOptOuts)
	}
	if s.db.has("recipients") {
		text += "; the query recipients leaves out some of them"
	}
	return finding.OK("members", text)
}
