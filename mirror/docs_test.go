package mirror

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// docExamples are the requests in docs/mirror.md.
func docExamples(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../docs/mirror.md")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, block := range regexp.MustCompile("(?ms)^```json\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		all = append(all, block[1])
	}
	return all
}

func TestDocs_ExampleOfDeletions(t *testing.T) {
	db := openTest(t, "sqlite:"+t.TempDir()+"/mirror.db")
	mustIngest(t, db, noon, docExamples(t)[0])
	sent := strings.NewReplacer(`"id":"p"`, `"id":"p-90"`, `"id":"m"`, `"id":"u-8"`, `"member":"m"`, `"member":"u-8"`).Replace(small)
	if got, want := refusedBy(t, db, noon.Add(time.Hour), sent), "posts[0] members[0]"; got != want {
		t.Errorf("left out is %q, want %q", got, want)
	}
}

func TestDocs_ExampleOfPrivateSections(t *testing.T) {
	db := openTest(t, "sqlite:"+t.TempDir()+"/mirror.db")
	mustIngest(t, db, noon, docExamples(t)[1])
	if got, want := rows(t, db, readers), "board|0|board board|0|staff minutes|1|<nil> u-8|-1|board"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if list, err := db.Offered(t.Context(), nil); err != nil || len(list) > 0 {
		t.Errorf("on offer: %+v, %v", list, err)
	}
}
