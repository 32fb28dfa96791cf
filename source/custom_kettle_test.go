package source

import (
	"os"
	"slices"
	"testing"

	"postrider/forum"
	"postrider/internal/finding"
	"postrider/internal/servertest"
)

// A forum of another shape than that of the documentation: nested categories, groups, enums, and only the required queries.
func TestCustom_ReadsForumOfAnotherShape(t *testing.T) {
	f := fixture{kind: customName, dsn: servertest.MariaDB(t)}
	f.expect.Window = [2]int64{mustTime(t, "2026-11-26T06:00:00Z").Unix(), mustTime(t, "2026-11-29T06:00:00Z").Unix()}
	schema, err := os.ReadFile("testdata/custom/kettle.sql")
	if err != nil {
		t.Fatal(err)
	}
	execute(t, openAny(t, f.dsn), string(schema))
	c := f.config()
	c.Queries = "testdata/custom/kettle-queries.sql"
	db := openConfig(t, c)
	for _, x := range append(db.Check(t.Context()), db.CheckRows(t.Context(), f.now())...) {
		if x.Level != finding.LevelOK && x.Part != "account" {
			t.Errorf("%s: %s: %s (%s)", x.Level, x.Part, x.Text, x.Fix)
		}
	}
	const anna, ben, cleo, dora, emil, fay = 1, 2, 3, 4, 5, 6
	for member, want := range map[forum.MemberID][]forum.PostID{anna: {1, 4}, ben: {5}, fay: {1, 4, 5, 10}} {
		if got := postsVisibleTo(t, f, db, member).watched; !slices.Equal(got, want) {
			t.Errorf("member %d gets %v, want %v", member, got, want)
		}
	}
	f.expect.Keys.Members = map[string]forum.MemberID{"anna": anna, "ben": ben, "cleo": cleo, "dora": dora, "emil": emil, "fay": fay}
	members := membersByID(t, f, db)
	if len(members) != len(f.expect.Keys.Members) {
		t.Errorf("%d members, want %d", len(members), len(f.expect.Keys.Members))
	}
	for id, m := range members {
		want := map[forum.MemberID]string{cleo: Banned, dora: NotConfirmed, emil: NoAddress}[id]
		if m.NoMail != want {
			t.Errorf("member %d gets no email because of %q, want %q", id, m.NoMail, want)
		}
		if zone := map[forum.MemberID]string{anna: "Etc/GMT-1", ben: "Etc/GMT+5", fay: "Asia/Kolkata", dora: "UTC"}[id]; m.Zone != zone {
			t.Errorf("member %d has the zone %q, want %q", id, m.Zone, zone)
		}
	}
}
