package e2e

import (
	"encoding/json"
	"html"
	"slices"
	"strconv"
	"strings"
	"testing"

	"postrider/internal/forumtest"
)

func TestPreview_AlertMatchesForum(t *testing.T) {
	for _, kind := range dumpedForums {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			want := readExpectation(t, kind)
			dsn, config := sharedForum(t, kind)
			appendConfig(t, config, "[alerts]\nmode = \"every\"\n")
			window := []string{"--from", rfc3339(want.Window[0]), "--until", rfc3339(want.Window[1])}
			for name, m := range want.Members {
				who := strconv.FormatInt(m.ID, 10)
				alert := func(format string) string {
					out, errOut, code := run(t, append([]string{"preview", "-c", config, who, "--kind", "alert", "--format", format}, window...)...)
					if code != 0 {
						t.Fatalf("preview of %s: exit %d\n%s", name, code, errOut)
					}
					return out
				}
				var got forumtest.Edition
				if err := json.Unmarshal([]byte(alert("json")), &got); err != nil {
					t.Fatal(err)
				}
				if all, posts := got.All(), queryInts(t, dsn, emailedPosts[kind]+" ORDER BY 1", m.ID, want.Window[0], want.Window[1]); !slices.Equal(all, posts) {
					t.Errorf("%s: posts in the alert or explained are\n %v\nwant\n %v", name, all, posts)
				}
				for _, post := range got.Shown() {
					if why, forbidden := m.MustNot[strconv.FormatInt(post, 10)]; forbidden && !strings.Contains(why, "watch") {
						t.Errorf("%s would be alerted to %d: %s", name, post, why)
					}
				}
				got.CheckLeftOut(t, name, forumtest.Member{MustNot: m.MustNot})
				if got.Kind != "alert" || got.Member.ID != m.ID || len(got.Shown()) < 4 {
					t.Errorf("%s: the preview is %+v", name, got)
				}
				for format, holds := range map[string]string{"html": html.EscapeString(got.Groups[0].Section.Title), "text": "/postrider/u/", "eml": "alerts.forum.example.org>"} {
					if message := alert(format); !strings.Contains(strings.ReplaceAll(message, "\r", ""), holds) {
						t.Errorf("%s: the %s format lacks %q:\n%s", name, format, holds, message)
					}
				}
			}
		})
	}
}
