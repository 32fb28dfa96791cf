package demo

import (
	"cmp"
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/url"
	"os"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

//go:embed schema.sql
var schema string

// Create writes the sample forum to a new SQLite file at path, with dates relative to now.
func Create(ctx context.Context, path string, now time.Time) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("writing the sample forum: %s already exists", path)
	}
	c, err := readCast()
	if err != nil {
		return fmt.Errorf("reading the sample forum's story: %w", err)
	}
	db, err := open(path)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return fmt.Errorf("writing the sample forum's tables: %w", err)
	}
	err = write(ctx, db, func(w *rowWriter) {
		// The seed is fixed: two forums created for the same time are identical.
		t := seeder{rowWriter: w, cast: c, now: now, random: rand.New(rand.NewPCG(21, 40))}
		t.writeSections()
		t.writeMembers()
		t.writeWatches()
		t.writeThreads()
		t.writePosts()
	})
	if err != nil {
		return fmt.Errorf("writing the sample forum: %w", err)
	}
	return nil
}

// open opens the forum's file. Write-ahead logging lets the daemon read while members write.
func open(path string) (*sql.DB, error) {
	pragmas := url.Values{"_pragma": {"journal_mode(wal)", "foreign_keys(1)", "busy_timeout(5000)"}, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: pragmas.Encode()}).String())
	if err != nil {
		return nil, fmt.Errorf("opening the sample forum: %w", err)
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

// rowWriter writes rows in one transaction. It keeps the first error, so that callers do not check each statement.
type rowWriter struct {
	ctx context.Context
	tx  *sql.Tx
	err error
}

// write runs a function in a transaction.
func write(ctx context.Context, db *sql.DB, do func(*rowWriter)) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("beginning: %w", err)
	}
	defer tx.Rollback()
	w := &rowWriter{ctx: ctx, tx: tx}
	if do(w); w.err != nil {
		return w.err
	}
	return tx.Commit()
}

func (w *rowWriter) exec(query string, args ...any) {
	if w.err != nil {
		return
	}
	if _, err := w.tx.ExecContext(w.ctx, query, args...); err != nil {
		w.err = fmt.Errorf("%s: %w", query, err)
	}
}

// writePost writes a post. Like in a forum, its author then watches the thread and has read it.
func (w *rowWriter) writePost(id, thread, author int64, name string, at, edited int64, state, body string) {
	w.exec(`INSERT INTO post VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, id, thread, author, name, at, edited, state, body)
	if author == 0 {
		return
	}
	w.exec(`INSERT INTO thread_watch VALUES (?, ?, 1) ON CONFLICT DO NOTHING`, author, thread)
	w.exec(`INSERT INTO thread_read VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET read_at = max(read_at, excluded.read_at)`, author, thread, at)
}

// seeder writes the story to the database.
type seeder struct {
	*rowWriter
	*cast
	now    time.Time
	random *rand.Rand
}

func (t *seeder) ago(d time.Duration) int64 { return t.now.Add(-d).Unix() }

// The roles, by their numbers.
const (
	guest = iota + 1
	passenger
	steward
)

// writeSections writes categories, sections and their permissions.
func (t *seeder) writeSections() {
	t.exec(`INSERT INTO role VALUES (?, 'guest'), (?, 'member'), (?, 'steward')`, guest, passenger, steward)
	for i, c := range t.Categories {
		t.exec(`INSERT INTO category VALUES (?, ?, ?)`, i+1, c.Title, i+1)
		for _, s := range c.Sections {
			id := t.sections[s.Key].id
			t.exec(`INSERT INTO section VALUES (?, ?, ?, ?, ?)`, id, i+1, s.Title, s.About, id*10)
			t.exec(`INSERT INTO permission VALUES (?, ?, 'all')`, steward, id)
			switch {
			case s.Private:
				continue
			case s.Own:
				t.exec(`INSERT INTO permission VALUES (?, ?, 'own')`, passenger, id)
				continue
			case !s.Indoors:
				t.exec(`INSERT INTO permission VALUES (?, ?, 'all')`, guest, id)
			}
			t.exec(`INSERT INTO permission VALUES (?, ?, 'all')`, passenger, id)
		}
	}
}

func (t *seeder) writeMembers() {
	for i, m := range t.Members {
		email := m.Email
		if email != "" {
			email += "@passengers.example"
		}
		role := passenger
		if m.Steward {
			role = steward
		}
		joined := t.now.AddDate(-m.Years, 0, -7*i).Unix()
		t.exec(`INSERT INTO member VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			i+1, m.Name, email, m.Zone, m.Locale, role, m.Title, joined, cmp.Or(m.State, "active"), !m.NoMail)
		for place, label := range m.Badges {
			t.exec(`INSERT INTO badge VALUES (?, ?, ?)`, i+1, place+1, label)
		}
	}
}

