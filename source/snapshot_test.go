package source

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"postrider/forum"
)

func TestSnapshot_RejectsWrites(t *testing.T) {
	forEachForum(t, func(t *testing.T, f fixture, db *DB) {
		err := db.Read(t.Context(), func(s *Snapshot) error {
			_, err := s.tx.ExecContext(t.Context(), facts[f.kind].write)
			return err
		})
		if !isReadOnly(err) {
			t.Errorf("err = %v, want one that says that the transaction is read-only", err)
		}
		if _, err := db.sql.ExecContext(t.Context(), facts[f.kind].write); err == nil {
			t.Error("the connection can write outside a transaction")
		}
	})
}

// isReadOnly reports whether a database refused to write: MySQL's error 1792, PostgreSQL's 25006, SQLite's 8.
func isReadOnly(err error) bool {
	if my, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return my.Number == 1792
	}
	return err != nil && (strings.Contains(err.Error(), "read-only") || strings.Contains(err.Error(), "readonly"))
}

func TestSnapshot_ServerStopsSlowStatement(t *testing.T) {
	f := sharedFixture(t, "xenforo2")
	c := f.config()
	c.Timeout = time.Second
	db := openConfig(t, c)
	var slow int
	err := db.Read(t.Context(), func(s *Snapshot) error {
		return s.tx.QueryRowContext(t.Context(), "SELECT SLEEP(60)").Scan(&slow)
	})
	if my, ok := errors.AsType[*mysql.MySQLError](err); (!ok || my.Number != 1969) && slow != 1 { // an interrupted SLEEP returns 1
		t.Errorf("err = %v, slept %d; want error 1969: max_statement_time", err, slow)
	}
	// A statement that does work, unlike SLEEP, fails with an error.
	err = db.Read(t.Context(), func(s *Snapshot) error {
		return s.tx.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM xf_post a, xf_post b, xf_post c, xf_post d").Scan(&slow)
	})
	if my, ok := errors.AsType[*mysql.MySQLError](err); !ok || my.Number != 1969 {
		t.Errorf("err = %v, want error 1969: max_statement_time", err)
	}
}

