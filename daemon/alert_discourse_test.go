package daemon

import (
	"database/sql"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/daemon/settings"
	"postrider/internal/racetest"
	"postrider/internal/servertest"
	"postrider/mail"
	"postrider/source"
)

// newDiscourseWorld opens a world with alerts around the dump of a Discourse forum, after its posts. Before that, it changes the forum.
func newDiscourseWorld(t *testing.T, change string) *world {
	t.Helper()
	dsn := servertest.Postgres(t)
	servertest.LoadPostgresDump(t, dsn, "../source/testdata/discourse-postgres.sql.gz")
	w := newWorld(t)
	var err error
	if w.forum, err = sql.Open("postgres", dsn); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.forum.Close() })
	w.execSQL(change)
	config := source.DefaultConfig()
	config.Type, config.DSN, config.URL = "discourse", dsn, "https://forum.example.org"
	if w.source, err = source.Open(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.source.Close() })
	w.set.Alerts = settings.DefaultAlerts()
	w.restart()
	w.setTime(time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC))
	return w
}

// alerted lists the recipients of messages since the last call, sorted.
func (w *world) alerted() (to []string) {
	w.Helper()
	w.relay.mu.Lock()
	defer w.relay.mu.Unlock()
	for _, sent := range w.relay.tries {
		if sent.out.Result == mail.Accepted {
			name, _, _ := strings.Cut(sent.to, "@")
			to = append(to, name)
		}
	}
	w.relay.tries = nil
	slices.Sort(to)
	return to
}

// TestAlert_DiscourseGroupMention mentions a group in a category that oldhand muted. In the dump, ray, staff2 and staffsec are in the
// group already, and amp muted the author, bobby.
func TestAlert_DiscourseGroupMention(t *testing.T) {
	t.Parallel()
	racetest.SkipIfRace(t)
	const topic = `(SELECT MIN(id) FROM topics WHERE category_id = 13 AND visible AND deleted_at IS NULL AND id NOT IN (SELECT topic_id FROM categories))`
	w := newDiscourseWorld(t, `ALTER TABLE groups ADD COLUMN mentionable_level INT DEFAULT 0; UPDATE groups SET mentionable_level = 99, user_count = 5 WHERE name = 'staffers';
		DELETE FROM topic_users; DELETE FROM tag_users; DELETE FROM category_users WHERE notification_level > 0;
		INSERT INTO group_users (id, group_id, user_id, created_at, updated_at) SELECT 9000 + id, 41, id, now(), now() FROM users WHERE username_lower IN ('w.g.ewald', 'old_hand', 'fish_and_chips', 'ahmad', 'minjun_kim');
		INSERT INTO ignored_users (id, user_id, ignored_user_id, created_at, updated_at, expiring_at) VALUES (99, 7, 12, now(), now(), '2036-01-01');
		INSERT INTO topic_users (user_id, topic_id, notification_level) SELECT 9, `+topic+`, 0`)
	w.round()
	w.alerted()
	write := func(id int, cooked string) []string {
		w.execSQL(`INSERT INTO posts (id, user_id, topic_id, post_number, raw, cooked, created_at, updated_at, last_version_at)
			SELECT $1, 12, `+topic+`, $1, '', $2, $3, $3, $3`, id, cooked, w.clock())
		w.round()
		w.advanceClock(2 * time.Minute)
		return w.alerted()
	}
	// amp and minjun ignore the author, ahmad muted the topic. In a muted category, Discourse still notifies those who are mentioned.
	if to := write(90001, `<p><a class="mention-group notify" href="/groups/staffers">@staffers</a>, look.</p>`); !slices.Equal(to, []string{"oldhand", "ray", "staff2", "staffsec", "wg"}) {
		t.Errorf("the mention of the group alerts %v, want oldhand, ray, staff2, staffsec and wg", to)
	}
	if to := write(90002, `<p><a class="mention-group" href="/groups/staffers">@staffers</a>, look.</p>`); len(to) != 0 {
		t.Errorf("the mention of a group that the author may not mention alerts %v", to)
	}
	w.execSQL(`INSERT INTO category_users (id, category_id, user_id, notification_level) VALUES (99, 13, 21, 3)`)
	if to := write(90003, `<p>No mention.</p>`); !slices.Equal(to, []string{"noon"}) {
		t.Errorf("a post in the category alerts %v, want only noon, who watches it", to)
	}
}
