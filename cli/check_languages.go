package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"postrider/config"
	"postrider/forum"
	"postrider/internal/finding"
	"postrider/source"
	"postrider/templates"
)

// languageSample is how many subscribers the check of languages looks at.
const languageSample = 500

// checkLanguages names the languages that members chose on the forum and that have no texts. They get the language of the site.
func checkLanguages(ctx context.Context, cfg config.Config, db *source.DB) []finding.Finding {
	set, err := templates.Load(cfg.Templates.Dir)
	if err != nil {
		return nil // checkTemplates has reported it
	}
	members, err := someSubscribers(ctx, db)
	if err != nil {
		return []finding.Finding{finding.Fail("languages", err.Error(), "check that the account in [forum] dsn can read the members")}
	}
	missing, all := map[string]int{}, 0
	for _, m := range members {
		if m.Locale != "" && !set.HasLocale(m.Locale) {
			missing[m.Locale]++
			all++
		}
	}
	if all == 0 {
		return []finding.Finding{finding.OK("languages", fmt.Sprintf("there are texts in the languages of %s", plural(len(members), "subscriber", "subscribers")))}
	}
	names := slices.SortedFunc(maps.Keys(missing), func(a, b string) int {
		if missing[a] != missing[b] {
			return missing[b] - missing[a]
		}
		return strings.Compare(a, b)
	})
	if len(names) > 5 {
		names = append(names[:5], "...")
	}
	return []finding.Finding{finding.OK("languages", fmt.Sprintf("there are no texts in the language of %d of %s (%s): they get %s; to add a language, see docs/translating.md",
		all, plural(len(members), "subscriber", "subscribers"), strings.Join(names, ", "), cfg.Digest.Locale))}
}

func someSubscribers(ctx context.Context, db *source.DB) (members []forum.Member, err error) {
	err = db.Read(ctx, func(s *source.Snapshot) error {
		members, _, err = s.SubscriberPage(ctx, 0, languageSample, time.Now())
		return err
	})
	return members, err
}
