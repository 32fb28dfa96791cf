package e2e

import (
	"html"
	"os"
	"strconv"
	"strings"
	"testing"

	"postrider/internal/servertest"
)

// contentCase is a state of a forum, with what one member's digest and alert must and must not contain.
type contentCase struct {
	name    string
	kind    string // of the forum
	member  int
	from    string // the second in which the post was written
	post    int64
	body    string // of the post; empty: as change leaves it
	change  string // of the forum's database
	want    []string
	alert   []string // like want, of the alert only
	without []string
}

var contentCases = []contentCase{
	{name: "H01 gated tags", kind: "xenforo2",
		body: "For all of you. [DAYS=30]ALPHA1[/DAYS] [LIKES=5]ALPHA2[/LIKES] [POSTS=50]ALPHA3[/POSTS]\n[STAFF]ALPHA4[/STAFF] [USERS=\"Ray, Staff Sue\"]ALPHA5[/USERS] [USERSEXC=\"troll king\"]ALPHA6[/USERSEXC]",
		want: []string{"For all of you. [hidden on the forum]"}, without: []string{"ALPHA"}},
	{name: "H01 a code that only the forum knows", kind: "xenforo2",
		change: `CREATE TABLE xf_bb_code (bb_code_id varbinary(25) NOT NULL PRIMARY KEY, bb_code_mode varchar(10) NOT NULL, replace_html mediumtext NOT NULL, replace_html_email mediumtext NOT NULL, active int NOT NULL);
			INSERT INTO xf_bb_code VALUES ('gadget', 'callback', '', '', 1)`,
		body: "For all of you. [GADGET]ALPHA1[/GADGET] [quote=Ray][gadget]ALPHA2[/gadget][/quote] [unregistered]word[/unregistered]",
		want: []string{"[hidden on the forum]", "[unregistered]word[/unregistered]"}, without: []string{"ALPHA"}},
	{name: "H02 long names", kind: "xenforo2",
		body: "a [hide-reply-thanks]SECRET[/hide-reply-thanks] b [HIDE_REPLY_OR_LIKE]SECRET[/HIDE_REPLY_OR_LIKE] c [hidereplythanks]SECRET[/hidereplythanks]",
		want: []string{"a [hidden on the forum] b"}, without: []string{"SECRET"}},
	{name: "H03 comment and inline spoiler", kind: "xenforo2",
		body: "Chapter two is up. [COMMENT]NOTE to self: fix the date[/COMMENT] It was the [INLINESPOILER]BUTLER[/INLINESPOILER].",
		want: []string{"Chapter two is up."}, without: []string{"NOTE", "BUTLER"}},
	{name: "H04 brackets in an address", kind: "xenforo2",
		body: "[URL unfurl=\"true\"]https://cms.example.org/?tx_news_pi1[news]=123&tx_news_pi1[action]=detail&cHash=ab[/URL]\nhttps://shop.example.org/list.php?cat[]=1&cat[]=2 is cheaper",
		want: []string{"https://cms.example.org/?tx_news_pi1[news]=123&tx_news_pi1[action]=detail&cHash=ab", "https://shop.example.org/list.php?cat[]=1&cat[]=2"}},
	{name: "H06 an address that ends in a sign", kind: "mybb",
		body: "Try https://play.example.org/p/vhIPYQjX8_ and follow https://social.example.org/@asyoucansee_ and see https://video.example.org/playlist?list=PLq1_x_ too",
		want: []string{"https://play.example.org/p/vhIPYQjX8_", "https://social.example.org/@asyoucansee_", "https://video.example.org/playlist?list=PLq1_x_"}},
	{name: "H07 numeric entities", kind: "mybb", change: "UPDATE mybb_threads SET subject = 'Caf&#233; prices &#128514;' WHERE tid = 12",
		body: "I paid 20 &#8364; &#9829; &#128514; and 5 &#60; 6 &amp; &hellip; [code]a &#60; b &#8364;[/code]",
		want: []string{"Café prices 😂", "I paid 20 € ♥ 😂 and 5 < 6 &amp; &hellip;", "a < b €"}, without: []string{"&#233;", "&#8364;"}},
	{name: "H08 a zone ahead of UTC", kind: "mybb", change: "UPDATE mybb_users SET timezone = '9', dst = 0 WHERE uid = 3", want: []string{"Time zone: UTC+9."}, without: []string{"Etc/GMT"}},
	{name: "H08 a zone behind UTC", kind: "mybb", change: "UPDATE mybb_users SET timezone = '-5', dst = 1 WHERE uid = 3", want: []string{"Time zone: UTC-4."}, without: []string{"Etc/GMT"}},
	{name: "H09 a quote of an ignored member", kind: "xenforo2", member: 4, from: "2026-11-23T10:28:32Z", post: 589,
		body: "[QUOTE=\"troll king, post: 170, member: 16\"]INSULT of the day[/QUOTE]\nPlease stop that.",
		want: []string{"Quote from a member you ignore", "Please stop that."}, without: []string{"INSULT", "troll king wrote"}},
	{name: "H09 by the quoted post", kind: "xenforo2", member: 4, from: "2026-11-23T10:28:32Z", post: 589, change: "UPDATE xf_post SET user_id = 16 WHERE post_id = 170",
		body: "[QUOTE=\"an old name, post: 170\"]INSULT of the day[/QUOTE]\nPlease stop that.",
		want: []string{"Quote from a member you ignore"}, without: []string{"INSULT", "an old name"}},
	{name: "H09 by the name", kind: "xenforo2", member: 4, from: "2026-11-23T10:28:32Z", post: 589,
		body: "[QUOTE=Troll King]INSULT of the day[/QUOTE]\nPlease stop that.",
		want: []string{"Quote from a member you ignore"}, without: []string{"INSULT", "Troll King"}},
	{name: "H09 others see it", kind: "xenforo2",
		body: "[QUOTE=\"troll king, post: 170, member: 16\"]INSULT of the day[/QUOTE]\nPlease stop that.",
		want: []string{"INSULT of the day", "troll king wrote"}},
	{name: "H10 the word filter", kind: "mybb", change: "INSERT INTO mybb_badwords (badword, regex, replacement) VALUES ('darn', 0, '****'); UPDATE mybb_threads SET subject = 'darn prices' WHERE tid = 12",
		body: "This is darn awful", want: []string{"This is **** awful", "**** prices"}, without: []string{"darn"}},
	{name: "H11 a pasted image", kind: "mybb", body: "Look at this picture\n[img]data:image/png;base64," + strings.Repeat("rrgS6tikDU51ujfx6sji8OVr", 1700) + "[/img]\nnice?",
		want: []string{"Look at this picture", "[Image]", "nice?"}, without: []string{"rrgS6tik", "base64"}},
	{name: "H12 tags of the core", kind: "xenforo2",
		body: "[EMBED content=\"xfmg-media-22\"]https://forum.example.org/media/22/[/EMBED] and [GALLERY=media, 22]Sunset by Ray[/GALLERY]\nThanks [MENTION=6132]nan one[/MENTION], see [thread=2222]the old thread[/thread]",
		want: []string{"https://forum.example.org/media/22/", "Sunset by Ray", "Thanks nan one, see the old thread"}, without: []string{"[EMBED", "[GALLERY", "[MENTION", "[thread", "[/"}},
	{name: "H13 short names of emoji", kind: "xenforo2", body: "Well done :grinning: :thumbsup: :) at 10:30:00", want: []string{"Well done 😀 👍 :) at 10:30:00"}, without: []string{":grinning:"}},
	{name: "H05 brackets in a mention", kind: "xenforo2", change: "UPDATE xf_user SET username = 'wolf [ABC] two' WHERE user_id = 2; DELETE FROM xf_forum_watch WHERE user_id = 2 AND node_id = (SELECT node_id FROM xf_thread WHERE thread_id = 27); INSERT INTO xf_thread_watch (user_id, thread_id, email_subscribe) VALUES (2, 27, 0) ON DUPLICATE KEY UPDATE email_subscribe = 0",
		body: "[USER=2]@wolf [ABC] two[/USER] look here",
		want: []string{"@wolf [ABC] two look here"}, alert: []string{"Mentions you", "because a post mentions you."}, without: []string{"[USER=2]"}}, // the last: it ends the member's watch
}

