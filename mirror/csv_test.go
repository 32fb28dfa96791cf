package mirror

import (
	"strings"
	"testing"
)

const sections = `{"sections":[{"id":"a","title":"News"},{"id":"b","title":"Local"},{"id":"c","title":"Local"}]}`

// importText imports a file.
func importText(t *testing.T, db *DB, text string, dryRun bool) (Imported, error) {
	t.Helper()
	rows, err := ReadCSV(strings.NewReader(text), "m.csv")
	if err != nil {
		return Imported{}, err
	}
	return db.Import(t.Context(), "m.csv", rows, dryRun, noon)
}

const members = "SELECT m.ref, m.name, m.email, m.zone, m.locale, (SELECT COUNT(*) FROM section_watch w WHERE w.member_id = m.id) FROM member m ORDER BY m.id"

func TestImport_DryRunChangesNothing(t *testing.T) {
	forEachEngine(t, func(t *testing.T, db *DB) {
		mustIngest(t, db, noon, sections)
		const file = "\uFEFFname,Email,zone,watches\nBen,Ben@example.org,Europe/Berlin,News; b\n\"Cleo, C.\",cleo@example.org,,\n"
		want := Imported{New: 2, Watches: 2}
		if got, err := importText(t, db, file, true); err != nil || got != want || rows(t, db, members) != "" {
			t.Errorf("the dry run says %+v, %v, and leaves %s", got, err, rows(t, db, members))
		}
		if got, err := importText(t, db, file, false); err != nil || got != want {
			t.Errorf("the import says %+v, %v", got, err)
		}
		const stored = "email:ben@example.org|Ben|Ben@example.org|Europe/Berlin||2 email:cleo@example.org|Cleo, C.|cleo@example.org|||0"
		if got := rows(t, db, members); got != stored {
			t.Errorf("members are %s", got)
		}
		if got, err := importText(t, db, "email,name,locale\nben@example.org,Ben,de\ncleo@example.org,\"Cleo, C.\",\n", false); err != nil || got != (Imported{Changed: 1, Same: 1}) {
			t.Errorf("again: %+v, %v", got, err)
		}
		mustIngest(t, db, noon, `{"members":[{"id":"u8","name":"Ben B.","email":"ben@example.org"}]}`)
		if got := rows(t, db, members); !strings.HasPrefix(got, "u8|Ben B.|ben@example.org|Europe/Berlin|de|2 ") {
			t.Errorf("the site sent Ben: %s", got)
		}
		if m, found, err := db.Remove(t.Context(), "BEN@example.org", noon); err != nil || !found || m.Ref != "u8" {
			t.Errorf("removed %+v, %v, %v", m, found, err)
		}
		if list, err := db.Members(t.Context(), 0, 10); err != nil || len(list) != 1 || list[0].Email != "cleo@example.org" {
			t.Errorf("left are %+v, %v", list, err)
		}
	})
}

