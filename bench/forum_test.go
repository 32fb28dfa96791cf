package bench

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// size is the size of the generated forum.
type size struct {
	members  int // all of them are due
	sections int
	threads  int // all of them have new posts
	posts    int // all in the last day
	watched  int // threads that each member watches, by Zipf's law
}

var now = time.Date(2026, 5, 4, 20, 0, 0, 0, time.UTC)

// words is the vocabulary of the posts.
var words = strings.Fields(`harbour lantern the a of quietly freight crossing nobody remembers why tide table printed on
paper engine room second watch and then because north wind signal it was never repaired but still kept running through
winter storm pilot boat chart Ümläut déjà vu station keeper letter home weather glass falling slowly 東京 москва`)

// generator fills the database of a XenForo 2 forum.
type generator struct {
	b      *testing.B
	db     *sql.DB
	random *rand.Rand
	size   size
}

func generate(b *testing.B, db *sql.DB, s size) {
	b.Helper()
	g := &generator{b: b, db: db, random: rand.New(rand.NewPCG(4, 2)), size: s}
	for _, table := range []string{"xf_node", "xf_forum", "xf_thread", "xf_post", "xf_user", "xf_user_option", "xf_user_profile", "xf_user_ignored",
		"xf_thread_watch", "xf_forum_watch", "xf_permission_cache_content", "xf_permission_combination", "xf_reaction_content", "xf_thread_read", "xf_user_ban"} {
		g.exec("DELETE FROM " + table)
	}
	g.writeNodes()
	g.writeMembers()
	g.writeThreads()
	g.writePosts()
	g.writeWatches()
}

func (g *generator) exec(query string) {
	if _, err := g.db.ExecContext(g.b.Context(), query); err != nil {
		g.b.Fatalf("generating the forum: %v\n%.200s", err, query)
	}
}

// insert writes n rows, 1000 per statement.
func (g *generator) insert(into string, n int, row func(i int) string) {
	for from := 0; from < n; from += 1000 {
		rows := make([]string, 0, 1000)
		for i := from; i < min(n, from+1000); i++ {
			rows = append(rows, "("+row(i)+")")
		}
		g.exec("INSERT INTO " + into + " VALUES " + strings.Join(rows, ","))
	}
}

const combinations = 20

func (g *generator) writeNodes() {
	n := g.size.sections
	g.insert("xf_node (node_id, title, description, node_type_id, parent_node_id, display_order, lft, rgt)", n, func(i int) string {
		return fmt.Sprintf("%d, 'Section %d', '', 'Forum', 0, %d, %d, %d", i+1, i+1, i+1, 2*i+1, 2*i+2)
	})
	g.insert("xf_forum (node_id)", n, func(i int) string { return fmt.Sprint(i + 1) })
	g.insert("xf_permission_combination (permission_combination_id, user_id, user_group_list, cache_value)", combinations, func(i int) string {
		return fmt.Sprintf("%d, 0, '2', '{}'", i+1)
	})
	// Each combination may not read one section in twenty.
	g.insert("xf_permission_cache_content (permission_combination_id, content_type, content_id, cache_value)", combinations*n, func(i int) string {
		combination, section := i/n+1, i%n+1
		view := section%combinations != combination%combinations
		return fmt.Sprintf(`%d, 'node', %d, '{"view":%v,"viewOthers":true,"viewContent":true}'`, combination, section, view)
	})
}

func (g *generator) writeMembers() {
	zones := []string{"Europe/Berlin", "Europe/London", "America/New_York", "America/Los_Angeles", "Asia/Seoul", "Asia/Kolkata", "Australia/Sydney", "UTC"}
	languages := g.writeLanguages()
	g.insert("xf_user (user_id, username, email, language_id, timezone, user_group_id, secondary_group_ids, display_style_group_id, permission_combination_id, custom_title)", g.size.members, func(i int) string {
		return fmt.Sprintf("%d, 'Member %d', 'member%d@example.org', %d, '%s', 2, '', 2, %d, 'Able Seaman'",
			i+1, i+1, i+1, languages[i%len(languages)], zones[i%len(zones)], 1+i%combinations)
	})
	g.insert("xf_user_option (user_id)", g.size.members, func(i int) string { return fmt.Sprint(i + 1) })
	g.insert("xf_user_profile (user_id)", g.size.members, func(i int) string { return fmt.Sprint(i + 1) })
	g.insert("xf_user_ignored (user_id, ignored_user_id)", g.size.members/10, func(i int) string {
		return fmt.Sprintf("%d, %d", i*10+1, 1+g.random.IntN(g.size.members))
	})
}

