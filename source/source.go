// Package source reads a forum's own database, and never writes to it.
//
// One Go type, [DB], reads every forum. A forum type is a pair of files, such as xenforo2.go and
// xenforo2.sql. The Go file defines the type's URLs, markup, permissions and time zones. The SQL file contains
// the queries below. A file of the administrator can replace single queries ([Config.Queries]), so an unusual
// or custom forum needs no Go code.
//
// Open a DB, call Check to find out whether the forum is supported, then read everything else within
// [DB.Read], which is one read-only transaction with consistent results. The methods of [Snapshot] take whole
// batches of IDs, and split them into statements of at most 1,000.
//
// # The query contract
//
// Every forum type has these queries, with exactly these columns, in any order. A query in the administrator's file may
// lack the columns that are marked with "?" here. Columns are never NULL.
// Times are Unix seconds. Booleans are 0 or 1. Table names are written as {prefix}post, or as
// {table post} if the name alone is a word of SQL. {list x} joins values with commas. Lists are used as
// IN (:ids), and are never empty. A query uses no clock except :now.
//
//	name            parameters         columns
//	sections                           id parent_id place title holds_threads closed
//	threads         :ids               id section_id title starter_id starter_name started_at first_post_id state redirect
//	thread_sections :ids               thread_id section_id
//	posts           :ids               id thread_id author_id author_name posted_at state version
//	bodies          :ids               id author_id likes body
//	numbers         :ids               id thread_id earlier
//	likes           :ids               id name
//	titles          :members           member_id title
//	badges          :members           member_id badge
//	members         :ids :now          id name email zone locale roles no_mail opt_outs?
//	recipients      :ids               id
//	find            :name              id
//	search          :begins :limit     id
//	containing      :part :limit       id
//	watching        :after :limit      id
//	rights          :roles             role section_id rights
//	section_watches :members           member_id section_id level mail
//	thread_watches  :members           member_id thread_id mail
//	mutes           :members           member_id thread_id section_id?
//	watchers        :threads :sections :after :limit  member_id thread_id section_id level
//	ignores         :members           member_id ignored
//	read_days                          days
//	section_reads   :members :since    member_id section_id read_at
//	thread_reads    :members :since    member_id thread_id read_at
//	took_part       :members :threads  member_id thread_id
//	arrivals        :after :limit      id thread_id section_id author_id posted_at visible
//	arrivals_of     :ids               the same
//	first_since     :from              id
//	newest                             id
//	created         :from :until       id
//	mailable        :now               members accepting_all?
//	watch_counts    :now               watching without_email
//	roster          :after :limit      id
//	profiles        :ids               id posts joined_at visited_at
//	visits          :members           member_id visited_at
//	groups                             id title
//	memberships     :members           member_id in_groups
//	named           :names             id name
//	addressed       :addresses         id email
//	codes                              name pattern page email
//	word_filter                        word regex replacement
//
// The last two are optional: a type may lack them, and if a forum lacks their tables, they have no rows. A type may lack
// watch_counts, mutes and thread_sections, too. No type has recipients: it is for the administrator's file.
//
// What each query returns, and what it must leave out:
//
//   - sections: the whole tree, with categories, links and closed sections. place is the order among siblings.
//     holds_threads is 0 for a node that cannot contain threads. closed is 1 for a section that the forum does
//     not list, because it is inactive or has a password; it also closes all sections below. Go sorts the tree.
//   - threads, posts: all of :ids, whatever their state: 0 visible, 1 awaits approval, 2 deleted. redirect is 1
//     for the placeholder that a move leaves behind. version is any text that changes whenever the post would
//     look different. The author is 0 for guests and deleted accounts.
//   - thread_sections: for a forum in which a thread may be in several sections, all sections of each thread. section_id in
//     threads and arrivals is one of them: the one under which an email shows the thread if the member watches none of them. A member
//     needs the right to read each; a watch of any counts. A thread in no section has a section of the type, with a row in sections.
//   - bodies: the text as the forum stores it, cut to 262,144 characters, and the number of likes.
//   - numbers: for each thread with a post of :ids, the posts that the forum counts, starting with the oldest post
//     of :ids, ordered by thread and position. earlier is the number of counted posts before these. Go continues
//     counting from there.
//   - likes: names of the members who like a post, by post, oldest first, without banned members.
//   - titles, badges: what the forum shows below an author's name; no row, or an empty text, for none.
//     Badges are in the forum's order.
//   - members: roles are comma-separated words that rights accepts: groups, or one permission set. Members with
//     the same roles are in the same access class.
//     no_mail is empty or the reason why this member gets no email: one of the constants of this package
//     (Banned ...). opt_outs are the kinds of email that the member declined in the forum's settings, as the forum itself means
//     them: announcements, alerts, digests, comma-separated. zone and locale are as the forum stores them; the type's Go file converts them.
//   - recipients: those of :ids who may get email, as far as members allows it. The others get none, of any kind. Without this
//     query, all do.
//   - find: the member with exactly this name, if there is one. search: members whose names are LIKE :begins, ignoring
//     case, ordered by name. "|" is the escape character. containing: those whose names are LIKE :part, which begins
//     with "%"; without it search answers. Only a person who searches calls it, so it may read all names.
//   - watching: members who watch anything, by ascending ID, after :after. Deleted accounts may be among them.
//   - rights: the permissions of each role in each section: three digits 0 or 1 for "may view it", "may read its
//     threads" and "may read only own threads"; or a cache that the type's Go file decodes. A section without
//     a row may not be read, unless the type inherits (MyBB): then the row of the nearest ancestor applies,
//     or else the role's row for section 0.
//   - section_watches: level is 1 for new threads only, 2 for all posts. Leaves out watches that ask for
//     nothing. mail is the level of the posts that the forum itself would email; 0: none. In thread_watches it is 0 or 1.
//   - mutes: threads about which a member wants to hear nothing, even if they watch the section or are mentioned; and sections,
//     for which the same holds, except of the threads in them that the member watches. A row has a thread or a section; the other
//     is 0.
//   - watchers: the watches of these threads and sections for which the forum itself would send an email, by member,
//     after :after. A row has a thread or a section; the other is 0. level is the level of the section's watch.
//   - ignores: ignored is one member, or several, comma-separated.
//   - read_days: for how many days the forum records what was read. section_reads and thread_reads may leave
//     out marks older than :since.
//   - took_part: threads that the member started or wrote a visible post in; a pair may appear twice.
//   - arrivals: posts after :after, by ascending ID; visible is 1 if the post and its thread are visible and the
//     thread is not a redirect. Permissions do not matter here.
//   - first_since: the smallest ID of a post created at or after :from, or 0. newest: the largest ID, or 0.
//     created: all posts created in [:from, :until), whatever their state, by ascending ID.
//   - mailable: only for the administrator's information: members is the number of members who may get email of at least one
//     kind, accepting_all the number of those who opted out of nothing.
//     It decides nothing: members and recipients do.
//   - watch_counts: of the members who may get email, those who watch anything, and those of them whose watches all have mail 0.
//   - roster: all members, by ascending ID, after :after.
//   - profiles: posts is the post count that the forum shows. joined_at and visited_at (the last visit) are 0 if
//     unknown.
//   - visits: when each member last opened any page of the forum; 0 if unknown. Mode "first" of alerts waits until then.
//   - groups: the permission groups, by ascending ID. memberships: in_groups is one group ID, or several,
//     comma-separated.
//   - named, addressed: members with these names or addresses. The parameters are in lower case and as typed; the columns
//     are as the forum stores them. Here, and in find and search, compare the column itself, not a converted one, so that
//     the forum's index is used.
//   - codes: the forum's own BB codes, from add-ons or the administrator, as far as they are active. name is the tag's name, or
//     pattern an expression that matches the whole code (MyBB). page is the HTML that the forum shows in its place, with
//     {text} and {option}, or $1, $2 of the pattern; empty if a program decides. email is what the forum's own emails show;
//     empty if that is the same as page. See [Code].
//   - word_filter: words that the forum does not show, and what it shows instead. regex is 1 for a regular expression. Or
//     one row that the type's Go file decodes.
package source

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"postrider/forum"
	"postrider/internal/sqlfile"
)

