package source

import (
	"database/sql"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/forum"
	"postrider/internal/finding"
)

// A discussion and a comment may have the same ID in Vanilla's tables.
func TestVanilla_PostsOfBothTablesHaveIDsInOrderOfTime(t *testing.T) {
	f := sharedFixture(t, "vanilla")
	db := f.open(t)
	read(t, db, func(s *Snapshot) error {
		ctx := t.Context()
		created, err := s.PostsCreated(ctx, time.Unix(0, 0), f.now())
		if err != nil {
			return err
		}
		posts, err := s.Posts(ctx, created)
		if err != nil {
			return err
		}
		openers := 0
		for _, p := range posts {
			if int64(p.ID)/vanillaSecond != p.PostedAt.Unix() {
				t.Errorf("post %d was written at %d", p.ID, p.PostedAt.Unix())
			}
			if int64(p.ID)%vanillaSecond == int64(p.Thread) {
				openers++
			}
		}
		if len(posts) != len(created) || openers != 60 || !slices.IsSorted(created) {
			t.Errorf("%d of %d posts, %d openers", len(posts), len(created), openers)
		}
		// Another time makes it another post: that of a comment that was merged, or an ID from elsewhere.
		gone, err := s.Posts(ctx, []forum.PostID{created[5] + vanillaSecond, 12, firstComment + 34})
		if len(gone) > 0 {
			t.Errorf("IDs without the right time find %d posts", len(gone))
		}
		var paged []forum.PostID
		for after := forum.PostID(0); ; {
			page, err := s.PostsAfter(ctx, after, 50)
			if err != nil {
				return err
			}
			for _, a := range page {
				paged, after = append(paged, a.Post), a.Post
			}
			if len(page) < 50 {
				break
			}
		}
		if !slices.Equal(paged, created) {
			t.Errorf("pages of 50 have %d posts, want %d in the same order", len(paged), len(created))
		}
		return err
	})
	if db.Overlap() != 60*vanillaSecond {
		t.Errorf("a scan reads %d IDs again", db.Overlap())
	}
}

func TestVanilla_NumbersOfPostsCountFromOpener(t *testing.T) {
	f := sharedFixture(t, "vanilla")
	db := f.open(t)
	var opener, first, newest int64
	row := openAdmin(t, f).QueryRowContext(t.Context(), `SELECT UNIX_TIMESTAMP(CONVERT_TZ(d.DateInserted, '+00:00', @@session.time_zone)) * 1000000000 + d.DiscussionID,
		(SELECT TIMESTAMPDIFF(SECOND, '1970-01-01', MIN(c.DateInserted)) * 1000000000 + 500000000 + MIN(c.CommentID) FROM GDN_Comment c WHERE c.DiscussionID = d.DiscussionID),
		(SELECT TIMESTAMPDIFF(SECOND, '1970-01-01', MAX(c.DateInserted)) * 1000000000 + 500000000 + MAX(c.CommentID) FROM GDN_Comment c WHERE c.DiscussionID = d.DiscussionID)
		FROM GDN_Discussion d WHERE d.DiscussionID = ?`, f.expect.Keys.Threads["t34"])
	if err := row.Scan(&opener, &first, &newest); err != nil {
		t.Fatal(err)
	}
	numbers := readOne(t, db, func(s *Snapshot) (map[forum.PostID]int, error) {
		return s.Numbers(t.Context(), []forum.PostID{forum.PostID(newest), forum.PostID(opener), forum.PostID(first)})
	})
	var comments int
	if err := openAdmin(t, f).QueryRowContext(t.Context(), "SELECT COUNT(*) FROM GDN_Comment WHERE DiscussionID = ?", f.expect.Keys.Threads["t34"]).Scan(&comments); err != nil {
		t.Fatal(err)
	}
	if numbers[forum.PostID(opener)] != 1 || numbers[forum.PostID(first)] != 2 || numbers[forum.PostID(newest)] != comments+1 || comments < 3 {
		t.Errorf("numbers = %v of %d comments", numbers, comments)
	}
}

// The names of permissions are columns with dots.
func TestVanilla_CheckNamesPermissionsThatAreGone(t *testing.T) {
	f := newFixture(t, "vanilla")
	admin := openAdmin(t, f)
	for _, column := range []string{"Vanilla.Discussions.View", "Garden.Email.View"} {
		rename := func(from, to string) {
			execute(t, admin, "ALTER TABLE GDN_Permission RENAME COLUMN `"+from+"` TO `"+to+"`")
		}
		rename(column, "was")
		b := brokenForum{fixture: f, admin: admin}
		findings := b.check(t, f.config())
		rename("was", column)
		if !slices.ContainsFunc(findings, func(x finding.Finding) bool {
			return x.Level == finding.LevelFail && strings.Contains(x.Text, column)
		}) {
			t.Errorf("without %s, no finding names it: %v", column, findings)
		}
	}
}

