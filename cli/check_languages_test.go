package cli

import (
	"strings"
	"testing"

	"postrider/internal/smtptest"
)

func TestCheck_NamesLanguagesWithoutTexts(t *testing.T) {
	p := newTestForum(t, "smtp.url = "+quoted(smtptest.New(t).URL()))
	mustRun(t, "migrate", "-c", p.config)
	execSQL(t, p.forum, "UPDATE member SET locale = 'de-AT'")
	if out := mustRun(t, "check", "--offline", "-c", p.config); !strings.Contains(out, "ok    forum languages: there are texts") {
		t.Errorf("check does not say that all languages have texts:\n%s", out)
	}
	execSQL(t, p.forum, "UPDATE member SET locale = CASE WHEN id % 2 = 0 THEN 'is' ELSE 'de-AT' END")
	out := mustRun(t, "check", "--offline", "-c", p.config)
	if !strings.Contains(out, "ok    forum languages: there are no texts in the language of ") || !strings.Contains(strings.Join(strings.Fields(out), " "), "(is): they get en") {
		t.Errorf("check does not name Icelandic, or names German:\n%s", out)
	}
}