// writeLanguages creates two languages. It returns their IDs, which are assigned to the members in turn.
func (g *generator) writeLanguages() []int {
	g.exec("DELETE FROM xf_language")
	g.exec("INSERT INTO xf_language (language_id, parent_id, title, language_code, text_direction) VALUES (1, 0, 'English', 'en-US', 'LTR'), (2, 0, 'Deutsch', 'de-DE', 'LTR')")
	return []int{1, 2}
}

func (g *generator) writeThreads() {
	g.insert("xf_thread (thread_id, node_id, title, user_id, username, post_date, discussion_type, first_post_id, last_post_date, last_post_id, last_post_user_id, last_post_username)", g.size.threads, func(i int) string {
		author := 1 + g.random.IntN(g.size.members)
		first := i + 1 // one thread in ten is new: it has its opening post
		if i%10 != 0 {
			first = 0
		}
		return fmt.Sprintf("%d, %d, 'Thread %d: %s', %d, 'Member %d', %d, 'discussion', %d, 0, 0, 0, ''",
			i+1, 1+i%g.size.sections, i+1, g.text(5), author, author, now.Unix()-80000, first)
	})
}

func (g *generator) writePosts() {
	zipf := rand.NewZipf(g.random, 1.05, 2000, uint64(g.size.threads-1))
	g.insert("xf_post (post_id, thread_id, user_id, username, post_date, message, position)", g.size.posts, func(i int) string {
		thread := i + 1
		if i >= g.size.threads {
			thread = int(zipf.Uint64()) + 1
		}
		author := 1 + g.random.IntN(g.size.members)
		at := now.Unix() - 80000 + int64(i)*79000/int64(g.size.posts)
		return fmt.Sprintf("%d, %d, %d, 'Member %d', %d, '%s', %d", i+1, thread, author, author, at, g.body(i), i)
	})
	g.insert("xf_reaction_content (reaction_id, content_type, content_id, reaction_user_id, reaction_date, content_user_id)", g.size.posts/4, func(i int) string {
		return fmt.Sprintf("1, 'post', %d, %d, %d, 1", i*4+1, 1+g.random.IntN(g.size.members), now.Unix()-1000)
	})
}

// body returns a realistic post: one in three has a quote, one in five a link, one in twenty code.
func (g *generator) body(i int) string {
	var b strings.Builder
	if i > 100 && i%3 == 0 {
		quoted := 1 + g.random.IntN(i)
		fmt.Fprintf(&b, "[QUOTE=\"Member %d, post: %d, member: %d\"]%s.[/QUOTE]\n", quoted, quoted, quoted, g.text(12))
	}
	b.WriteString(g.text(20) + ". [B]" + g.text(3) + "[/B] " + g.text(15) + ".\n\n" + g.text(30) + ".")
	if i%5 == 0 {
		fmt.Fprintf(&b, " [URL=\"https://example.org/%d\"]%s[/URL]", i, g.text(3))
	}
	if i%20 == 0 {
		b.WriteString("\n[CODE]x := 1[/CODE]")
	}
	return b.String()
}

func (g *generator) text(n int) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = words[g.random.IntN(len(words))]
	}
	return strings.Join(parts, " ")
}

func (g *generator) writeWatches() {
	zipf := rand.NewZipf(g.random, 1.1, 1500, uint64(g.size.threads-1))
	var rows []string
	for m := range g.size.members {
		seen := map[uint64]bool{}
		for len(seen) < g.size.watched {
			seen[zipf.Uint64()] = true
		}
		for t := range seen {
			rows = append(rows, fmt.Sprintf("%d, %d, 1", m+1, t+1))
		}
	}
	g.insert("xf_thread_watch (user_id, thread_id, email_subscribe)", len(rows), func(i int) string { return rows[i] })
	sections := rand.NewZipf(g.random, 1.1, 10, uint64(g.size.sections-1))
	g.insert("xf_forum_watch (user_id, node_id, notify_on, send_alert, send_email)", g.size.members, func(i int) string {
		return fmt.Sprintf("%d, %d, 'thread', 1, 1", i+1, sections.Uint64()+1)
	})
}
