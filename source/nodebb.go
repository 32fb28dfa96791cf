package source

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"postrider/forum"
	"postrider/internal/finding"
	"postrider/internal/sqlfile"
	"postrider/markup"
)

func nodebb() forumType {
	return forumType{
		name:   "nodebb",
		title:  "NodeBB 3 and 4",
		markup: "Markdown",
		notes: "On PostgreSQL only, not on MongoDB or Redis. Reads the privilege topics:read of groups and members. A watched category includes all " +
			"its posts; a tracked one is no watch. Posts of the fediverse are left out. NodeBB has no time zones.",
		engines: []sqlfile.Engine{sqlfile.Postgres},
		files:   []string{"nodebb.sql"},
		macros: map[string]sqlfile.Macro{
			"key": nodebbKey, "number": nodebbNumber, "group": nodebbGroup, "each": nodebbEach, "setting": nodebbSetting,
			"declined": nodebbDeclined, "digest_choice": nodebbDigestChoice, "listed_name": nodebbListedName, "slug": nodebbSlug,
		},
		links:     func(base string) forum.Links { return nodebbLinks(base) },
		dialect:   markup.Dialect{ShortNames: true},
		body:      nodebbBody,
		escape:    strings.ToLower, // its lists of names and addresses are in lower case
		rights:    parseRightDigits,
		leftOut:   nodebbLeftOut,
		schedules: true,
	}
}

// nodebbLinks are NodeBB's own URLs. It finds the topic of a post and the name of a member, and adds names to the others.
type nodebbLinks string

func (l nodebbLinks) Section(id forum.SectionID) string {
	return fmt.Sprintf("%s/category/%d", string(l), id)
}

func (l nodebbLinks) Thread(id forum.ThreadID) string {
	return fmt.Sprintf("%s/topic/%d", string(l), id)
}

func (l nodebbLinks) Post(_ forum.ThreadID, id forum.PostID) string {
	return fmt.Sprintf("%s/post/%d", string(l), id)
}

func (l nodebbLinks) Member(id forum.MemberID) string {
	return fmt.Sprintf("%s/uid/%d", string(l), id)
}

// nodebbBreak marks where the fediverse sees the end of a long post. NodeBB does not show it (src/posts/parse.js).
const nodebbBreak = "[...]"

func nodebbBody(d markup.Dialect, stored string, l markup.Links) markup.Doc {
	return d.Markdown(strings.Replace(stored, nodebbBreak, "", 1), l)
}

// nodebbLeftOut says how many posts cannot be read. It counts up to 10,000.
func nodebbLeftOut(ctx context.Context, s *Snapshot) []finding.Finding {
	const count = "SELECT COUNT(*) FROM (SELECT 1 FROM legacy_zset WHERE _key = 'postsRemote:pid' LIMIT 10000) r"
	var posts int
	s.db.statements.Add(1)
	if err := s.tx.QueryRowContext(ctx, count).Scan(&posts); err != nil {
		return []finding.Finding{finding.Fail("fediverse", err.Error(), "grant SELECT on all tables of the forum to the account in [forum] dsn: see docs/forums.md")}
	}
	if posts == 0 {
		return nil
	}
	return []finding.Finding{finding.OK("fediverse", fmt.Sprintf("posts of the fediverse are left out, because they have addresses in place of IDs: %d", posts))}
}

// The macros of nodebb.sql. A colon in a literal is a parameter to sqlx, so it becomes CHR(58).
const sqlColon = "' || CHR(58) || '"

var (
	keyHole      = regexp.MustCompile(`\[([^\]]+)\]`)
	quotedColons = regexp.MustCompile(`'[^']*:[^']*'`)
)

// nodebbKey returns a key: "post:[p.id]" is 'post:' and the value of p.id.
func nodebbKey(key string) string {
	text := strings.ReplaceAll("'"+keyHole.ReplaceAllString(key, "' || ($1) || '")+"'", ":", sqlColon)
	return "(" + strings.ReplaceAll(strings.ReplaceAll(text, "'' || ", ""), " || ''", "") + ")"
}

