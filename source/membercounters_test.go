package source

import (
	"regexp"
	"strings"
	"testing"

	"postrider/internal/finding"
)

// leftOutOfDumps are statistics and add-ons that forums keep, as their software writes them, and dumps leave out.
var leftOutOfDumps = map[string]string{
	"xenforo2": `CREATE TABLE xf_data_registry (data_key VARBINARY(25) PRIMARY KEY, data_value MEDIUMBLOB NOT NULL);
		INSERT INTO xf_data_registry SELECT 'forumStatistics', CONCAT('a:4:{s:7:"threads";s:2:"64";s:8:"messages";s:3:"601";s:5:"users";i:', COUNT(*),
			';s:10:"latestUser";a:2:{s:7:"user_id";i:41;s:8:"username";s:3:"x"y";}}') FROM xf_user WHERE user_state = 'valid' AND is_banned = 0;
		` + xenforoAddons,
	"xenforo1": `CREATE TABLE xf_data_registry (data_key VARBINARY(25) PRIMARY KEY, data_value MEDIUMBLOB NOT NULL);
		INSERT INTO xf_data_registry SELECT 'boardTotals', CONCAT('a:4:{s:11:"discussions";i:64;s:8:"messages";i:601;s:10:"latestUser";a:1:{s:7:"user_id";i:41;}s:5:"users";i:',
			COUNT(*), ';}') FROM xf_user WHERE user_state = 'valid' AND is_banned = 0;
		` + xenforoAddons,
	"mybb": `INSERT INTO mybb_datacache (title, cache) VALUES ('stats', 'a:3:{s:10:"numthreads";s:2:"63";s:8:"numposts";i:600;s:8:"numusers";s:2:"42";}');
		INSERT INTO mybb_datacache (title, cache) VALUES ('plugins', 'a:1:{s:6:"active";a:1:{s:5:"hello";s:5:"hello";}}')`,
	"vanilla":   "ALTER TABLE GDN_User DROP COLUMN CountPosts, DROP COLUMN Private", // calculated from columns that the test renames
	"phpbb3":    "INSERT INTO phpbb_ext (ext_name, ext_active, ext_state) VALUES ('phpbb/viglink', 1, '')",
	"smf2":      "INSERT INTO smf_settings (variable, value) VALUES ('integrate_pre_include', '$sourcedir/Mod.php|Mod::load')",
	"discourse": "UPDATE groups SET user_count = 41 WHERE id = 10; UPDATE site_settings SET name = 'chat_enabled', value = 't' WHERE id = 1",
}

const xenforoAddons = `CREATE TABLE xf_addon (addon_id VARBINARY(50) PRIMARY KEY, version_string VARCHAR(30) NOT NULL DEFAULT '', active TINYINT UNSIGNED NOT NULL);
	INSERT INTO xf_addon VALUES ('XF', '', 1), ('XFMG', '2.2.6', 1), ('HideAll', '1.0', 0)`

// wrongCounts are statements that break what the forum counts, or what its flags mean, and undo that, by forum type.
var wrongCounts = map[string][]struct{ name, breaks, undo string }{
	"phpbb3": {
		{"statistic", "UPDATE phpbb_config SET config_value = '12' WHERE config_name = 'num_users'", "UPDATE phpbb_config SET config_value = 'STORED' WHERE config_name = 'num_users'"},
		{"inverted flag", "UPDATE phpbb_users SET user_type = 1 - user_type WHERE user_type IN (0, 1)", "UPDATE phpbb_users SET user_type = 1 - user_type WHERE user_type IN (0, 1)"},
	},
	"nodebb": {{"statistic", `UPDATE legacy_hash SET data = data || '{"userCount": 12}' WHERE _key = 'global'`, `UPDATE legacy_hash SET data = data || '{"userCount": STORED}' WHERE _key = 'global'`}},
	"mybb":   {{"statistic", `UPDATE mybb_datacache SET cache = REPLACE(cache, '"STORED"', '"12"') WHERE title = 'stats'`, `UPDATE mybb_datacache SET cache = REPLACE(cache, '"12"', '"STORED"') WHERE title = 'stats'`}},
	"smf2": {
		{"statistic", "UPDATE smf_settings SET value = '12' WHERE variable = 'totalMembers'", "UPDATE smf_settings SET value = 'STORED' WHERE variable = 'totalMembers'"},
		{"inverted flag", "UPDATE smf_members SET is_activated = 1 - is_activated WHERE is_activated IN (0, 1)", "UPDATE smf_members SET is_activated = 1 - is_activated WHERE is_activated IN (0, 1)"},
	},
	"xenforo2":  xenforoCounts,
	"xenforo1":  xenforoCounts,
	"discourse": {{"statistic", "UPDATE groups SET user_count = 12 WHERE id = 10", "UPDATE groups SET user_count = STORED WHERE id = 10"}, {"inverted flag", "UPDATE users SET staged = NOT staged", "UPDATE users SET staged = NOT staged"}},
}

var xenforoCounts = []struct{ name, breaks, undo string }{
	{"statistic", `UPDATE xf_data_registry SET data_value = REPLACE(data_value, 'i:STORED;', 'i:12;')`, `UPDATE xf_data_registry SET data_value = REPLACE(data_value, 'i:12;', 'i:STORED;')`},
	{"inverted flag", "UPDATE xf_user SET is_banned = 1 - is_banned", "UPDATE xf_user SET is_banned = 1 - is_banned"},
}

func (b brokenForum) testMemberCounters(t *testing.T) {
	if len(wrongCounts[b.kind]) == 0 {
		t.Skip("the forum does not count its members in the database")
	}
	before := findingNamed(b.check(t, b.config()), "member counters")
	stored := firstNumber.FindString(before.Text)
	if before.Level != finding.LevelOK || stored == "" {
		t.Fatalf("member counters = %+v before anything is broken", before)
	}
	for _, wrong := range wrongCounts[b.kind] {
		execute(t, b.admin, strings.ReplaceAll(wrong.breaks, "STORED", stored))
		found := findingNamed(b.check(t, b.config()), "member counters")
		execute(t, b.admin, strings.ReplaceAll(wrong.undo, "STORED", stored))
		if found.Level != finding.LevelFail || found.Text == before.Text || found.Fix == "" {
			t.Errorf("%s: member counters = %+v, want a failure", wrong.name, found)
		}
		if after := findingNamed(b.check(t, b.config()), "member counters"); after != before {
			t.Errorf("after %s: member counters = %+v, want %+v", wrong.name, after, before)
		}
	}
}

var firstNumber = regexp.MustCompile(`[0-9]+`)

func TestMemberCounters_WarnOfUnreadableStatistic(t *testing.T) {
	f := newFixture(t, "mybb")
	execute(t, openAdmin(t, f), "INSERT INTO mybb_datacache (title, cache) VALUES ('stats', 'a:1:{s:10:\"numthreads\";i:63;}')")
	got := findingNamed(f.open(t).Check(t.Context()), "member counters")
	if got.Level != finding.LevelWarn || !strings.Contains(got.Text, "numusers") || got.Fix == "" {
		t.Errorf("member counters = %+v, want a warning that names the missing field", got)
	}
}