// The reasons why a member gets no email: the values of the column no_mail.
const (
	Banned           = "banned"
	NotConfirmed     = "not confirmed"
	Bouncing         = "bouncing"
	Disabled         = "disabled"
	AwaitingApproval = "awaiting approval"
	Rejected         = "rejected"
	NoAddress        = "no address"
	NotARecipient    = "left out by the query recipients"
	OptedOut         = forum.OptedOut // in an administrator's query: of all kinds
)

// MayRead reports whether a member may read the forum at all, even if they get no email.
func MayRead(m forum.Member) bool {
	switch m.NoMail {
	case "", NoAddress, Bouncing, NotARecipient:
		return true
	}
	return false
}

// DB is a forum's database.
type DB struct {
	kind     forumType
	engine   sqlfile.Engine
	queries  map[string]sqlfile.Query
	sql      *sql.DB
	links    forum.Links
	base     string
	prefix   string
	timeout  time.Duration // of one statement
	showTags []string      // [forum] show_tags
	optOut   string        // [forum] opt_out

	mailFlagOff string // [forum] mail_flag_off

	dialectMu  sync.Mutex
	dialect    *dialect // nil: not read yet
	statements atomic.Int64
}

// Open connects to a forum's database. Check tests whether the forum is supported.
func Open(ctx context.Context, c Config) (*DB, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	k, _ := forumTypeNamed(c.Type)
	t, err := parseDSN(c.DSN)
	if err != nil {
		return nil, err
	}
	prefix := c.Prefix
	if prefix == "" {
		prefix = k.prefix
	}
	queries, err := loadQueries(k, t.engine, prefix, c.Queries)
	if err != nil {
		return nil, err
	}
	pool, err := t.open(c.Timeout)
	if err != nil {
		return nil, err
	}
	if err := pool.PingContext(ctx); err != nil {
		pool.Close()
		err = fmt.Errorf("connecting to %s: %w", t, err)
		if t.engine == sqlfile.MySQL && !refusesLogin(err) {
			err = UnreachableError{err}
		}
		return nil, err
	}
	base := strings.TrimRight(c.URL, "/")
	db := &DB{
		kind: k, engine: t.engine, queries: queries, sql: pool,
		links: k.links(base), base: base, prefix: prefix, timeout: c.Timeout, showTags: c.ShowTags,
		optOut: c.OptOut, mailFlagOff: c.MailFlagOff,
	}
	_, _ = db.currentDialect(ctx) // so that the first Read is as fast as the others; an error comes again there
	return db, nil
}