func TestImport_NamesTheLineOfEachMistake(t *testing.T) {
	db := openTest(t, "sqlite:"+t.TempDir()+"/mirror.db")
	mustIngest(t, db, noon, sections)
	mustIngest(t, db, noon, `{"members":[{"id":"u1","name":"Ann","email":"ann@example.org"}]}`)
	for _, tt := range []struct{ name, text, want string }{
		{"an empty file", "", "m.csv:1: the file is empty"},
		{"no heading", "Ben,ben@example.org\n", `m.csv:1: unknown column "ben"`},
		{"a missing column", "name,zone\n", "m.csv:1: missing column email"},
		{"a column twice", "name,email,name\n", "m.csv:1: the column name is there twice"},
		{"a short line", "name,email\nBen\nAnn,a\n", "m.csv:2: wrong number of fields"},
		{"and the next", "name,email\nBen\nAnn,a\n", "m.csv:3: email: must be an address"},
		{"no address", "name,email\nBen,\n", "m.csv:2: email: missing"},
		{"no name", "name,email\n,b@example.org\n", "m.csv:2: name: missing"},
		{"an unknown zone", "name,email,zone\nBen,b@example.org,Mars\n", "m.csv:2: zone: must be a time zone"},
		{"an address twice", "name,email\nBen,b@example.org\nBen,B@example.org\n", "m.csv:3: email: already in line 2"},
		{"line numbers after a quoted line break", "name,email\n\"B\n\",b@example.org\nC,c\n", "m.csv:4: email"},
		{"an unknown section", "name,email,watches\nBen,b@example.org,Nowhere\n", `m.csv:2: watches: unknown section "Nowhere"`},
		{"an ambiguous section", "name,email,watches\nBen,b@example.org,Local\n", "m.csv:2: watches: there are 2 sections"},
		{"another's address", "id,name,email\nu2,Ben,ann@example.org\n", `m.csv:2: email: already belongs to member "u1"`},
		{"the ID of an address", "id,name,email\nemail:victim@example.org,Eve,eve@example.org\n", `m.csv:2: id: must not begin with "email:", which is reserved for members without an ID: leave the field empty`},
		{"Windows-1252", "name,email\nBen,b@example.org\nM\xfcller,m@example.org\n", "m.csv:3: the file is not in UTF-8"},
		{"Unicode text of a spreadsheet", "\xff\xfen\x00a\x00m\x00e\x00", "m.csv:1: the file is not in UTF-8"},
		{"tabs", "name\temail\n", "separated by commas or semicolons"},
		{"an open quote", "name,email\n\"Ben,b@example.org\n", "m.csv:"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := importText(t, db, tt.text, false); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
			if got := rows(t, db, "SELECT ref FROM member"); got != "u1" {
				t.Errorf("members are %s", got)
			}
		})
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add("name,email,watches\nBen,ben@example.org,News;local\n")
	f.Add("name;email;watches\nBen;ben@example.org;\"News;local\"\n")
	f.Add("\uFEFFid,name,email,zone,locale\n1,\"B\n\",b@example.org,UTC,de\n")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 200 { // the fuzzer shortens what is new to it, which takes the square of the size
			return
		}
		rows, err := ReadCSV(strings.NewReader(text), "m.csv")
		if err != nil {
			return
		}
		for _, r := range rows {
			if r.Line < 2 || r.Member.Name == "" || !validAddress(r.Member.Email) {
				t.Errorf("accepted %+v", r)
			}
		}
	})
}

func TestImport_GroupsReplaceThoseOfTheMember(t *testing.T) {
	forEachEngine(t, func(t *testing.T, db *DB) {
		for _, step := range []struct{ field, want string }{{"staff; 7", "7 staff"}, {"", "7 staff"}, {"board", "board"}} {
			if _, err := importText(t, db, "name,email,groups\nBen,ben@example.org,"+step.field+"\n", false); err != nil {
				t.Fatal(err)
			}
			if got := rows(t, db, "SELECT g.ref FROM membership m JOIN member_group g ON g.id = m.group_id ORDER BY 1"); got != step.want {
				t.Errorf("after %q: %s, want %s", step.field, got, step.want)
			}
		}
		done, err := importText(t, db, "name,email,groups\nBen,ben@example.org,board\n", false)
		if err != nil || done.Same != 1 {
			t.Errorf("the same again: %+v, %v", done, err)
		}
	})
}

func TestReadCSV_TakesSemicolonsOfSpreadsheets(t *testing.T) {
	for _, tt := range []struct{ name, text string }{
		{"with a mark", "\uFEFFname;email;watches\r\nMüller, B.;b@example.org;\"News;local\"\r\n"},
		{"quoted", "\"name\";\"email\";\"watches\"\n\"Müller, B.\";b@example.org;\"News; local\"\n"},
		{"with commas", "name,email,watches\n\"Müller, B.\",b@example.org,News;local\n"},
		{"one column first", "email,name,watches\nb@example.org,\"Müller, B.\",News;local"},
	} {
		rows, err := ReadCSV(strings.NewReader(tt.text), "m.csv")
		if err != nil || len(rows) != 1 || rows[0].Member.Name != "Müller, B." || rows[0].Member.Email != "b@example.org" || strings.Join(rows[0].Sections, "+") != "News+local" {
			t.Errorf("%s: %+v, %v", tt.name, rows, err)
		}
	}
}
