package source

import (
	"strings"

	"postrider/internal/sqlfile"
)

// Certainty is how well a forum type is tested with some versions, on each database. The words are those of docs/forums.md, "How sure
// we are"; empty: Postrider cannot read the type from that database.
type Certainty struct {
	Forum    string `json:"forum"` // "MyBB 1.8.37"
	MariaDB  string `json:"mariadb,omitempty"`
	MySQL    string `json:"mysql,omitempty"`
	Postgres string `json:"postgres,omitempty"`
	SQLite   string `json:"sqlite,omitempty"`
}

// certainties are the rows of the table in docs/forums.md, by forum type.
var certainties = map[string][]Certainty{
	"xenforo2":  {{"XenForo 2.1 to 2.3", "filled", "schema", "", ""}},
	"xenforo1":  {{"XenForo 1.5", "filled", "schema", "", ""}},
	"mybb":      {{"MyBB 1.8.37", "own data", "schema", "copy", "copy"}, {"MyBB 1.8, older", "schema", "schema", "schema", "schema"}},
	"phpbb3":    {{"phpBB 3.3.17", "copy", "schema", "own data", "copy"}, {"phpBB 3.2", "schema", "schema", "copy", "schema"}, {"phpBB 3.1, and older 3.3", "schema", "schema", "schema", "schema"}},
	"fluxbb":    {{"FluxBB 1.5.11", "own data", "schema", "copy", "copy"}, {"FluxBB 1.5, older", "schema", "schema", "schema", "schema"}},
	"smf2":      {{"SMF 2.1.4", "own data", "schema", "copy", ""}, {"SMF 2.1, older", "schema", "schema", "schema", ""}, {"SMF 2.0.15", "copy", "schema", "copy", ""}, {"SMF 2.0, older", "schema", "schema", "schema", ""}},
	"nodebb":    {{"NodeBB 4.15.1", "", "", "own data", ""}, {"NodeBB 3.0 to 3.9", "", "", "copy", ""}, {"NodeBB 3.10 to 4.14", "", "", "schema", ""}},
	"discourse": {{"Discourse 2.5 and later", "", "", "filled", ""}},
	"vanilla":   {{"Vanilla 2025.010", "own data", "schema", "", ""}, {"Vanilla 3.0 to 2024", "schema", "schema", "", ""}},
	"flarum":    {{"Flarum 1.8.7", "own data", "schema", "", ""}, {"Flarum 2", "copy", "schema", "copy", "copy"}},
}

// unsupported is what Postrider leaves out of a forum, by forum type.
var unsupported = map[string]string{
	"xenforo2": "Options of add-ons that limit who may read a thread beyond XenForo's own permissions.",
	"xenforo1": "Options of add-ons that limit who may read a thread beyond XenForo's own permissions.",
	"mybb":     "Forums with a password are left out, with all forums below them.",
	"phpbb3": "Forums with a password are left out, the forums below them are not. phpBB has no likes and no mentions by @name. Add-ons with their own " +
		"permissions.",
	"fluxbb": "FluxBB has no ignore lists, no likes, no mentions, no own BB codes and no approval of posts.",
	"smf2": "Boards that only their own moderators may see are left out. Mentions by @name. BB codes of add-ons are hidden by name only. " +
		"SMF 2.0 on SQLite, which uses a format that no current program opens.",
	"nodebb":    "Posts, topics and categories of the fediverse, and the posts of members in them. A crosspost counts in its own category.",
	"discourse": "Whispers and the texts of private messages are never read. Mentions of @here.",
	MirrorType:  "Likes, read marks, ignore lists, mentions.",
	customName:  "IDs that are no whole numbers, such as UUIDs. For each query that your file lacks, docs/query-contract.md says what applies.",
	"vanilla":   "Discussions of groups, polls, and settings in conf/config.php: defaults of notifications, and the add-ons.",
	"flarum": "Links to members, which need the user name. Polls, uploads and \"best answer\" of extensions. Extensions that " +
		"hide posts without marking them as private.",
}

// Comparison says what of a forum's own the self-check compares with what the queries find, beside what it checks on every forum: in which
// tables the forum counts, and lists its add-ons. Empty: the forum keeps nothing of the kind in its database.
type Comparison struct {
	Posts   string `json:"posts"` // of the newest threads
	Members string `json:"members,omitempty"`
	Addons  string `json:"add_ons,omitempty"`
}

// comparisons are the rows of the table in docs/forums.md, by forum type.
var comparisons = map[string]Comparison{
	"xenforo2":  {"reply_count in xf_thread", "forumStatistics in xf_data_registry", "xf_addon; their permissions in xf_permission"},
	"xenforo1":  {"reply_count in xf_thread", "boardTotals in xf_data_registry", "xf_addon; their permissions in xf_permission"},
	"mybb":      {"replies in mybb_threads", "stats in mybb_datacache", "plugins in mybb_datacache"},
	"phpbb3":    {"topic_posts_approved in phpbb_topics", "num_users in phpbb_config", "phpbb_ext; their permissions in phpbb_acl_options"},
	"fluxbb":    {"num_replies in topics", "", ""},
	"smf2":      {"num_replies in smf_topics", "totalMembers in smf_settings", "smf_log_packages; hooks (integrate_...) in smf_settings"},
	"nodebb":    {"the lists of posts of categories in legacy_zset", "userCount of global in legacy_hash", "plugins:active in legacy_zset"},
	"discourse": {"posts_count in topics", "user_count of trust_level_0 in groups", "settings that end in _enabled in site_settings"},
	"flarum":    {"comment_count in discussions", "", "extensions_enabled in settings"},
	"vanilla":   {"CountComments in GDN_Discussion", "", ""},
}

// Grants are the statements that make an account which can only read, by database. FORUM is the name of the forum's database.
type Grants struct {
	Engine     string `json:"database"`
	Statements string `json:"statements"`
}

var readOnlyAccounts = map[sqlfile.Engine]string{
	sqlfile.MySQL: "CREATE USER 'reader'@'127.0.0.1' IDENTIFIED BY '...';\n" +
		"GRANT SELECT ON FORUM.* TO 'reader'@'127.0.0.1';",
	sqlfile.Postgres: "CREATE ROLE reader LOGIN PASSWORD '...';\n" +
		"GRANT CONNECT ON DATABASE FORUM TO reader;\n" +
		"GRANT USAGE ON SCHEMA public TO reader;\n" +
		"GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;",
	sqlfile.SQLite: "-- SQLite has no accounts: let the user that runs postrider read the file, and not write it.",
}

// grantedTables are the tables to grant, for forum types whose database also has what Postrider must not read.
var grantedTables = map[string]string{
	"nodebb": "legacy_hash, legacy_zset, legacy_set",
	"discourse": "categories, category_groups, category_users, group_users, groups, users, user_emails, user_options, user_stats,\n" +
		"  topics, topic_users, posts, post_actions, ignored_users, muted_users, shared_drafts, watched_words, anonymous_users,\n" +
		"  tags, topic_tags, tag_users, tag_group_memberships, tag_group_permissions",
}

func grantsOf(k forumType) []Grants {
	var list []Grants
	for _, e := range k.engines {
		statements := readOnlyAccounts[e]
		if tables := grantedTables[k.name]; tables != "" {
			statements = strings.Replace(statements, "ALL TABLES IN SCHEMA public", tables, 1)
		}
		list = append(list, Grants{string(e), statements})
	}
	return list
}
