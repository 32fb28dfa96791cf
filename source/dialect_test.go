package source

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"postrider/forum"
	"postrider/internal/finding"
	"postrider/markup"
)

// bbCodes are rows as XenForo's add-ons and administrators register them.
const bbCodes = `CREATE TABLE xf_bb_code (bb_code_id varbinary(25) NOT NULL PRIMARY KEY, bb_code_mode enum('replace','callback') NOT NULL,
	has_option enum('yes','no','optional') NOT NULL, replace_html mediumtext NOT NULL, replace_html_email mediumtext NOT NULL,
	replace_text mediumtext NOT NULL, active tinyint unsigned NOT NULL DEFAULT 1);
INSERT INTO xf_bb_code VALUES ('days','callback','yes','','','',1), ('likes','callback','yes','','','',1), ('posts','callback','yes','','','',1),
	('staff','callback','no','','','',1), ('users','callback','yes','','','',1), ('usersexc','callback','yes','','','',1), ('gadget','callback','no','','','',1),
	('inlinespoiler','replace','no','<span class="ispoiler">{text}</span>','','{text}',1), ('comment','replace','no','<!-- {text} -->','','',1),
	('marker','replace','no','<span class="blurred">{text}</span>','<b>{text}</b>','{text}',1),
	('boxed','replace','optional','<div class="box"><b>{option}</b>{text}</div>','','{option}: {text}',1),
	('spoiler','callback','no','','','',1), ('oldtag','replace','no','<i>{text}</i>','','{text}',0);`

// textOf returns the text of a post as emails show it.
func textOf(t *testing.T, db *DB, post forum.PostID) string {
	t.Helper()
	contents := readOne(t, db, func(s *Snapshot) (map[forum.PostID]*forum.Content, error) {
		return s.Contents(t.Context(), []forum.PostID{post})
	})
	return strings.ReplaceAll(contents[post].Body.Text(markup.Labels{}, 200), "\u00a0", " ")
}

func TestCodes_HideWhatTheForumRegisters(t *testing.T) {
	for _, kind := range []string{"xenforo2", "xenforo1"} {
		f := newFixture(t, kind)
		admin := openAdmin(t, f)
		execute(t, admin, bbCodes)
		c := f.config()
		c.ShowTags = []string{"Gadget"}
		db := openConfig(t, c)
		for src, want := range map[string]string{
			"a [DAYS=30]SECRET[/DAYS] b [gadget]shown[/gadget] [STAFF]SECRET": "a [hidden on the forum] b shown [STAFF]SECRET",
			"[INLINESPOILER]SECRET[/INLINESPOILER] [oldtag]x[/oldtag]":        "[hidden on the forum] [oldtag]x[/oldtag]",
			"[comment]SECRET[/comment] [marker]x[/marker] [boxed=A]b[/boxed]": "[hidden on the forum] *x*\n\n*A* b",
		} {
			execute(t, admin, "UPDATE xf_post SET message = ? WHERE post_id = 3", src)
			if got := textOf(t, db, 3); got != want {
				t.Errorf("%s: %s is %q, want %q", kind, src, got, want)
			}
		}
		got := findingNamed(db.Check(t.Context()), "codes")
		for _, want := range []string{
			"12 of the forum's own", "comment, days, inlinespoiler, likes, posts, staff, users, usersexc", "\nshown: boxed, gadget",
			"email replacement): marker", "knows: spoiler",
		} {
			if got.Level != finding.LevelOK || !strings.Contains(got.Text, want) {
				t.Errorf("%s: codes = %+v, want %q in it", kind, got, want)
			}
		}
	}
}

