package source

import (
	"context"
	"fmt"
	"strings"

	"postrider/internal/finding"
	"postrider/markup"
)

// checkCodes lists the forum's own BB codes and what becomes of their content.
func (db *DB) checkCodes(ctx context.Context) []finding.Finding {
	d, err := db.currentDialect(ctx)
	if err != nil {
		return []finding.Finding{finding.Fail("codes", err.Error(), "check that the account in [forum] dsn can read the forum's tables")}
	}
	var all []finding.Finding
	if len(d.codes) > 0 {
		all = append(all, finding.OK("codes", fmt.Sprintf("%d of the forum's own", len(d.codes))+codesByFate(d.codes)))
	}
	for _, a := range d.absent {
		all = append(all, finding.OK("optional table", fmt.Sprintf("the forum has no table of its %s (%v): %s", tolerantTables[a.name][0], a.err, tolerantTables[a.name][1])))
	}
	for _, unread := range d.unread {
		all = append(all, finding.Warn("codes", "cannot read "+unread,
			"grant SELECT on this table to the account in [forum] dsn, or replace the query in the file of [forum] queries; until then, only well-known names of codes are hidden"))
	}
	for _, w := range d.warnings {
		all = append(all, finding.Warn("word filter", w, "replace the query word_filter in the file of [forum] queries, or write the word without a regular expression"))
	}
	return all
}

// tolerantTables say what the tables of [tolerantQueries] hold, and what is lost without them.
var tolerantTables = map[string][2]string{
	"codes":       {"own BB codes", "only codes with well-known names are shown or hidden"},
	"word_filter": {"word filter", "emails show all words as members typed them"},
}

// codesByFate lists the codes, one line for each fate.
func codesByFate(codes []Code) string {
	var b strings.Builder
	for _, fate := range []struct {
		fate  markup.Fate
		words string
	}{
		{markup.FateHidden, "hidden (to show the content of one in emails, add its name to show_tags in [forum])"},
		{markup.FateShown, "shown"},
		{markup.FateEmail, "shown as in the forum's own emails (email replacement)"},
		{markup.FateBuiltIn, "shown as the code of that name that Postrider knows"},
	} {
		var names []string
		for _, c := range codes {
			if c.Fate == fate.fate {
				names = append(names, c.Name)
			}
		}
		if len(names) > 0 {
			b.WriteString("\n" + fate.words + ": " + strings.Join(names, ", "))
		}
	}
	return b.String()
}
