// Package source reads a forum's own database, and never writes to it.
//
// One Go type, [DB], reads every forum. A forum type is a pair of files, xenforo2.go and xenforo2.sql:
// the Go file says how the type spells addresses, markup, rights and zones; the SQL file answers the
// questions below. An owner may overlay single queries ([Config.Queries]), so that an odd or home-made
// forum is served without Go.
//
// Open a DB, ask Check whether this forum can be served, then ask everything else within [DB.Read]: one
// read-only transaction, in which all answers fit together. Methods of [Snapshot] are asked for a whole
// batch at once; what they are given in ids they split into statements of at most 1,000.
//
// # The query contract
//
// Every forum type answers these questions, with exactly these columns, in any order. Columns are never
// NULL. Times are Unix seconds. Truths are 0 or 1. A table's name is written {prefix}post. Lists stand
// in IN (:ids) and are never empty. A query uses no clock but :now.
//
//	name            parameters         columns
//	sections                           id parent_id place title holds_threads closed
//	threads         :ids               id section_id title starter_id starter_name started_at first_post_id state redirect
//	posts           :ids               id thread_id author_id author_name posted_at state version
//	bodies          :ids               id author_id likes body
//	numbers         :ids               id thread_id earlier
//	likes           :ids               id name
//	titles          :members           member_id title
//	badges          :members           member_id badge
//	members         :ids :now          id name email zone locale roles no_mail
//	find            :name              id
//	search          :begins :limit     id
//	watching        :after :limit      id
//	rights          :roles             role section_id rights
//	section_watches :members           member_id section_id level mail
//	thread_watches  :members           member_id thread_id mail
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
//	mailable        :now               members
//	roster          :after :limit      id
//	profiles        :ids               id posts joined_at visited_at
//	groups                             id title
//	memberships     :members           member_id in_groups
//	named           :names             id name
//	addressed       :addresses         id email
//
// What each means, and what it must leave out:
//
//   - sections: the whole tree, with categories, links and closed sections. place orders brothers.
//     holds_threads is 0 for what has no threads of its own. closed is 1 where no ordinary listing leads:
//     switched off, behind a password; it closes all sections below, too. Go orders the tree.
//   - threads, posts: all that are asked for, whatever their state: 0 visible, 1 awaits approval,
//     2 deleted. redirect is 1 for the signpost that a move left behind. version is any text that changes
//     when the post would look different. The author is 0 for guests and deleted accounts.
//   - bodies: the text as the forum keeps it, cut to 32,768 characters, and how many like it.
//   - numbers: for each post asked for, all posts of its thread that the forum counts, from the oldest
//     post asked for on, in their order (by thread, then by number); earlier is how many the forum counts
//     before the first of these. Go counts on from there.
//   - likes: names of those who like a post, by post, oldest first.
//   - titles, badges: what the forum prints below an author's name; no row, or ”, where nothing stands.
//     Badges in the forum's order.
//   - members: roles are comma-separated words that rights knows: groups, or one permission set. Who has
//     the same roles is of the same class.
//     no_mail is ” or the reason why this member gets no mail: one of the constants of this package
//     (Banned ...). zone and locale are as the forum keeps them; the type's Go file translates.
//   - find: the member of exactly this name, or none. search: members whose names are LIKE :begins (in which "|" takes the
//     meaning from the next character), whatever capitals are used, by name.
//   - watching: members who watch anything at all, rising, behind :after.
//   - rights: what each role may do in each section: three digits 0 or 1, may view it, may read its
//     threads, may read own threads only; or a cache that the type's Go file decodes. A section without
//     a row may not be read, unless the type inherits (MyBB): then the nearest row on an ancestor counts,
//     else the role's row for section 0.
//   - section_watches: level is 1 for new threads only, 2 for all posts. Leaves out watches that ask for
//     nothing. mail says likewise of which posts the forum itself would mail; 0: of none. Of thread_watches it is 0 or 1.
//   - watchers: who is to be mailed at once of posts in these threads and sections, as far as the forum is asked: by
//     member, behind :after. A row names a thread or a section; the other is 0. level is that of a section's watch.
//     Leaves out watches for which the forum itself would not mail.
//   - ignores: ignored is one member, or several, comma-separated.
//   - read_days: how many days the forum remembers what was read. section_reads and thread_reads may leave
//     out what was read before :since.
//   - took_part: threads in which the member started or wrote something visible; a pair may come twice.
//   - arrivals: posts behind :after, rising; visible is 1 if post and thread are visible and the thread is no
//     redirect. Rights do not matter here.
//   - first_since: the smallest id of a post created at or after :from, 0 if there is none. newest: the
//     largest id, or 0. created: all posts created in [:from, :until), whatever their state, rising.
//   - mailable: how many members may be mailed.
//   - roster: all members, rising, behind :after.
//   - profiles: posts is the number that the forum itself tells; joined_at and visited_at (when he was last seen) are
//     0 where they are not known.
//   - groups: those by which the forum grants rights, rising. memberships: in_groups is the id of one, or several,
//     comma-separated.
//   - named, addressed: members of these names and addresses, which are given in lower case; the answer has them as
//     the forum keeps them.
package source

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"postrider/forum"
	"postrider/internal/sqlfile"
)