func TestContent_ReportedCases(t *testing.T) {
	for _, kind := range []string{"xenforo2", "mybb"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			dsn, _ := loadForum(t, kind)
			admin := servertest.OpenMariaDB(t, dsn)
			execute := func(statement string, args ...any) {
				t.Helper()
				if _, err := admin.ExecContext(t.Context(), statement, args...); err != nil {
					t.Fatalf("%.100s: %v", statement, err)
				}
			}
			if kind == "xenforo2" {
				execute("UPDATE xf_user SET language_id = 1") // the cases expect English words
			}
			for _, c := range contentCases {
				if c.kind != kind {
					continue
				}
				t.Run(c.name, func(t *testing.T) {
					c = c.withDefaults()
					if c.change != "" {
						execute(c.change)
					}
					if c.body != "" {
						execute(map[string]string{"xenforo2": "UPDATE xf_post SET message = ? WHERE post_id = ?", "mybb": "UPDATE mybb_posts SET message = ? WHERE pid = ?"}[kind], c.body, c.post)
					}
					config := writeConfig(t, t.TempDir(), kind, dsn, "sqlite:"+t.TempDir()+"/postrider.db", "smtp://127.0.0.1:25")
					c.check(t, config)
				})
			}
		})
	}
}

func (c contentCase) withDefaults() contentCase {
	switch {
	case c.member != 0:
	case c.kind == "mybb":
		c.member, c.from, c.post = 3, "2026-11-23T09:56:02Z", 582
	default:
		c.member, c.from, c.post = 2, "2026-11-23T01:58:36Z", 501
	}
	return c
}

