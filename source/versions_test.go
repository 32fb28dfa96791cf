package source

import (
	"slices"
	"testing"

	"postrider/internal/finding"
)

// otherVersions change the database of a dump to that of another version of the forum's software, as far as Postrider reads it.
var otherVersions = []struct{ name, kind, statements string }{
	// The migrations of the branch 2.x of flarum/framework that concern the tables of 1.8: 2023_10_23, 2024_02_23, 2024_05_05.
	{"flarum 2 on MariaDB", "flarum", `ALTER TABLE discussions DROP post_number_index;
		ALTER TABLE tags ADD is_primary TINYINT(1) NOT NULL DEFAULT 0 AFTER background_mode; UPDATE tags SET is_primary = 1 WHERE position IS NOT NULL;
		ALTER TABLE users ADD preferences_json JSON NULL; UPDATE users SET preferences_json = CONVERT(preferences USING utf8mb4);
		ALTER TABLE users DROP preferences; ALTER TABLE users RENAME COLUMN preferences_json TO preferences`},
	{"flarum 2 on PostgreSQL", "flarum/postgres", `ALTER TABLE discussions DROP post_number_index; ALTER TABLE tags ADD is_primary BOOLEAN NOT NULL DEFAULT FALSE`},
	{"flarum 2 on SQLite", "flarum/sqlite", `ALTER TABLE discussions DROP post_number_index; ALTER TABLE tags ADD is_primary TINYINT(1) NOT NULL DEFAULT 0`},
	// v3.0.0 to v3.9.1 have the same tables as v4.15.1 (src/database/postgres.js). They know no fediverse, no text before it was
	// converted (sourceContent), and no mask of privileges; whether votes are public was another setting (src/upgrades/3.8.2).
	{"nodebb 3", "nodebb", `DELETE FROM legacy_set WHERE _key LIKE 'cid:%:privilegeMask';
		UPDATE legacy_hash SET data = data - 'sourceContent' - 'handle' - 'upvoteVisibility' - 'downvoteVisibility' WHERE data ?| ARRAY['sourceContent', 'handle', 'upvoteVisibility'];
		DELETE FROM legacy_hash WHERE _key ~ '^(post|topic|user|category):[^0-9]'; DELETE FROM legacy_zset WHERE _key ~ 'Remote'`},
	// phpBB before 3.3 has no time of the last action (develop/3.3 of phpbb/phpbb, migration v33x/add_user_last_active).
	{"phpbb 3.2", "phpbb3", `ALTER TABLE phpbb_users DROP user_last_active; UPDATE phpbb_config SET config_value = '3.2.11' WHERE config_name = 'version'`},
}

func TestOtherVersions_ShowTheSamePosts(t *testing.T) {
	for _, v := range otherVersions {
		t.Run(v.name, func(t *testing.T) {
			f := newFixture(t, v.kind)
			execute(t, openAny(t, f.dsn), v.statements)
			db := f.open(t)
			for name, want := range f.expect.Members {
				got := postsVisibleTo(t, f, db, want.ID)
				if !slices.Equal(got.show, want.Show) || !slices.Equal(got.own, want.Own) || !slices.Equal(got.watched, want.Watched) {
					t.Errorf("%s may see %v, wrote %v and watches %v, want %v, %v and %v", name, got.show, got.own, got.watched, want.Show, want.Own, want.Watched)
				}
			}
			for _, x := range append(db.Check(t.Context()), db.CheckRows(t.Context(), f.now())...) {
				if x.Level == finding.LevelFail {
					t.Errorf("%s: %s", x.Part, x.Text)
				}
			}
		})
	}
}