func TestRead_StopsWhenCanceled(t *testing.T) {
	db := sharedFixture(t, "xenforo2").open(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := db.Read(ctx, func(s *Snapshot) error {
		cancel()
		_, err := s.Sections(ctx)
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v, want context canceled", err)
	}
}

func TestSnapshot_IsConsistent(t *testing.T) {
	f := newFixture(t, "xenforo2")
	db, forumItself := f.open(t), openAdmin(t, f)
	read(t, db, func(s *Snapshot) error {
		before, err := s.LastPostID(t.Context())
		if err != nil {
			return err
		}
		execute(t, forumItself, "INSERT INTO xf_post (thread_id, user_id, username, post_date, message, position) VALUES (3, 2, 'x', 1795431700, 'later', 9)")
		after, err := s.LastPostID(t.Context())
		if before != after {
			t.Errorf("newest post changes from %d to %d within a snapshot", before, after)
		}
		return err
	})
}

func TestPostsAfter_ListsAllPostsWithVisibility(t *testing.T) {
	forEachForum(t, func(t *testing.T, f fixture, db *DB) {
		read(t, db, func(s *Snapshot) error {
			ctx := t.Context()
			var all []forum.Arrival
			var after forum.PostID
			for {
				page, err := s.PostsAfter(ctx, after, 100)
				if err != nil {
					return err
				}
				all = append(all, page...)
				if len(page) < 100 {
					break
				}
				after = page[len(page)-1].Post
			}
			var ids []forum.PostID
			for _, a := range all {
				ids = append(ids, a.Post)
			}
			if !slices.IsSorted(ids) || len(ids) < 560 {
				t.Errorf("%d arrivals, sorted %t", len(ids), slices.IsSorted(ids))
			}
			again, err := s.PostStates(ctx, ids)
			if err != nil {
				return err
			}
			slices.SortFunc(again, func(a, b forum.Arrival) int { return int(a.Post - b.Post) })
			if !reflect.DeepEqual(all, again) {
				t.Error("PostStates and PostsAfter differ")
			}
			if newest, err := s.LastPostID(ctx); err != nil || newest != slices.Max(ids) {
				t.Errorf("newest = %d, %v, want %d", newest, err, slices.Max(ids))
			}
			hidden := make(map[forum.PostID]bool) // as expected for a member who may read everything
			for id, why := range f.expect.Members["ray"].MustNot {
				if strings.Contains(why, "deleted") || strings.Contains(why, "approv") {
					hidden[postID(t, id)] = true
				}
			}
			shown := f.expect.Members["ray"].Show
			for _, a := range all {
				if slices.Contains(shown, a.Post) && !a.Visible || hidden[a.Post] && a.Visible {
					t.Errorf("post %d has Visible = %t", a.Post, a.Visible)
				}
			}
			return nil
		})
	})
}

func TestFirstPostSince_FindsLowestID(t *testing.T) {
	forEachForum(t, func(t *testing.T, f fixture, db *DB) {
		read(t, db, func(s *Snapshot) error {
			created, err := s.PostsCreated(t.Context(), f.from(), f.now())
			if err != nil {
				return err
			}
			first, err := s.FirstPostSince(t.Context(), f.from())
			if err != nil {
				return err
			}
			if first != slices.Min(created) {
				t.Errorf("first = %d, want %d", first, slices.Min(created))
			}
			if none, err := s.FirstPostSince(t.Context(), f.now().AddDate(1, 0, 0)); err != nil || none != 0 {
				t.Errorf("first of the future = %d, %v, want 0", none, err)
			}
			later, err := s.PostsCreated(t.Context(), f.from().Add(time.Nanosecond), f.now())
			if err != nil {
				return err
			}
			posts, err := s.Posts(t.Context(), created)
			if err != nil {
				return err
			}
			posts = slices.DeleteFunc(posts, func(p forum.Post) bool { return !p.PostedAt.Equal(f.from()) })
			if len(later) != len(created)-len(posts) {
				t.Errorf("a nanosecond later, the window has %d posts, want %d without the %d at its start", len(later), len(created)-len(posts), len(posts))
			}
			return nil
		})
	})
}

func TestSnapshot_ReadsBatchWithFewStatements(t *testing.T) {
	db := sharedFixture(t, "xenforo2").open(t)
	before := db.Statements()
	postsVisibleTo(t, sharedFixture(t, "xenforo2"), db, 2)
	if n := db.Statements() - before; n > 10 {
		t.Errorf("one batch took %d statements, want 10 or fewer", n)
	}
}

func TestPosts_SplitManyIDsIntoChunks(t *testing.T) {
	forEachForum(t, func(t *testing.T, f fixture, db *DB) {
		if f.kind == "vanilla" {
			t.Skip("its IDs have the time of the post")
		}
		var many []forum.PostID
		for id := forum.PostID(1); id <= 2500; id++ {
			many = append(many, id)
		}
		read(t, db, func(s *Snapshot) error {
			created, err := s.PostsCreated(t.Context(), time.Unix(0, 0), f.now().AddDate(0, 0, 30)) // SMF's placeholder of a moved topic is newer
			if err != nil {
				return err
			}
			before := db.Statements()
			posts, err := s.Posts(t.Context(), many)
			if err != nil {
				return err
			}
			if n := db.Statements() - before; len(posts) != len(created) || n != 3 {
				t.Errorf("%d posts in %d statements, want %d in 3", len(posts), n, len(created))
			}
			none, err := s.Posts(t.Context(), nil)
			if len(none) != 0 || db.Statements()-before != 3 {
				t.Error("Posts without IDs queried the forum")
			}
			return err
		})
	})
}

func TestRead_ReplacesConnectionClosedByServer(t *testing.T) {
	f := sharedFixture(t, "xenforo2")
	db := f.open(t)
	var id int64
	read(t, db, func(s *Snapshot) error {
		return s.tx.QueryRowContext(t.Context(), "SELECT CONNECTION_ID()").Scan(&id)
	})
	execute(t, openAdmin(t, f), fmt.Sprintf("KILL %d", id))
	if n := readOne(t, db, func(s *Snapshot) (forum.PostID, error) { return s.LastPostID(t.Context()) }); n != 603 {
		t.Errorf("newest = %d, want 603", n)
	}
}
