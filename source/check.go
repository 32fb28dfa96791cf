package source

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"postrider/forum"
	"postrider/internal/finding"
)

// Check runs every query once, in a form that costs almost nothing, and checks the results.
func (db *DB) Check(ctx context.Context) []finding.Finding {
	var all []finding.Finding
	var foreign bool
	err := db.Read(ctx, func(s *Snapshot) error {
		all = append(all, s.checkServer(ctx))
		var queries []finding.Finding
		queries, foreign = s.checkQueries(ctx)
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
	if err == nil && !foreign {
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

// readFix says what to do about rows that cannot be read: for a forum type that we know, as given.
func (db *DB) readFix(known string) string {
	if db.kind.homemade {
		return "correct the query: postrider forums check says how, for each column"
	}
	return known
}

func (s *Snapshot) checkSections(ctx context.Context) finding.Finding {
	sections, err := s.Sections(ctx)
	switch {
	case err != nil:
		return finding.Fail("sections", err.Error(), s.db.readFix("check that type in [forum] is correct"))
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
		return finding.Fail("permissions", err.Error(), s.db.readFix("check that type in [forum] is correct"))
	}
	classes := make(map[forum.Class]bool)
	for _, m := range members {
		if m.NoMail == "" && m.OptOuts != forum.AllKinds {
			classes[m.Class] = true
		}
	}
	if len(classes) == 0 && s.db.kind.own {
		return finding.OK("permissions", "no member who may get email watches anything yet")
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
		return finding.Fail("permissions", err.Error(), s.db.readFix("rebuild the forum's permission cache (XenForo: Tools, Rebuild caches), or check that type in [forum] is correct"))
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
	switch {
	case nothing == 0:
		return finding.OK("permissions", text)
	case s.db.kind.own: // the site may not have sent their sections yet
		return finding.Warn("permissions", text, "let the site send in which groups its members are, and which groups may read a section")
	case nothing == len(list):
		return finding.Fail("permissions", text, fix)
	}
	return finding.Warn("permissions", text, "if that is not intended, "+fix)
}

func (s *Snapshot) checkMembers(ctx context.Context) finding.Finding {
	n, err := s.mailable(ctx, time.Now())
	switch {
	case err != nil:
		return finding.Fail("members", err.Error(), s.db.readFix("check that type in [forum] is correct"))
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
