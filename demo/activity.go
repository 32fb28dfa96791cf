package demo

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// ActivityGenerator generates posts, likes and edits in a sample forum. It is not safe for concurrent use.
type ActivityGenerator struct {
	db     *sql.DB
	cast   *cast
	random *rand.Rand
	since  int // posts since the last like or edit
}

// News is what a member did on the forum.
type News struct {
	Kind    Kind
	Who     string
	Section string
	Title   string // of the thread
	Thread  int64
	Post    int64
}

// Kind is a kind of news.
type Kind string

const (
	NewThread Kind = "new thread"
	Reply     Kind = "reply"
	Like      Kind = "like"
	Edit      Kind = "edit"
)

// NewActivityGenerator returns a generator for the forum that [Create] wrote to path.
func NewActivityGenerator(path string) (*ActivityGenerator, error) {
	c, err := readCast()
	if err != nil {
		return nil, fmt.Errorf("reading the sample forum's story: %w", err)
	}
	db, err := open(path)
	if err != nil {
		return nil, err
	}
	return &ActivityGenerator{db: db, cast: c, random: rand.New(rand.NewPCG(21, 41))}, nil
}

// Close closes the forum's file.
func (t *ActivityGenerator) Close() error { return t.db.Close() }

// Post generates one action: the story's next post or, after its end, some chatter; now and then a like or an edit.
func (t *ActivityGenerator) Post(ctx context.Context, now time.Time) (News, error) {
	var news News
	err := write(ctx, t.db, func(w *rowWriter) {
		s := action{rowWriter: w, ActivityGenerator: t, now: now}
		switch {
		case t.since >= 2 && t.random.IntN(2) == 0:
			news = s.like()
		case t.since >= 4:
			news = s.edit()
		case s.countPosts() < len(t.cast.Next):
			news = s.writeNext(t.cast.Next[s.countPosts()])
		case t.random.IntN(8) == 0:
			news = s.smallTalk()
		default:
			news = s.chat()
		}
	})
	if err != nil {
		return News{}, fmt.Errorf("writing to the sample forum: %w", err)
	}
	switch news.Kind {
	case Like, Edit:
		t.since = 0
	default:
		t.since++
	}
	return news, nil
}

// action is one action of a member.
type action struct {
	*rowWriter
	*ActivityGenerator
	now time.Time
}

func (s *action) query(query string, args ...any) scanner { return scanner{s, query, args} }

// scanner reads one row, unless there was an error before.
type scanner struct {
	*action
	query string
	args  []any
}

func (r scanner) scan(into ...any) {
	if r.err != nil {
		return
	}
	if err := r.tx.QueryRowContext(r.ctx, r.query, r.args...).Scan(into...); err != nil {
		r.err = fmt.Errorf("%s: %w", r.query, err)
	}
}

// countPosts counts the posts written since the forum was created. The story's come first, so a new generator continues where
// an earlier one stopped.
func (s *action) countPosts() int {
	var posts int
	s.query(`SELECT count(*) FROM post`).scan(&posts)
	return posts - len(s.cast.order)
}

// writeNext writes the next post of the story.
func (s *action) writeNext(n nextPost) News {
	who := s.cast.members[n.By]
	body, err := s.cast.body(n.Body)
	if err != nil && s.err == nil {
		s.err = err
	}
	if n.Section != "" {
		return s.newThread(s.cast.sections[n.Section], who, n.Title, body)
	}
	return s.reply(s.cast.threads[n.Thread].id, who, body)
}

// newThread opens a thread.
func (s *action) newThread(in *numbered[section], who *numbered[member], title, body string) News {
	n := News{Kind: NewThread, Who: who.of.Name, Section: in.of.Title, Title: title}
	s.query(`SELECT max(t.id) + 1, (SELECT max(id) + 1 FROM post) FROM thread t`).scan(&n.Thread, &n.Post)
	s.exec(`INSERT INTO thread VALUES (?, ?, ?, ?, ?, ?, ?, 'visible', NULL)`, n.Thread, in.id, title, who.id, who.of.Name, s.now.Unix(), n.Post)
	s.writePost(n.Post, n.Thread, who.id, who.of.Name, s.now.Unix(), 0, "visible", body)
	return n
}

func (s *action) reply(thread int64, who *numbered[member], body string) News {
	n := News{Kind: Reply, Who: who.of.Name, Thread: thread}
	s.query(`SELECT s.title, t.title, (SELECT max(id) + 1 FROM post) FROM thread t JOIN section s ON s.id = t.section_id WHERE t.id = ?`, thread).
		scan(&n.Section, &n.Title, &n.Post)
	s.writePost(n.Post, thread, who.id, who.of.Name, s.now.Unix(), 0, "visible", body)
	return n
}