func TestCodes_OldTableAndMissingRights(t *testing.T) {
	f := newFixture(t, "xenforo2")
	admin := openAdmin(t, f)
	execute(t, admin, `CREATE TABLE xf_bb_code (bb_code_id varbinary(25) NOT NULL PRIMARY KEY, bb_code_mode varchar(10) NOT NULL, active int NOT NULL);
		INSERT INTO xf_bb_code VALUES ('gadget', 'callback', 1), ('tool', 'replace', 1);
		UPDATE xf_post SET message = '[gadget]SECRET[/gadget] [tool]SECRET[/tool]' WHERE post_id = 3`)
	db := f.open(t)
	if got := textOf(t, db, 3); got != "[hidden on the forum]" {
		t.Errorf("with an old table the post is %q", got)
	}
	target, err := parseDSN(f.dsn)
	if err != nil {
		t.Fatal(err)
	}
	name := target.mysql.DBName
	execute(t, admin, "CREATE USER codes@localhost IDENTIFIED BY 'x'")
	for _, table := range []string{"user", "user_option", "user_ban", "user_group", "user_group_relation", "user_ignored", "language", "node", "thread", "post", "permission_cache_content",
		"thread_watch", "forum_watch", "thread_read", "forum_read", "reaction_content"} {
		execute(t, admin, "GRANT SELECT ON "+name+".xf_"+table+" TO codes@localhost")
	}
	c := f.config()
	c.DSN = strings.Replace(f.dsn, "root@", "codes:x@", 1)
	found := openConfig(t, c).Check(t.Context())
	if got := findingNamed(found, "codes"); got.Level != finding.LevelWarn || !strings.Contains(got.Fix, "SELECT") {
		t.Errorf("codes = %+v, want a warning about the right to read", got)
	}
	for _, one := range found {
		if one.Level == finding.LevelFail {
			t.Errorf("%s fails: %s", one.Part, one.Text)
		}
	}
}

func TestCodes_NewCodeChangesVersion(t *testing.T) {
	f := newFixture(t, "xenforo2")
	admin := openAdmin(t, f)
	execute(t, admin, "UPDATE xf_post SET message = '[widget]SECRET[/widget]' WHERE post_id = 3")
	db := f.open(t)
	version := func() string {
		return readOne(t, db, func(s *Snapshot) ([]forum.Post, error) { return s.Posts(t.Context(), []forum.PostID{3}) })[0].Version
	}
	before := version()
	execute(t, admin, strings.ReplaceAll(bbCodes, "'gadget'", "'widget'"))
	db.dialect.read = db.dialect.read.Add(-dialectTTL)
	if version() == before {
		t.Error("a code that was registered meanwhile does not change the version of posts")
	}
	if got := textOf(t, db, 3); got != "[hidden on the forum]" {
		t.Errorf("the post is %q", got)
	}
}

func TestMyCodes_HideWhatTheForumRegisters(t *testing.T) {
	f := newFixture(t, "mybb")
	admin := openAdmin(t, f)
	execute(t, admin, `INSERT INTO mybb_mycode (title, description, regex, replacement, active, parseorder) VALUES
		('Gadget', '', '\\[gadget\\](.*?)\\[/gadget\\]', '<div class="gadget">$1</div>', 1, 1),
		('Box', '', '\\[frame=(.*?)\\](.*?)\\[/frame\\]', '<div style="border:1px solid #ccc"><b>$1</b> $2</div>', 1, 1),
		('Two', '', '\\[(one|two)\\](.*?)\\[/\\1\\]', '<span onmouseover="x()">$2</span>', 1, 1),
		('Void', '', '\\[riddle=([^\\]]*)\\]', '<span title="$1">?</span>', 1, 1),
		('Off', '', '\\[off\\](.*?)\\[/off\\]', '<span class="x">$1</span>', 0, 1),
		('Word', '', 'teh', 'the', 1, 1)`)
	db := f.open(t)
	for src, want := range map[string]string{
		"[gadget]SECRET[/gadget] [frame=A]b[/frame]":   "[hidden on the forum]\n\n*A* b",
		"[one]SECRET[/one] a [TWO]SECRET[/TWO]":        "[hidden on the forum] a [hidden on the forum]",
		"a [riddle=SECRET] b [off]x[/off] teh [words]": "a [hidden on the forum] b [off]x[/off] teh [words]",
	} {
		execute(t, admin, "UPDATE mybb_posts SET message = ? WHERE pid = 3", src)
		if got := textOf(t, db, 3); got != want {
			t.Errorf("%s is %q, want %q", src, got, want)
		}
	}
	if got := findingNamed(db.Check(t.Context()), "codes"); !strings.Contains(got.Text, "gadget, one, riddle, two\nshown: frame") {
		t.Errorf("codes = %+v", got)
	}
}

