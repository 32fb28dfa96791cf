package e2e

import (
	"slices"
	"strings"
	"testing"

	"postrider/internal/servertest"
)

// TestMailFlagOff_FeedsDigestsUnlessTheAdministratorSaysNothing turns off the forum's own email for all watches of a member.
func TestMailFlagOff_FeedsDigestsUnlessTheAdministratorSaysNothing(t *testing.T) {
	for _, tt := range []struct{ kind, member, silence string }{
		{"xenforo2", "2", "UPDATE xf_thread_watch SET email_subscribe = 0 WHERE user_id = 2; UPDATE xf_forum_watch SET send_email = 0 WHERE user_id = 2"},
		{"mybb", "3", "UPDATE mybb_threadsubscriptions SET notification = tid % 2 * 2 WHERE uid = 3; DELETE FROM mybb_forumsubscriptions WHERE uid = 3"},
	} {
		t.Run(tt.kind, func(t *testing.T) {
			want := readExpectation(t, tt.kind)
			dsn, config := loadForum(t, tt.kind)
			before := preview(t, config, tt.member, want.Window).Shown()
			if _, err := servertest.OpenMariaDB(t, dsn).ExecContext(t.Context(), tt.silence); err != nil {
				t.Fatal(err)
			}
			got := preview(t, config, tt.member, want.Window)
			if posts := got.Shown(); len(posts) == 0 || tt.kind == "xenforo2" && !slices.Equal(posts, before) {
				t.Errorf("digest: %v, want as before: %v", posts, before)
			}
			nothing := setForumKey(t, config, `mail_flag_off = "nothing"`)
			if e := preview(t, nothing, tt.member, want.Window); len(e.Groups) > 0 || e.Skipped == "" {
				t.Errorf("nothing: %d sections, skipped because of %q", len(e.Groups), e.Skipped)
			}
			for config, get := range map[string]string{config: "digests", nothing: "nothing for these"} {
				out, _, _ := run(t, "check", "-c", config, "--offline")
				if !strings.Contains(out, "forum watches: ") || !strings.Contains(out, "members only have watches without email; they get "+get) {
					t.Errorf("check does not say how many members get %s: %s", get, out)
				}
			}
		})
	}
}