// smallTalk starts a thread of small talk.
func (s *action) smallTalk() News {
	in := s.cast.sections[pick(s.random, []string{"tonight", "corridor", "dining", "bedding", "lost", "routes"})]
	title := strings.ReplaceAll(pick(s.random, s.cast.Chatter.Titles), "{clock}", s.now.UTC().Format("15:04"))
	return s.newThread(in, s.pickMember(in.id, 0), title, pick(s.random, s.cast.Chatter.En))
}

// chat replies in an active thread, sometimes with a quote.
func (s *action) chat() News {
	at := s.recent()
	body := pick(s.random, s.cast.Chatter.En)
	if at.section == s.cast.sections["deutsch"].id {
		body = pick(s.random, s.cast.Chatter.De)
	}
	if words := firstWords(at.body); words != "" && s.random.IntN(3) == 0 {
		body = fmt.Sprintf("[QUOTE=\"%s, post: %d, member: %d\"]%s[/QUOTE]\n%s", at.name, at.post, at.author, words, body)
	}
	return s.reply(at.thread, s.pickMember(at.section, at.author), body)
}

func (s *action) like() News {
	at := s.recent()
	who := s.pickMember(at.section, at.author)
	s.exec(`INSERT INTO post_like VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, at.post, who.id, s.now.Unix())
	return News{Kind: Like, Who: who.of.Name, Section: at.sectionTitle, Title: at.title, Thread: at.thread, Post: at.post}
}

func (s *action) edit() News {
	at := s.recent()
	s.exec(`UPDATE post SET body = body || ?, edited_at = ? WHERE id = ?`, "\n\n"+pick(s.random, s.cast.Chatter.Edits), s.now.Unix(), at.post)
	return News{Kind: Edit, Who: at.name, Section: at.sectionTitle, Title: at.title, Thread: at.thread, Post: at.post}
}

// place is a post with its thread and section.
type place struct {
	post, author, thread, section int64
	name, body                    string
	sectionTitle, title           string
}

// recent picks one of the last posts that all members may read.
func (s *action) recent() place {
	var p place
	s.query(`SELECT p.id, p.author_id, p.author_name, p.body, t.id, t.title, s.id, s.title
	         FROM post p JOIN thread t ON t.id = p.thread_id JOIN section s ON s.id = t.section_id
	        WHERE p.state = 'visible' AND t.state = 'visible'
	          AND EXISTS (SELECT 1 FROM permission r WHERE r.role_id = ? AND r.section_id = s.id AND r.reads = 'all')
	        ORDER BY p.id DESC LIMIT 1 OFFSET ?`, passenger, s.random.IntN(30)).
		scan(&p.post, &p.author, &p.name, &p.body, &p.thread, &p.title, &p.section, &p.sectionTitle)
	return p
}

// pickMember picks a member who watches the section, other than the last author.
func (s *action) pickMember(section, last int64) *numbered[member] {
	var watching []*numbered[member]
	for i := range s.cast.Members {
		m := s.cast.members[s.cast.Members[i].Key]
		for _, key := range append(m.of.Posts[:len(m.of.Posts):len(m.of.Posts)], m.of.Threads...) {
			if m.of.State == "" && m.id != last && s.cast.sections[key].id == section {
				watching = append(watching, m)
			}
		}
	}
	return pick(s.random, watching)
}

func pick[T any](random *rand.Rand, from []T) T { return from[random.IntN(len(from))] }

var (
	quoted = regexp.MustCompile(`(?s)\[QUOTE.*\[/QUOTE\]|\[CODE.*\[/CODE\]|\[SPOILER.*\[/SPOILER\]|\[TABLE.*\[/TABLE\]`)
	tags   = regexp.MustCompile(`\[[^\[\]\n]*\]`)
)

// firstWords returns the first words of a post for a quote: one line without markup, cut at a word.
func firstWords(body string) string {
	for l := range strings.Lines(tags.ReplaceAllString(quoted.ReplaceAllString(body, ""), "")) {
		l = strings.TrimSpace(l)
		if utf8.RuneCountInString(l) <= 120 {
			if l != "" {
				return l
			}
			continue
		}
		cut := string([]rune(l)[:120])
		return cmp.Or(cut[:max(0, strings.LastIndexByte(cut, ' '))], cut) + " …"
	}
	return ""
}
