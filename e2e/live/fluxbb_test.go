//go:build live

package live

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// fluxbb is FluxBB 1.5.11. Its code is older than PHP 8: the patches change what PHP 8 does not compile, and nothing else.
var fluxbb = forumKind{
	name: "fluxbb",
	// Since PHP 8.1, failed queries throw, which FluxBB does not expect. PHP 8.0 has dropped the constant.
	prepend: "mysqli_report(MYSQLI_REPORT_OFF); define('MB_OVERLOAD_STRING', 2);",
	patches: map[string]string{
		"admin_groups.php":                  `: ($is_admin_group) ? '1' : '0' => : (($is_admin_group) ? '1' : '0')`,
		"include/cache.php":                 `$entry{0} => $entry[0]`,
		"include/functions.php":             "$entry{0} => $entry[0]\n$m{'regname'} => $m['regname']",
		"include/utf8/ord.php":              "$chr{ => $chr[\n}) => ])",
		"include/utf8/utils/bad.php":        `$str{$i} => $str[$i]`,
		"include/utf8/utils/validation.php": `$str{$i} => $str[$i]`,
	},
	postLink: regexp.MustCompile(`viewtopic\.php\?pid=(\d+)`),
	anchor:   func(post int64) string { return fmt.Sprintf("p%d", post) },
	notice:   fluxbbNotice,
	failure:  fluxbbFailure,
	watched:  fluxbbWatched,
}

var (
	fluxbbTopicLink = regexp.MustCompile(`(?m)located at \S+/viewtopic\.php\?id=(\d+)`)
	fluxbbTitle     = regexp.MustCompile(`(?s)(?:the topic|a new topic) '(.*?)' (?:to which|in the forum)`)
)

// fluxbbNotice reads a notification (lang/English/mail_templates/new_reply.tpl and new_topic.tpl). One about a topic is about its
// first post.
func fluxbbNotice(w *world, text string) (notice, bool) {
	title := fluxbbTitle.FindStringSubmatch(text)
	if title == nil {
		return notice{}, false
	}
	if posts := w.linkedPosts(text); len(posts) == 1 {
		return notice{post: posts[0], title: title[1]}, true
	}
	topic := fluxbbTopicLink.FindStringSubmatch(text)
	if topic == nil {
		w.Fatalf("a notification has no link:\n%s", text)
	}
	return notice{post: w.firstPosts[must(strconv.ParseInt(topic[1], 10, 64))(w)], title: title[1]}, true
}

// fluxbbFailure returns what a page complains about: message(), error() and the lists of errors of its forms.
func fluxbbFailure(p *page) string {
	for n := range p.elements("") {
		id, class := attribute(n, "id"), attribute(n, "class")
		if id == "msg" || id == "errorbox" || strings.Contains(class, "error-list") {
			return textOf(n)
		}
	}
	if !strings.Contains(p.text, "</html>") && !strings.HasSuffix(p.url.Path, "live-prepend.php") {
		return "the page is not complete: " + p.text
	}
	return ""
}

// fluxbbWatched asks as FluxBB does for a member's subscriptions (search.php) and for the right to read (viewtopic.php).
func fluxbbWatched(w *world, member string) (posts []int64) {
	w.Helper()
	rows, err := w.db.QueryContext(w.Context(), `SELECT DISTINCT p.id FROM users AS u
		JOIN posts AS p ON p.poster_id <> u.id
		JOIN topics AS t ON t.id = p.topic_id
		LEFT JOIN topic_subscriptions AS ts ON ts.user_id = u.id AND ts.topic_id = t.id
		LEFT JOIN forum_subscriptions AS fs ON fs.user_id = u.id AND fs.forum_id = t.forum_id
		LEFT JOIN forum_perms AS fp ON fp.forum_id = t.forum_id AND fp.group_id = u.group_id
		WHERE u.username = ? AND (ts.user_id IS NOT NULL OR fs.user_id IS NOT NULL) AND (fp.read_forum IS NULL OR fp.read_forum = 1)`, member)
	if err != nil {
		w.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var post int64
		if err := rows.Scan(&post); err != nil {
			w.Fatal(err)
		}
		posts = append(posts, post)
	}
	return posts
}

// TestLive_FluxBB installs FluxBB, uses it through its pages, and compares each email of Postrider with FluxBB's own.
func TestLive_FluxBB(t *testing.T) {
	f := &fluxbbForum{world: newWorld(t, fluxbb), ids: map[string]int64{}, groups: map[string]string{}}
	f.install()
	f.setUp()
	f.startPostrider()
	f.play()
	f.playDigests()
	f.reopenLinks(func(post int64) bool { return f.queryInt("SELECT COUNT(*) FROM posts WHERE id = ?", post) > 0 })
	f.report()
}

// fluxbbForum is a FluxBB forum and the people who use its pages.
type fluxbbForum struct {
	*world
	ids    map[string]int64  // of members and forums, by name
	groups map[string]string // IDs by name
}

// intIn returns the number that a pattern finds in an address.
func (f *fluxbbForum) intIn(pattern, address string) int64 {
	f.Helper()
	found := regexp.MustCompile(pattern).FindStringSubmatch(address)
	if found == nil {
		f.Fatalf("no %s in %s", pattern, address)
	}
	return must(strconv.ParseInt(found[1], 10, 64))(f)
}