// check holds a digest and an alert, as HTML and as text, against the case.
func (c contentCase) check(t *testing.T, config string) {
	t.Helper()
	until := c.from[:len(c.from)-3] + string(c.from[len(c.from)-3]) + string(c.from[len(c.from)-2]+1) + "Z"
	for _, kind := range []string{"digest", "alert"} {
		for _, format := range []string{"html", "text"} {
			got, errOut, code := run(t, "preview", "-c", config, strconv.Itoa(c.member), "--kind", kind, "--from", c.from, "--until", until, "--format", format)
			if code != 0 {
				t.Fatalf("preview: exit %d\n%s", code, errOut)
			}
			shown := html.UnescapeString(got)
			if format == "text" {
				shown = got
			}
			one := strings.Join(strings.Fields(shown), " ")
			wants := c.want
			if kind == "alert" {
				wants = append(wants[:len(wants):len(wants)], c.alert...)
			}
			for _, want := range wants {
				if !strings.Contains(one, want) && !strings.Contains(shown, want) && !strings.Contains(strings.Join(strings.Fields(words(got)), " "), want) {
					t.Errorf("%s as %s lacks %q: %.900s", kind, format, want, words(got[max(0, strings.Index(got, c.from[:4]+"</p>")):]))
				}
			}
			for _, without := range c.without {
				if strings.Contains(shown, without) {
					t.Errorf("%s as %s has %q", kind, format, without)
				}
			}
		}
	}
}

// words returns the words of HTML without its tags.
func words(text string) string {
	var b strings.Builder
	for i, part := range strings.Split(text, "<") {
		if i > 0 {
			_, part, _ = strings.Cut(part, ">")
		}
		b.WriteString(part)
	}
	return html.UnescapeString(b.String())
}

// H14: the owner never set web.url, so it must not be what fails.
func TestContent_H14URLWithoutFriendlyURLs(t *testing.T) {
	dsn, config := sharedForum(t, "xenforo2")
	text := strings.Replace(readFile(t, config), `url = "https://forum.example.org"`, `url = "https://forum.example.org/index.php?"`, 1)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, errOut, code := run(t, "preview", "-c", config, "2", "--from", "2026-11-23T01:58:36Z", "--until", "2026-11-23T01:58:37Z", "--format", "text")
	if code != 0 || !strings.Contains(out, "https://forum.example.org/index.php?posts/501/") || strings.Contains(out, "index.php?/postrider") {
		t.Errorf("exit %d (%s), %s\n%s", code, dsn, errOut, out)
	}
}

func TestContent_AlertHasPlainPreheaderAndOneAddress(t *testing.T) {
	t.Parallel()
	dsn, config := loadForum(t, "xenforo2")
	const body = "[b]Look[/b] at [img]https://a.example/x.png[/img] https://a.example/y [icode]code[/icode] [staff]SECRET[/staff] [quote=Ray]theirs[/quote]~tilde~"
	if _, err := servertest.OpenMariaDB(t, dsn).ExecContext(t.Context(), "UPDATE xf_post SET message = ? WHERE post_id = 501", body); err != nil {
		t.Fatal(err)
	}
	alert := func(format string) string {
		out, errOut, code := run(t, "preview", "-c", config, "2", "--kind", "alert", "--from", "2026-11-23T01:58:36Z", "--until", "2026-11-23T01:58:37Z", "--format", format)
		if code != 0 {
			t.Fatalf("preview: exit %d\n%s", code, errOut)
		}
		return out
	}
	_, hidden, _ := strings.Cut(alert("html"), `<div style="display:none`)
	_, hidden, _ = strings.Cut(hidden, ">")
	preheader, _, _ := strings.Cut(hidden, "\n")
	if want := "Staff Sue: Look at code ~tilde~"; html.UnescapeString(preheader) != want {
		t.Errorf("the preheader is %q, want %q", preheader, want)
	}
	if text := alert("text"); strings.Count(text, "https://forum.example.org/posts/501/") != 1 {
		t.Errorf("the text does not show the post's address once:\n%s", text)
	}
}
