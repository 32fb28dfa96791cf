package source

import (
	"strings"
	"testing"

	"postrider/internal/finding"
)

// flagsWithOtherMeaning change how a forum marks visible posts, as another version or an add-on could.
var flagsWithOtherMeaning = map[string]string{
	"xenforo2": "ALTER TABLE xf_post MODIFY message_state varchar(20); UPDATE xf_post SET message_state = 'shown' WHERE message_state = 'visible'",
	"mybb":     "UPDATE mybb_posts SET visible = 2 WHERE visible = 1",
	"fluxbb":   "UPDATE topics SET num_replies = num_replies + 1", // counts the opening post, too
	"nodebb":   `UPDATE legacy_hash SET data = data || '{"deleted": 2}' WHERE _key LIKE 'post:%' AND data->>'deleted' IS NULL`,
	"smf2":     "UPDATE smf_messages SET approved = 2 WHERE approved = 1",
}

func TestCheck_FailsIfFlagsHaveAnotherMeaning(t *testing.T) {
	for kind, statement := range flagsWithOtherMeaning {
		t.Run(kind, func(t *testing.T) {
			f := newFixture(t, kind)
			execute(t, openAny(t, f.dsn), statement)
			got := findingNamed(f.open(t).Check(t.Context()), "counters")
			if got.Level != finding.LevelFail || !strings.Contains(got.Text, "by its queries") {
				t.Errorf("counters = %+v, want a failure with an example", got)
			}
		})
	}
}

func TestCheck_WarnsOfMiscountedThread(t *testing.T) {
	f := newFixture(t, "mybb")
	execute(t, openAdmin(t, f), "UPDATE mybb_threads SET replies = replies + 3 WHERE visible = 1 ORDER BY tid DESC LIMIT 1")
	got := findingNamed(f.open(t).Check(t.Context()), "counters")
	if got.Level != finding.LevelWarn || !strings.Contains(got.Text, "19 of the 20") {
		t.Errorf("counters = %+v, want a warning that 19 of the 20 threads agree", got)
	}
}