// Why a member gets no mail: the words of the column no_mail.
const (
	Banned           = "banned"
	NotConfirmed     = "not confirmed"
	Bouncing         = "bouncing"
	Disabled         = "disabled"
	AwaitingApproval = "awaiting approval"
	Rejected         = "rejected"
	NoAddress        = "no address"
	OptedOut         = forum.OptedOut
)

// MayRead reports whether a member may read the forum at all, even if they get no email.
func MayRead(m forum.Member) bool {
	switch m.NoMail {
	case "", OptedOut, NoAddress, Bouncing:
		return true
	}
	return false
}

// DB is a forum's database.
type DB struct {
	kind       forumType
	engine     sqlfile.Engine
	queries    map[string]sqlfile.Query
	sql        *sql.DB
	links      forum.Links
	base       string
	prefix     string
	timeout    time.Duration // of one statement
	statements atomic.Int64
}

// Open connects to a forum's database. Whether the forum in it can be served is for Check to say.
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
		return nil, fmt.Errorf("connecting to %s: %w", t, err)
	}
	base := strings.TrimRight(c.URL, "/")
	return &DB{
		kind: k, engine: t.engine, queries: queries, sql: pool,
		links: k.links(base), base: base, prefix: prefix, timeout: c.Timeout,
	}, nil
}

// Close ends all connections.
func (db *DB) Close() error { return db.sql.Close() }

// Links are the addresses of the forum's own pages.
func (db *DB) Links() forum.Links { return db.links }

// ZonesAreOffsets tells whether a member's zone changes without him, when clocks do.
func (db *DB) ZonesAreOffsets() bool { return db.kind.offsetOnly }

// Statements counts the SQL statements sent so far.
func (db *DB) Statements() int64 { return db.statements.Load() }

// Read runs ask within one read-only transaction: where the engine keeps snapshots (InnoDB, SQLite), all
// answers show the forum as it was at the first of them. MyISAM, which MyBB may use, keeps none.
func (db *DB) Read(ctx context.Context, ask func(*Snapshot) error) (err error) {
	tx, err := db.sql.BeginTx(ctx, nil) // the connection itself is read-only and REPEATABLE READ: see connect.go
	if err != nil {
		return fmt.Errorf("beginning to read the forum: %w", err)
	}
	db.statements.Add(1)
	defer func() {
		if end := tx.Rollback(); end != nil && !errors.Is(end, sql.ErrTxDone) && err == nil {
			err = fmt.Errorf("ending to read the forum: %w", end)
		}
	}()
	return ask(&Snapshot{db: db, tx: tx})
}
