package source

import (
	"strings"
	"testing"

	"postrider/internal/finding"
)

// flagsWithOtherMeaning change how a forum marks visible posts, as another version or an add-on could.
var flagsWithOtherMeaning = map[string]string{
	"xenforo2":  "ALTER TABLE xf_post MODIFY message_state varchar(20); UPDATE xf_post SET message_state = 'shown' WHERE message_state = 'visible'",
	"xenforo1":  "UPDATE xf_post SET message_state = 'moderated' WHERE message_state = 'visible'",
	"mybb":      "UPDATE mybb_posts SET visible = 2 WHERE visible = 1",
	"phpbb3":    "UPDATE phpbb_posts SET post_visibility = 4 WHERE post_visibility = 1",
	"fluxbb":    "UPDATE topics SET num_replies = num_replies + 1",             // counts the opening post, too
	"vanilla":   "UPDATE GDN_Discussion SET CountComments = CountComments + 1", // counts the opener, too
	"nodebb":    `UPDATE legacy_hash SET data = data || '{"deleted": 2}' WHERE _key LIKE 'post:%' AND data->>'deleted' IS NULL`,
	"smf2":      "UPDATE smf_messages SET approved = 2 WHERE approved = 1",
	"flarum":    "UPDATE posts SET hidden_at = created_at WHERE hidden_at IS NULL", // an extension's own use of it
	"discourse": "UPDATE posts SET post_type = 4 WHERE post_type = 1",
}

func TestCheck_WarnsOfMiscountedThread(t *testing.T) {
	f := newFixture(t, "mybb")
	execute(t, openAdmin(t, f), "UPDATE mybb_threads SET replies = replies + 3 WHERE visible = 1 ORDER BY tid DESC LIMIT 1")
	got := findingNamed(f.open(t).Check(t.Context()), "counters")
	if got.Level != finding.LevelWarn || !strings.Contains(got.Text, "19 of the 20") {
		t.Errorf("counters = %+v, want a warning that 19 of the 20 threads agree", got)
	}
}