// nodebbNumber returns the whole number at the start of a text, or 0: a value that is no number must not end a query.
func nodebbNumber(text string) string {
	text = quotedColons.ReplaceAllStringFunc(text, func(s string) string { return "(" + strings.ReplaceAll(s, ":", sqlColon) + ")" })
	return "COALESCE(CAST(SUBSTRING(CAST(" + text + " AS TEXT) FROM '^-{0,1}[0-9]{1,15}') AS BIGINT), 0)"
}

// nodebbGroup returns the ID of a group, which has only a name: 52 bits of its checksum.
func nodebbGroup(name string) string {
	return "CAST(CAST('x' || SUBSTR(MD5(" + name + "), 1, 13) AS BIT(52)) AS BIGINT)"
}

// nodebbEach returns a table of the values of a parameter, as texts.
func nodebbEach(param string) string { return "UNNEST(CAST(ARRAY[:" + param + "] AS TEXT[]))" }

// nodebbSetting returns a setting of the member whose settings are s, or else of the forum, or else a default.
func nodebbSetting(arg string) string {
	name, otherwise, _ := strings.Cut(arg, " ")
	return fmt.Sprintf("COALESCE(NULLIF(s.data->>'%s', ''), %s, '%s')", name, nodebbConfig(name), otherwise)
}

// nodebbConfig returns a setting of the forum, or NULL.
func nodebbConfig(name string) string {
	return fmt.Sprintf("(SELECT NULLIF(o.data->>'%s', '') FROM legacy_hash o WHERE o._key = 'config')", name)
}

// nodebbDeclined returns the kinds of email that the member whose settings are s declined. What the forum gives nobody by default
// is not declined: settings are saved all at once, so they say nothing about a choice.
func nodebbDeclined(string) string {
	none := func(name string) string {
		return fmt.Sprintf("s.data->>'%s' = 'none' AND COALESCE(%s, 'notification') <> 'none'", name, nodebbConfig(name))
	}
	return "CONCAT_WS(',', CASE WHEN s.data->>'dailyDigestFreq' = 'off' AND COALESCE(" + nodebbConfig("dailyDigestFreq") + ", 'off') <> 'off' THEN 'digests' END, " +
		"CASE WHEN " + none("notificationType_new-reply") + " AND " + none("notificationType_mention") + " THEN 'alerts' END)"
}

// nodebbDigestChoice returns what the member whose settings are s chose about digests. NodeBB knows "day", "week", "biweek" (every two
// weeks) and "month" (src/user/digest.js).
func nodebbDigestChoice(string) string {
	const own = "s.data->>'dailyDigestFreq'"
	return "CASE WHEN " + own + " = COALESCE(" + nodebbConfig("dailyDigestFreq") + ", 'off') THEN '' ELSE " +
		"CASE " + own + " WHEN 'day' THEN 'daily' WHEN 'week' THEN 'weekly' WHEN 'biweek' THEN 'two_weeks' WHEN 'month' THEN 'monthly' ELSE '' END END"
}

// nodebbListedName returns the name in a row z of the list "username:sorted": "ray:2".
func nodebbListedName(string) string { return "LEFT(z.value, -POSITION(CHR(58) IN REVERSE(z.value)))" }

// nodebbSlug returns a name in lower case as it is in addresses: with one dash for all that is neither letter nor digit
// (public/src/modules/slugify.js). Of other scripts, marks stay; then a name is only found by its address.
func nodebbSlug(name string) string {
	const marks = " !\"#$%&()*+,./;<=>@[]^`{|}~"
	others := "CHR(39) || CHR(58) || CHR(63) || CHR(92)"
	return "TRIM(BOTH '-' FROM REGEXP_REPLACE(TRANSLATE(" + name + ", '" + marks + "' || " + others + ", '" + strings.Repeat("-", len(marks)+4) + "'), '-+', '-', 'g'))"
}
