package mirror

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// thereWithWatches is there, and who watches what.
var thereWithWatches = strings.TrimSuffix(there, " ORDER BY 1") + ` UNION ALL SELECT 'w' FROM section_watch UNION ALL SELECT 'w' FROM thread_watch ORDER BY 1`

// watching is small with a watch of the thread, too.
var watching = strings.Replace(small, `"watches":[`, `"watches":[{"member":"m","thread":"t"},`, 1)

// allDeleted deletes each thing as of five past noon.
const allDeleted = `"deletions":[{"post":"p","as_of":"2026-05-04T12:05:00Z"},{"thread":"t","as_of":"2026-05-04T12:05:00Z"},
	{"section":"s","as_of":"2026-05-04T12:05:00Z"},{"member":"m","as_of":"2026-05-04T12:05:00Z"}]}`

func TestOlderDeletion_LosesToWhatWasSentSince(t *testing.T) {
	forEachEngine(t, func(t *testing.T, db *DB) {
		const all = "m p s t w w"
		mustIngest(t, db, noon, at(0, watching))
		for i, step := range []struct{ name, text, want string }{
			{"sent again as of six past", at(6, watching), all},
			{"an older request comes late", at(1, watching), all},
			{"one of an unknown time", watching, all},
			{"the deletion comes late", "{" + allDeleted, all},
			{"the deletion and a later state in one request", at(7, strings.TrimSuffix(watching, "}")+","+allDeleted), all},
			{"watches that were deleted before", at(5, `{"deletions":[{"watch":{"member":"m","section":"s"}},{"watch":{"member":"m","thread":"t"}}]}`), all},
			{"watches that were deleted after", at(7, `{"deletions":[{"watch":{"member":"m","section":"s"}},{"watch":{"member":"m","thread":"t"}}]}`), "m p s t"},
			{"watches again", at(7, watching), all},
			{"watches deleted at an unknown time", `{"deletions":[{"watch":{"member":"m","section":"s"}}]}`, "m p s t w"},
			{"a deletion of the same time", strings.ReplaceAll("{"+allDeleted, "12:05", "12:07"), ""},
		} {
			if got := refusedBy(t, db, noon.Add(8*time.Minute+time.Duration(i)*time.Second), step.text); got != "" {
				t.Errorf("%s: left out is %q", step.name, got)
			}
			if got := rows(t, db, thereWithWatches); got != step.want {
				t.Errorf("%s: %q is there, want %q", step.name, got, step.want)
			}
		}
	})
}

// The clock of a site may be ahead, and an operator removes who is there.
func TestDeletion_OfUnknownTimeWinsOverALaterClock(t *testing.T) {
	db := openTest(t, "sqlite:"+t.TempDir()+"/mirror.db")
	mustIngest(t, db, noon, at(4, watching))
	mustIngest(t, db, noon.Add(time.Minute), `{"deletions":[{"post":"p"},{"thread":"t"},{"section":"s"}]}`)
	if _, found, err := db.Remove(t.Context(), "ben@example.org", noon.Add(time.Minute)); err != nil || !found {
		t.Errorf("the member is found: %t, %v", found, err)
	}
	if got := rows(t, db, thereWithWatches); got != "" {
		t.Errorf("%q is there, want nothing", got)
	}
	if got, want := refusedBy(t, db, noon.Add(2*time.Minute), at(4, watching)), "sections[0] threads[0] posts[0] members[0]"; got != want {
		t.Errorf("a retry: left out is %q, want %q", got, want)
	}
}

// A site that sends all its members each time costs one write for many of them.
func TestMembers_SentAgainUnchangedAreDatedTogether(t *testing.T) {
	db := openTest(t, "sqlite:"+t.TempDir()+"/mirror.db")
	var members []string
	for i := range hashesAtOnce + 1 {
		members = append(members, fmt.Sprintf(`{"id":"m%d","name":"Ben","email":"m%[1]d@example.org"}`, i))
	}
	text := `{"members":[` + strings.Join(members, ",") + `]}`
	mustIngest(t, db, noon, at(0, text))
	mustIngest(t, db, noon.Add(time.Minute), at(1, text))
	if got, want := rows(t, db, "SELECT COUNT(*) FROM member WHERE as_of = "+fmt.Sprint(noon.Add(time.Minute).UnixMicro())), fmt.Sprint(len(members)); got != want {
		t.Errorf("%s members are of the second request, want %s", got, want)
	}
	before := rows(t, db, "SELECT total_changes()")
	mustIngest(t, db, noon.Add(2*time.Minute), at(-1, text))
	if got := rows(t, db, "SELECT total_changes() - "+before); len(got) > 1 {
		t.Errorf("%s changes by an older request", got)
	}
}