func (t *seeder) writeWatches() {
	for i, m := range t.Members {
		for level, keys := range map[string][]string{"posts": m.Posts, "threads": m.Threads} {
			for _, key := range keys {
				t.watch(int64(i+1), key, level)
			}
		}
		for _, key := range m.Ignores {
			t.exec(`INSERT INTO ignored VALUES (?, ?)`, i+1, t.members[key].id)
		}
	}
}

func (t *seeder) watch(member int64, key, level string) {
	s := t.sections[key]
	if s == nil && t.err == nil {
		t.err = fmt.Errorf("member %d watches unknown section %q", member, key)
	}
	if t.err == nil {
		t.exec(`INSERT INTO section_watch VALUES (?, ?, ?, 1)`, member, s.id, level)
	}
}

// writeThreads writes the threads, and a redirect for each that was moved.
func (t *seeder) writeThreads() {
	for _, of := range t.story.Threads {
		id, first := t.cast.threads[of.Key].id, t.cast.posts[of.Key+".1"]
		t.exec(`INSERT INTO thread VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)`, id, t.sections[of.Section].id, of.Title,
			first.authorID(), first.authorName(), t.ago(first.Ago), first.id, cmp.Or(of.State, "visible"))
	}
	signpost := len(t.story.Threads)
	for _, of := range t.story.Threads {
		if of.MovedFrom == "" {
			continue
		}
		signpost++
		first := t.cast.posts[of.Key+".1"]
		t.exec(`INSERT INTO thread VALUES (?, ?, ?, ?, ?, ?, 0, 'visible', ?)`, signpost, t.sections[of.MovedFrom].id, of.Title,
			first.authorID(), first.authorName(), t.ago(first.Ago), t.cast.threads[of.Key].id)
	}
}

func (t *seeder) writePosts() {
	for _, p := range t.order {
		body, err := t.body(p.Body)
		if err != nil && t.err == nil {
			t.err = fmt.Errorf("post %s.%d: %w", p.thread.of.Key, p.number, err)
		}
		var edited int64
		if p.Edited > 0 {
			edited = t.ago(p.Edited)
		}
		t.writePost(p.id, p.thread.id, p.authorID(), p.authorName(), t.ago(p.Ago), edited, cmp.Or(p.State, "visible"), body)
		t.writeLikes(p)
	}
}

// writeLikes writes the likes of a post: those in the story, in its order, then a few random ones.
func (t *seeder) writeLikes(p *placedPost) {
	names := p.Likes
	for range max(0, t.random.IntN(6)-2) {
		names = append(names[:len(names):len(names)], t.Members[t.random.IntN(len(t.Members))].Key)
	}
	in, starter := t.sections[p.thread.of.Section].of, t.cast.posts[p.thread.of.Key+".1"].authorID()
	for i, key := range names {
		m := t.members[key]
		if m == nil {
			t.err = cmp.Or(t.err, fmt.Errorf("post %s.%d is liked by unknown member %q", p.thread.of.Key, p.number, key))
			return
		}
		if m.id != p.authorID() && t.canRead(m, in, starter) {
			at := p.Ago * time.Duration(len(names)-i) / time.Duration(len(names)+1)
			t.exec(`INSERT INTO post_like VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, p.id, m.id, t.ago(at))
		}
	}
}