func TestVanilla_FlagsDecideWhoReadsAndWhoGetsEmail(t *testing.T) {
	f := newFixture(t, "vanilla")
	admin := openAdmin(t, f)
	keys := f.expect.Keys
	panda, thread := keys.Members["panda"], keys.Threads["t34"]
	reason := func() string {
		return readOne(t, f.open(t), func(s *Snapshot) ([]forum.Member, error) { return s.Members(t.Context(), ids(panda), f.now()) })[0].NoMail
	}
	mayRead := func(section string) bool {
		db := f.open(t)
		m := readOne(t, db, func(s *Snapshot) ([]forum.Member, error) { return s.Members(t.Context(), ids(panda), f.now()) })[0]
		access := readOne(t, db, func(s *Snapshot) (map[forum.Class]forum.Access, error) {
			return s.Access(t.Context(), []forum.Class{m.Class})
		})
		_, may := access[m.Class][keys.Sections[section]]
		return may
	}
	state := func() (forum.State, bool) {
		th := readOne(t, f.open(t), func(s *Snapshot) ([]forum.Thread, error) { return s.Threads(t.Context(), []forum.ThreadID{thread}) })[0]
		return th.State, th.Redirect
	}
	for _, tt := range []struct {
		name, change string
		holds        func() bool
	}{
		{"as it is", "DO 0", func() bool {
			st, redirect := state()
			return reason() == "" && mayRead("s1") && !mayRead("s4") && !mayRead("xvault") && mayRead("xopen") && st == forum.Visible && !redirect
		}},
		{"a temporary ban", "UPDATE GDN_User SET Banned = 4 WHERE UserID = 4", func() bool { return reason() == Banned }},
		{"unconfirmed", "UPDATE GDN_User SET Banned = 0, Confirmed = 0 WHERE UserID = 4", func() bool { return reason() == NotConfirmed && !mayRead("xopen") }},
		{"an applicant", "UPDATE GDN_User SET Confirmed = 1 WHERE UserID = 4; UPDATE GDN_UserRole SET RoleID = 4 WHERE UserID = 4", func() bool { return reason() == AwaitingApproval }},
		{"a role without email", "UPDATE GDN_UserRole SET RoleID = 34 WHERE UserID = 4", func() bool { return reason() == Disabled && mayRead("s1") }},
		{"no roles", "DELETE FROM GDN_UserRole WHERE UserID = 4", func() bool { return reason() != "" && !mayRead("s1") }},
		{"a category that gets permissions of its own", "INSERT INTO GDN_UserRole (UserID, RoleID) VALUES (4, 8); UPDATE GDN_Category SET PermissionCategoryID = CategoryID WHERE CategoryID = 3", func() bool { return !mayRead("s1") }},
		{"and a row that grants it", "INSERT INTO GDN_Permission (RoleID, JunctionTable, JunctionColumn, JunctionID, `Vanilla.Discussions.View`) VALUES (8, 'Category', 'PermissionCategoryID', 3, 1)", func() bool { return mayRead("s1") }},
		{"and one of another table", "UPDATE GDN_Permission SET JunctionTable = 'knowledgeBase' WHERE JunctionID = 3", func() bool { return !mayRead("s1") }},
		{"a discussion of a group", "UPDATE GDN_Discussion SET GroupID = 7 WHERE DiscussionID = " + formatID(forum.MemberID(thread)), func() bool { st, _ := state(); return st != forum.Visible }},
		{"a redirect", "UPDATE GDN_Discussion SET GroupID = NULL, Type = 'redirect' WHERE DiscussionID = " + formatID(forum.MemberID(thread)), func() bool { _, redirect := state(); return redirect }},
	} {
		execute(t, admin, tt.change)
		if !tt.holds() {
			t.Errorf("%s: not as expected; no email because of %q", tt.name, reason())
		}
	}
}

