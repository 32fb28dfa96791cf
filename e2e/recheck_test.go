package e2e

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/internal/servertest"
	"postrider/internal/smtptest"
)

// crowdChanges are changes of the forum while its alerts are sent.
var crowdChanges = map[string]struct{ ban, move, remove string }{
	"xenforo2": {
		ban:    `UPDATE xf_user SET is_banned = 1 WHERE user_id > 100000 AND user_id % 3 = 0`,
		move:   `UPDATE xf_user SET email = CONCAT('new-', email) WHERE user_id > 100000 AND user_id % 3 = 1`,
		remove: `UPDATE xf_post SET message_state = 'deleted' WHERE post_id = @post`,
	},
	"mybb": {
		ban:    `UPDATE mybb_users SET usergroup = 7 WHERE uid > 100000 AND uid % 3 = 0`,
		move:   `UPDATE mybb_users SET email = CONCAT('new-', email) WHERE uid > 100000 AND uid % 3 = 1`,
		remove: `UPDATE mybb_posts SET visible = -1 WHERE pid = @post`,
	},
}

// TestRecheck_SlowRelayGetsNothingOutdated bans members, changes addresses and deletes the post while a slow relay takes the
// messages about it. Five seconds after a change, every message respects it.
func TestRecheck_SlowRelayGetsNothingOutdated(t *testing.T) {
	t.Parallel()
	const watchers, pause, window = 90, 4 * time.Second, 5 * time.Second
	binary := buildBinary(t)
	for kind, forum := range alertForums {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			dsn, _ := loadForum(t, kind)
			db := servertest.OpenMariaDB(t, dsn)
			db.SetMaxOpenConns(1) // for its variables
			forum.addWatchers(t, db, watchers)
			exec := func(query string) time.Time {
				t.Helper()
				if _, err := db.ExecContext(t.Context(), query); err != nil {
					t.Fatalf("%s: %v", query, err)
				}
				return time.Now()
			}
			relay, dir := smtptest.New(t, smtptest.WithPause(pause)), t.TempDir()
			config := appendConfig(t, writeConfig(t, dir, kind, dsn, "sqlite:"+filepath.Join(dir, "postrider.db"), relay.URL()),
				"[alerts]\nmode = \"every\"\ndebounce = \"0s\"\ndebounce_max = \"0s\"\n[scan]\ninterval = \"1s\"\n")
			makeDigestsDue(t, config, "sqlite:"+filepath.Join(dir, "postrider.db")) // so that the first round is logged
			p := start(t, binary, "run", "-c", config)
			p.waitFor(t, "first round", func() bool { return strings.Contains(p.out.String(), `"tick":"start"`) })
			forum.writeReply(t, db, "Nobody should read this later.")
			arrived := func(n int) {
				t.Helper()
				p.waitFor(t, fmt.Sprintf("message %d", n), func() bool { return relay.Count() >= n })
			}
			arrived(10)
			exec(crowdChanges[kind].ban)
			changed := exec(crowdChanges[kind].move)
			p.waitFor(t, "messages after the change", func() bool { return arrivedAfter(relay, changed.Add(window+pause)) > 0 })
			removed := exec(crowdChanges[kind].remove)
			p.waitFor(t, "end of the alerts", func() bool { return time.Since(removed) > window+2*pause })
			p.stop(t)
			late := 0
			for _, m := range relay.Messages() {
				var member int
				if _, err := fmt.Sscanf(m.To, "crowd%d@", &member); err != nil && m.At.Before(changed) {
					t.Errorf("unexpected recipient %s", m.To)
				}
				if m.At.After(changed.Add(window)) {
					if late++; !strings.HasPrefix(m.To, "new-") && member%3 != 2 {
						t.Errorf("%v after the change, a message went to %s", m.At.Sub(changed), m.To)
					}
				}
				if m.At.After(removed.Add(window)) && bytes.Contains(m.Data, []byte("Nobody should read")) {
					t.Errorf("%v after it was deleted, the post went to %s", m.At.Sub(removed), m.To)
				}
			}
			if n := relay.Count(); late == 0 || n > watchers*2/3 {
				t.Errorf("%d messages were sent, %d of them long after the change; want some, and not all", n, late)
			}
		})
	}
}

func arrivedAfter(relay *smtptest.Server, at time.Time) int {
	return len(slices.DeleteFunc(slices.Clone(relay.Messages()), func(m smtptest.Message) bool { return m.At.Before(at) }))
}