func TestPatternCode_ReadsTags(t *testing.T) {
	for _, tt := range []struct {
		pattern, page string
		names         string
		fate          markup.Fate
	}{
		{`\[b2\](.*?)\[/b2\]`, `<b>$1</b>`, "b2", markup.FateShown},
		{`\[b2\](.*?)\[\/b2\]`, `<b>\1</b>`, "b2", markup.FateShown},
		{`\[x=([a-z]+)\]((?:.|\n)*?)\[/x\]`, `<i>$2</i>`, "x", markup.FateShown},
		{`\[x=([^\]\[]+)\](.*?)\[/x\]`, `<i>$1</i>`, "x", markup.FateHidden},
		{`\[(?:aa|bb)=(.*?)](.*?)\[/(?:aa|bb)\]`, `<u>$2</u>`, "aa bb", markup.FateShown},
		{`\[x\](.*?)\[/x\]`, `<span class="hidden">$1</span>`, "x", markup.FateHidden},
		{`\[hr2\]`, `<hr>`, "", markup.FateHidden},
		{`:\)`, `smile`, "", markup.FateHidden},
	} {
		names, code := patternCode(tt.pattern, tt.page)
		if got := strings.Join(names, " "); got != tt.names || code.Fate() != tt.fate {
			t.Errorf("patternCode(%s, %s) = %q, %s, want %q, %s", tt.pattern, tt.page, got, code.Fate(), tt.names, tt.fate)
		}
	}
}

func TestMyBBEntities_H07(t *testing.T) {
	f := newFixture(t, "mybb")
	execute(t, openAdmin(t, f), `UPDATE mybb_threads SET subject = 'Caf&#233; prices &#128514;' WHERE tid = 12;
		UPDATE mybb_posts SET username = 'Caf&#233; &amp; Ray' WHERE pid = 582;
		UPDATE mybb_users SET username = 'Caf&#233;' WHERE uid = 3;
		UPDATE mybb_forums SET name = 'The <b class="x>y">Club</b>house &#9829; &amp; <!-- x --> 3 < 4' WHERE fid = (SELECT fid FROM mybb_threads WHERE tid = 12);
		UPDATE mybb_posts SET message = 'I paid 20 &#8364; &#9829; &#128514; and 5 &#60; 6 &amp; &hellip; [code]a &#60; b &#8364;[/code]' WHERE pid = 582`)
	db := f.open(t)
	if got, want := textOf(t, db, 582), "I paid 20 € ♥ 😂 and 5 < 6 &amp; &hellip;\n\n    a < b €"; got != want {
		t.Errorf("the post is %q, want %q", got, want)
	}
	read(t, db, func(s *Snapshot) error {
		threads, err := s.Threads(t.Context(), []forum.ThreadID{12})
		if err != nil {
			return err
		}
		if got := threads[0].Title; got != "Café prices 😂" {
			t.Errorf("the title is %q", got)
		}
		sections, err := s.Sections(t.Context())
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(sections, func(n forum.Section) bool { return n.Title == "The Clubhouse ♥ &amp;  3 < 4" }) {
			t.Errorf("the sections are %+v", sections)
		}
		posts, err := s.Posts(t.Context(), []forum.PostID{582})
		if err != nil || posts[0].AuthorName != "Café &amp; Ray" {
			t.Errorf("the author is %q, %v", posts[0].AuthorName, err)
		}
		members, err := s.Members(t.Context(), ids(3), f.now())
		if err != nil || members[0].Name != "Café" {
			t.Errorf("the member is %q, %v", members[0].Name, err)
		}
		return nil
	})
}