// Preferences are in UserMeta or in a column, as JSON or in PHP's own format.
func TestVanilla_ReadsWhetherMembersAskForEmail(t *testing.T) {
	f := newFixture(t, "vanilla")
	admin := openAdmin(t, f)
	wg := f.expect.Keys.Members["wg"] // started t16, and bookmarked t01
	own, bookmarked := f.expect.Keys.Threads["t16"], f.expect.Keys.Threads["t01"]
	for _, tt := range []struct {
		name, preferences string
		meta              sql.NullString // of DiscussionComment
		own, mail         bool
	}{
		{"by default", "", sql.NullString{}, false, true},
		{"JSON", `{"Email.DiscussionComment":"1","Email.BookmarkComment":"0"}`, sql.NullString{}, true, false},
		{"JSON of numbers", `{"Email.DiscussionComment":1,"Email.BookmarkComment":0}`, sql.NullString{}, true, false},
		{"JSON of truths", `{"Email.BookmarkComment":false,"Email.DiscussionComment":true}`, sql.NullString{}, true, false},
		{"serialized", `a:2:{s:23:"Email.DiscussionComment";s:1:"1";s:21:"Email.BookmarkComment";s:1:"0";}`, sql.NullString{}, true, false},
		{"serialized numbers", `a:2:{s:23:"Email.DiscussionComment";i:1;s:21:"Email.BookmarkComment";b:0;}`, sql.NullString{}, true, false},
		{"UserMeta counts more", `{"Email.DiscussionComment":"1"}`, sql.NullString{String: "0", Valid: true}, false, true},
		{"UserMeta alone", "", sql.NullString{String: "1", Valid: true}, true, true},
	} {
		execute(t, admin, "UPDATE GDN_User SET Preferences = ? WHERE UserID = ?", tt.preferences, wg)
		execute(t, admin, "DELETE FROM GDN_UserMeta WHERE UserID = ? AND Name = 'Preferences.Email.DiscussionComment'", wg)
		if tt.meta.Valid {
			execute(t, admin, "INSERT INTO GDN_UserMeta (UserID, Name, Value) VALUES (?, 'Preferences.Email.DiscussionComment', ?)", wg, tt.meta.String)
		}
		w := readOne(t, f.open(t), func(s *Snapshot) (map[forum.MemberID]forum.Watches, error) { return s.Watches(t.Context(), ids(wg)) })[wg]
		if _, watched := w.Threads[own]; watched != tt.own {
			t.Errorf("%s: own discussion is watched: %v, want %v", tt.name, watched, tt.own)
		}
		if b, watched := w.Threads[bookmarked]; !watched || (b.Mail != 0) != tt.mail {
			t.Errorf("%s: bookmark = %+v, %v; want email %v", tt.name, b, watched, tt.mail)
		}
	}
}

func TestVanilla_KeepsLevelsOfCategories(t *testing.T) {
	f := sharedFixture(t, "vanilla")
	keys := f.expect.Keys
	all := readOne(t, f.open(t), func(s *Snapshot) (map[forum.MemberID]forum.Watches, error) {
		return s.Watches(t.Context(), ids(keys.Members["panda"], keys.Members["oldhand"], keys.Members["wg"], keys.Members["minjun"], keys.Members["amp"]))
	})
	for _, tt := range []struct {
		member, section string
		want            forum.Watch
	}{
		{"panda", "s1", forum.Watch{Level: forum.AllPosts, Mail: forum.AllPosts}},
		{"panda", "s6", forum.Watch{Level: forum.NewThreads, Mail: forum.NewThreads}},
		{"oldhand", "s5", forum.Watch{Level: forum.AllPosts}},
		{"wg", "s2", forum.Watch{Level: forum.NewThreads}},
		{"minjun", "s6", forum.Watch{Level: forum.AllPosts, Mail: forum.AllPosts}},
	} {
		if got := all[keys.Members[tt.member]].Sections[keys.Sections[tt.section]]; got != tt.want {
			t.Errorf("%s watches %s as %+v, want %+v", tt.member, tt.section, got, tt.want)
		}
	}
	if w, watched := all[keys.Members["amp"]]; watched && len(w.Sections) > 0 {
		t.Errorf("amp unfollowed: %v", w.Sections)
	}
}

func TestVanillaZone_PrefersNameOfZone(t *testing.T) {
	for stored, want := range map[string]string{
		`1 TimeZone":"Europe/Dublin"}`: "Europe/Dublin", `-4 TimeZone":"America\/St_Johns","x":1`: "America/St_Johns", `5 TimeZone";s:14:"Asia/Kathmandu";}`: "Asia/Kathmandu",
		"5 ": "Etc/GMT-5", "-6 ": "Etc/GMT+6", "": "", "0 ": "", `0 TimeZone":null`: "", "99 ": "",
	} {
		if got := vanillaZone(stored); got != want {
			t.Errorf("vanillaZone(%q) = %q, want %q", stored, got, want)
		}
	}
}
