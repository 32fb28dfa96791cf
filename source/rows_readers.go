package source

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"postrider/forum"
	"postrider/internal/finding"
	"postrider/internal/line"
)

// CheckReaders lists which sections the members of each access class may read, for a person to compare with the forum: rights that are well
// formed can still be the wrong ones. It returns nothing for a type that we know, and if everyone may read all.
func (db *DB) CheckReaders(ctx context.Context, now time.Time) []finding.Finding {
	if !db.kind.homemade || db.kind.public {
		return nil
	}
	var lines []string
	err := db.Read(ctx, func(s *Snapshot) error {
		members, _, err := s.SubscriberPage(ctx, 0, chunkSize, now)
		if err != nil {
			return err
		}
		count := make(map[forum.Class]int)
		for _, m := range members {
			count[m.Class]++
		}
		classes := slices.Sorted(maps.Keys(count))
		access, err := s.Access(ctx, classes)
		if err != nil {
			return err
		}
		sections, err := s.Sections(ctx)
		lines = readersOf(sections, classes, count, access)
		return err
	})
	if err != nil {
		return []finding.Finding{finding.Fail("readers", err.Error(), "correct the queries above first")}
	}
	return []finding.Finding{finding.OK("readers", "who may read what; compare it with the forum:\n"+strings.Join(lines, "\n"))}
}

// shownClasses and shownTitles are how many access classes, and sections of each, CheckReaders lists; shownTitle is how many characters
// of a title.
const shownClasses, shownTitles, shownTitle = 10, 12, 60

// readersOf returns a line for each class, and one for sections that none of them may read.
func readersOf(sections []forum.Section, classes []forum.Class, count map[forum.Class]int, access map[forum.Class]forum.Access) []string {
	var lines []string
	read := make(map[forum.SectionID]bool)
	total := 0
	for _, n := range count {
		total += n
	}
	for i, class := range classes {
		var titles []string
		for _, section := range sections {
			right := access[class][section.ID]
			if right == forum.NoRight {
				continue
			}
			read[section.ID] = true
			title := line.Shorten(section.Title, shownTitle)
			if right == forum.ReadOwn {
				title += " (own threads)"
			}
			titles = append(titles, title)
		}
		if i < shownClasses {
			lines = append(lines, fmt.Sprintf("%s, %d of %d subscribers: %s", class, count[class], total, enumerate(titles)))
		}
	}
	if len(classes) > shownClasses {
		lines = append(lines, fmt.Sprintf("and %d more combinations of roles", len(classes)-shownClasses))
	}
	var nobody []string
	for _, section := range sections {
		if !read[section.ID] {
			nobody = append(nobody, line.Shorten(section.Title, shownTitle))
		}
	}
	return append(lines, "not read by any of them: "+enumerate(nobody))
}

func enumerate(titles []string) string {
	switch {
	case len(titles) == 0:
		return "nothing"
	case len(titles) > shownTitles:
		return fmt.Sprintf("%s and %d more", strings.Join(titles[:shownTitles], ", "), len(titles)-shownTitles)
	}
	return strings.Join(titles, ", ")
}