func TestWordFilter_H10(t *testing.T) {
	for kind, change := range map[string]string{
		"mybb": `INSERT INTO mybb_badwords (badword, regex, replacement) VALUES ('darn', 0, '****'), ('heck*', 0, 'goodness'), ('blank', 0, ''), ('fo{2}', 1, 'x');
			UPDATE mybb_threads SET subject = 'darn prices' WHERE tid = 12;
			UPDATE mybb_posts SET message = 'This is darn awful, heckler. foo blank' WHERE pid = 582`,
		"xenforo2": `CREATE TABLE xf_option (option_id varbinary(50) NOT NULL PRIMARY KEY, option_value mediumblob NOT NULL);
			INSERT INTO xf_option VALUES ('censorCharacter', '*'), ('censorWords', '[{"word":"darn","regex":"#(?:\\\\b)darn(?:\\\\b)#iu","replace":"****"},
				{"word":"heck*","regex":"#(?:\\\\b)heck\\\\w*#iu","replace":"goodness"},{"word":"blank","replace":""},{"regex":"#fo{2}#iu","replace":"x"}]');
			UPDATE xf_thread SET title = 'darn prices' WHERE thread_id = 12;
			UPDATE xf_post SET message = 'This is darn awful, heckler. foo blank' WHERE post_id = 582`,
		"xenforo1": `CREATE TABLE xf_option (option_id varbinary(50) NOT NULL PRIMARY KEY, option_value mediumblob NOT NULL);
			INSERT INTO xf_option VALUES ('censorCharacter', '*'), ('censorWords', 'a:2:{s:5:"exact";a:3:{s:4:"darn";i:4;s:5:"heck*";s:8:"goodness";s:5:"blank";i:5;}s:3:"any";a:1:{s:3:"foo";s:1:"x";}}');
			UPDATE xf_thread SET title = 'darn prices' WHERE thread_id = 12;
			UPDATE xf_post SET message = 'This is darn awful, heckler. foo blank' WHERE post_id = 582`,
	} {
		f := newFixture(t, kind)
		execute(t, openAdmin(t, f), change)
		db := f.open(t)
		if got, want := textOf(t, db, 582), "This is **** awful, goodness. x *****"; got != want {
			t.Errorf("%s: the post is %q, want %q", kind, got, want)
		}
		threads := readOne(t, db, func(s *Snapshot) ([]forum.Thread, error) { return s.Threads(t.Context(), []forum.ThreadID{12}) })
		if got := threads[0].Title; got != "**** prices" {
			t.Errorf("%s: the title is %q", kind, got)
		}
		for _, one := range db.Check(t.Context()) {
			if one.Level == finding.LevelFail || one.Part == "word filter" {
				t.Errorf("%s: %+v", kind, one)
			}
		}
	}
}

func TestWordFilter_WarnsOfUnusableExpression(t *testing.T) {
	f := newFixture(t, "mybb")
	execute(t, openAdmin(t, f), "INSERT INTO mybb_badwords (badword, regex, replacement) VALUES ('(?<=a)b', 1, '')")
	if got := findingNamed(f.open(t).Check(t.Context()), "word filter"); got.Level != finding.LevelWarn || !strings.Contains(got.Text, "(?<=a)b") {
		t.Errorf("word filter = %+v", got)
	}
}

func TestPastedImage_H11(t *testing.T) {
	f := newFixture(t, "mybb")
	admin := openAdmin(t, f)
	for _, letters := range []int{1700, 12_000} { // the second one is longer than what is read of a post
		execute(t, admin, "ALTER TABLE mybb_posts MODIFY message mediumtext NOT NULL")
		execute(t, admin, `UPDATE mybb_posts SET message = CONCAT('Look at this picture\n[img]data:image/png;base64,', REPEAT('rrgS6tikDU51ujfx6sji8OVr', ?), '[/img]\nnice?') WHERE pid = 582`, letters)
		want := "Look at this picture\n[Image]"
		if letters == 1700 {
			want += "\nnice?"
		}
		if got := textOf(t, f.open(t), 582); got != want {
			t.Errorf("with %d times 24 letters the post is %.200q, want %q", letters, got, want)
		}
	}
}

func TestShortNames_H13(t *testing.T) {
	f := newFixture(t, "xenforo2")
	execute(t, openAdmin(t, f), "UPDATE xf_post SET message = 'Well done :grinning: :thumbsup: :) at 10:30:00' WHERE post_id = 501")
	if got := textOf(t, f.open(t), 501); got != "Well done 😀 👍 :) at 10:30:00" {
		t.Errorf("the post is %q", got)
	}
}

func TestConfig_ShowTags(t *testing.T) {
	c := sharedFixture(t, "xenforo2").config()
	c.ShowTags = []string{"spoilerbox", "x_y-z.1"}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	c.ShowTags = []string{"[x]"}
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "show_tags") {
		t.Errorf("err = %v", err)
	}
}

func TestContract_OptionalQueriesCanBeReplaced(t *testing.T) {
	c := sharedFixture(t, "xenforo2").config()
	c.Queries = filepath.Join(t.TempDir(), "local.sql")
	text := "-- name: codes\nSELECT 'gadget' AS name, '' AS pattern, '' AS page, '' AS email\n-- name: word_filter\nSELECT post_id AS word, 0 AS regex, nowhere AS replacement FROM xf_post"
	if err := os.WriteFile(c.Queries, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	db := openConfig(t, c)
	codes, err := db.Codes(t.Context())
	if err != nil || !slices.Equal(codes, []Code{{"gadget", markup.FateHidden}}) {
		t.Errorf("codes are %v, %v", codes, err)
	}
	if got := findingNamed(db.Check(t.Context()), "codes"); got.Level != finding.LevelOK {
		t.Errorf("codes = %+v", got)
	}
}