// Close ends all connections.
func (db *DB) Close() error { return db.sql.Close() }

// Links returns the URLs of the forum's own pages.
func (db *DB) Links() forum.Links { return db.links }

// ZonesAreOffsets reports whether the forum stores UTC offsets, so that a member's zone changes with daylight saving time.
func (db *DB) ZonesAreOffsets() bool { return db.kind.offsetOnly }

// Statements returns the number of SQL statements sent so far.
func (db *DB) Statements() int64 { return db.statements.Load() }

// Read calls ask within one read-only transaction. If the engine has snapshots (InnoDB, SQLite), all results
// show the forum as it was at the first query. MyISAM, which MyBB may use, has none.
func (db *DB) Read(ctx context.Context, ask func(*Snapshot) error) (err error) {
	d, err := db.currentDialect(ctx)
	if err != nil {
		return err
	}
	return db.transaction(ctx, func(s *Snapshot) error {
		s.dialect = d
		return ask(s)
	})
}

// transaction calls ask within one read-only transaction.
func (db *DB) transaction(ctx context.Context, ask func(*Snapshot) error) (err error) {
	var options *sql.TxOptions // MySQL and SQLite: the connection itself is read-only, see connect.go
	if db.engine == sqlfile.Postgres {
		options = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true} // without options, lib/pq asks for READ WRITE
	}
	tx, err := db.sql.BeginTx(ctx, options)
	if err != nil {
		return fmt.Errorf("starting to read the forum: %w", err)
	}
	db.statements.Add(1)
	defer func() {
		if end := tx.Rollback(); end != nil && !errors.Is(end, sql.ErrTxDone) && err == nil {
			err = fmt.Errorf("finishing to read the forum: %w", end)
		}
	}()
	return ask(&Snapshot{db: db, tx: tx})
}
