package source

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"postrider/internal/finding"
)

// hidingAddons are add-ons that hide posts from members in a way that the queries of the type do not read, by forum type: a part of the
// add-on's plain name, and what it hides. Add-ons whose effect the queries read are not here: discussions of fof/byobu are private ones
// to Flarum, and the codes of most "hide" add-ons are unknown BB codes.
var hidingAddons = map[string]map[string]string{
	"mybb":   {"privatethread": "threads from all but chosen members"},                                // OUGC-Network/ougc-Private-Threads
	"smf2":   {"personalizedbbc": "the content of its BB codes from groups without their permission"}, // Underdog-01/Personalized_BBC
	"flarum": {"visibletooponly": "replies from all but the author of the discussion"},                // imdong/flarum-ext-visible-to-op-only
	"discourse": {
		"privatereplies":   "replies from all but their authors and the owner of the topic", // communiteq/discourse-private-replies
		"categorylockdown": "topics of locked categories from members outside a group",      // paviliondev/discourse-category-lockdown
	},
}

// hidingWords are words in the names of add-ons that may limit who may read what.
var hidingWords = []string{
	"private", "hide", "hidden", "hiding", "invisible", "visibility", "visibleto", "secret", "confidential", "restrict", "permission", "gated", "gatekeep",
	"paywall", "lockdown", "unlock", "premium", "membersonly", "staffonly", "viewown", "ownthreads", "owntopics", "seepast", "tosee", "toview", "toread",
}

// checkAddons stops at active add-ons that are known to hide posts, and names those that may.
func (s *Snapshot) checkAddons(ctx context.Context) []finding.Finding {
	names, err := s.addons(ctx)
	if err != nil {
		return []finding.Finding{finding.Warn("add-ons", "the forum's list of active add-ons cannot be read: "+err.Error(),
			"look in the forum's admin area for add-ons that limit who may read what. If there is none, replace the query addons in the file of [forum] queries")}
	}
	if len(names) == 0 {
		return nil
	}
	var all []finding.Finding
	var doubtful []string
	for _, name := range names {
		if hidden := hiddenBy(s.db.kind.name, name); hidden != "" {
			all = append(all, finding.Fail("add-ons", fmt.Sprintf("%s hides %s. Postrider cannot read from whom, so emails would show it to everyone", name, hidden),
				"deactivate it on the forum. Or let your own queries leave out what it hides, and the query addons leave out its name: see docs/forums.md, \"Add-ons that hide posts\""))
		} else if mayHide(name) {
			doubtful = append(doubtful, name)
		}
	}
	if len(doubtful) > 0 {
		all = append(all, finding.Warn("add-ons", "by their names, these may limit who may read what: "+strings.Join(doubtful, ", ")+"; if they hide posts, emails still show these",
			"compare previews of members who may not read them with what they see on the forum: see docs/forums.md, \"Add-ons that hide posts\""))
	}
	if len(all) == 0 {
		all = []finding.Finding{finding.OK("add-ons", fmt.Sprintf("%d active; no name says that one hides posts", len(names)))}
	}
	return all
}

// addons returns the names of the active add-ons, sorted.
func (s *Snapshot) addons(ctx context.Context) ([]string, error) {
	var row string
	found := make(map[string]bool)
	err := s.queryNamed(ctx, "addons", nil, columns{"name": &row}, func() error {
		names := []string{row}
		if s.db.kind.addons != nil {
			var err error
			if names, err = s.db.kind.addons(row); err != nil {
				return err
			}
		}
		for _, name := range names {
			if name = oneLine(name); name != "" {
				found[string([]rune(name)[:min(80, len([]rune(name)))])] = true
			}
		}
		return nil
	})
	return slices.Sorted(maps.Keys(found)), err
}

// plainName returns a name without case and punctuation: "ougc_privatethreads" and "Private Threads" have "privatethreads" in common.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("-_./:\\ ", r) {
			return -1
		}
		return r
	}, strings.ToLower(name))
}

// hiddenBy returns what an add-on is known to hide, or "".
func hiddenBy(forumType, name string) string {
	for part, hidden := range hidingAddons[forumType] {
		if strings.Contains(plainName(name), part) {
			return hidden
		}
	}
	return ""
}

func mayHide(name string) bool {
	return slices.ContainsFunc(hidingWords, func(word string) bool { return strings.Contains(plainName(name), word) })
}

// checkUnknownRights names the permissions of add-ons, which Postrider does not apply.
func (s *Snapshot) checkUnknownRights(ctx context.Context) []finding.Finding {
	var name string
	var names []string
	err := s.queryNamed(ctx, "unknown_rights", nil, columns{"name": &name}, func() error {
		names = append(names, name)
		return nil
	})
	if err != nil || len(names) == 0 { // checkQueries reports the error
		return nil
	}
	return []finding.Finding{finding.Warn("unknown permissions", "an add-on has permissions of its own for sections: "+strings.Join(names, ", ")+"; if they hide posts, emails still show these",
		"compare previews of members without these permissions with what they see on the forum; if they differ, replace the query rights in the file of [forum] queries")}
}

// mybbAddons decodes MyBB's cache of plugins: an array of the active ones, among others (inc/class_plugins.php). A name of an
// administrator's own query stays as it is.
func mybbAddons(stored string) ([]string, error) {
	if !strings.HasPrefix(stored, "a:") {
		return []string{stored}, nil
	}
	if stored == "a:0:{}" {
		return nil, nil
	}
	active, err := parsePHPField([]byte(stored), "active")
	if err != nil {
		return nil, err
	}
	var names []string
	list, _ := active.(map[string]any)
	for key, value := range list {
		name, _ := value.(string)
		names = append(names, cmp.Or(name, key))
	}
	return names, nil
}

// flarumAddons decodes a JSON array of names, or an object of them, as PHP writes an array with a gap. A name of an administrator's own
// query stays as it is.
func flarumAddons(stored string) ([]string, error) {
	var names []string
	var numbered map[string]string
	switch {
	case strings.HasPrefix(stored, "["):
		err := json.Unmarshal([]byte(stored), &names)
		return names, err
	case strings.HasPrefix(stored, "{"):
		if err := json.Unmarshal([]byte(stored), &numbered); err != nil {
			return nil, err
		}
		return slices.Collect(maps.Values(numbered)), nil
	}
	return []string{stored}, nil
}

// smfAddons decodes the functions in a hook, "$sourcedir/Mod.php|Mod::hook,other_function", or the name of a package.
func smfAddons(stored string) ([]string, error) {
	var names []string
	for hook := range strings.SplitSeq(stored, ",") {
		_, function, inFile := strings.Cut(hook, "|")
		if !inFile {
			function = hook
		}
		names = append(names, strings.TrimSpace(strings.Trim(function, "#")))
	}
	return names, nil
}
