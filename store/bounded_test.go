package store

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/internal/racetest"
	"postrider/internal/servertest"
)

const (
	busyPosts    = 20_000  // of one thread
	watchers     = 100_000 // of one section, and recipients of one announcement
	batchMembers = 100     // members of one batch
	busyThread   = 1
	busySection  = 1
)

// bigStore is a store with one thread of many posts, one section with many watchers, one announcement to all of them, and members
// with a long history.
type bigStore struct {
	*Store
	now time.Time
}

// fillBigStore fills a store. Every watcher has a digest in the queue, an alert that waits for the end of quiet hours, preferences
// and overrides. Member 1 got an alert for every post of the thread, and for member 2 each of these alerts failed.
func fillBigStore(t *testing.T, s *Store) bigStore {
	t.Helper()
	b := bigStore{s, time.Date(2026, 5, 4, 6, 0, 0, 0, time.UTC)}
	numbers := strings.NewReplacer(":now", fmt.Sprint(b.now.Unix()), ":later", fmt.Sprint(b.now.Add(time.Hour).Unix()), ":posts", fmt.Sprint(busyPosts),
		":members", fmt.Sprint(watchers), ":alert", fmt.Sprint(PriorityAlert), ":digest", fmt.Sprint(PriorityDigest), ":announcement", fmt.Sprint(PriorityAnnouncement))
	for _, fill := range []string{
		`CREATE TABLE n (g BIGINT NOT NULL PRIMARY KEY)`,
		`INSERT INTO n WITH RECURSIVE c(g) AS (SELECT 1 UNION ALL SELECT g + 1 FROM c WHERE g < :members) SELECT g FROM c`,
		`INSERT INTO sighting (seq, post_id, thread_id, section_id, author_id, posted_at, seen_at)
		 SELECT g, g, CASE WHEN g > :members - :posts THEN 1 ELSE 2 + g % 999 END, 1, 1000000 + g % 7, :now - :members + g, :now - :members + g FROM n`,
		`INSERT INTO member (id, zone, locale, mark, due_at, synced_at) SELECT g, '', '', :members - 5, :now - 10, :now FROM n`,
		`INSERT INTO preference (member_id, chosen_at, cadence) SELECT g, :now, 'daily' FROM n`,
		`INSERT INTO wish (member_id, section_id, thread_id, cadence, chosen_at) SELECT g, 1, 0, 'instant', :now FROM n`,
		`INSERT INTO wish (member_id, section_id, thread_id, cadence, chosen_at) SELECT g, 0, 2 + g % 999, 'daily', :now FROM n`,
		`INSERT INTO wish (member_id, section_id, thread_id, cadence, chosen_at) SELECT g, 10 + g % 50, 0, 'instant', :now FROM n`,
		`INSERT INTO outbox (key, kind, member_id, from_seq, until_seq, state, priority, not_before, created_at)
		 SELECT 'alert/' || g, 'alert', g, :members - 1, :members, 'queued', :alert, :later, :now FROM n`,
		`INSERT INTO alert (key, member_id, thread_id, first_seq, settles_at, held) SELECT 'alert/' || g, g, 0, :members, :later, TRUE FROM n`,
		`INSERT INTO outbox (key, kind, member_id, from_seq, until_seq, state, priority, not_before, created_at)
		 SELECT 'digest/' || g || '/next', 'digest', g, :members - 5, :members, 'queued', :digest, :now - 10, :now FROM n WHERE g <= :members / 2`,
		`INSERT INTO outbox (key, kind, member_id, from_seq, until_seq, state, priority, not_before, created_at, announcement_id)
		 SELECT 'announce/7/' || g, 'announcement', g, 0, 0, 'held', :announcement, :now - 10, :now, 7 FROM n`,
		`INSERT INTO announcement (id, state, forced, speed, canary_share, canary_wait, created_at, changed_at, audience, fanned, paced_at)
		 VALUES (7, 'sending', FALSE, 60, 0, 0, :now, :now, '{}', TRUE, CAST(:now - 60 AS BIGINT) * 1000)`,
		`INSERT INTO outbox (key, kind, member_id, from_seq, until_seq, state, priority, not_before, created_at, settled_at, address, items_deferred)
		 SELECT 'alert/' || m || '/' || g, 'alert', m, g - 1, g, CASE m WHEN 1 THEN 'accepted' ELSE 'skipped' END, :alert, :now, :now, :now - :members + g, 'a@example.org', m = 2
		   FROM n, (SELECT 1 AS m UNION SELECT 2) two WHERE g > :members - :posts`,
		`INSERT INTO alert (key, member_id, thread_id, first_seq, settles_at)
		 SELECT 'alert/' || m || '/' || g, m, 1, g, :now FROM n, (SELECT 1 AS m UNION SELECT 2) two WHERE g > :members - :posts`,
		`INSERT INTO notice (member_id, post_id, thread_id, section_id, seq, posted_at, cause, key, left_out)
		 SELECT m, g, 1, 1, g, :now - :members + g, 'thread', 'alert/' || m || '/' || g, CASE m WHEN 1 THEN '' ELSE 'read' END
		   FROM n, (SELECT 1 AS m UNION SELECT 2) two WHERE g > :members - :posts`,
		`UPDATE counter SET value = :members WHERE name IN ('sighting', 'alerted', 'alerting')`,
		`DROP TABLE n`,
	} {
		if _, err := s.write.ExecContext(t.Context(), numbers.Replace(fill)); err != nil {
			t.Fatalf("%s: %v", fill, err)
		}
	}
	return b
}

// someMembers lists the members of a batch: those with a long history and others.
func someMembers() (ids []forum.MemberID) {
	for id := range forum.MemberID(batchMembers) {
		ids = append(ids, id+1)
	}
	return ids
}

// items returns an alert item about a post of the busy thread for each member of a batch.
func (b bigStore) items(post int) (list []digest.AlertItem) {
	for _, id := range someMembers() {
		list = append(list, digest.AlertItem{Member: id, Post: forum.PostID(post), Thread: busyThread, Section: busySection, Seq: int64(post), PostedAt: b.now, Cause: digest.ThreadWatched})
	}
	return list
}

// claim leases a batch of messages.
func (b bigStore) claim(ctx context.Context, priorities PriorityRange) ([]Row, error) {
	rows, err := b.Outbox.Claim(ctx, b.now, "test", time.Minute, priorities, batchMembers)
	if err == nil && len(rows) != batchMembers {
		err = fmt.Errorf("claimed %d messages, want %d", len(rows), batchMembers)
	}
	return rows, err
}

// rounds lists what a round asks of the store, in the order of docs/architecture.md.
func (b bigStore) rounds() []boundedStep {
	ids, posts := someMembers(), watchers // the newest post of the thread has this ID and sequence number
	arrival := forum.Arrival{Post: forum.PostID(posts + 1), Thread: busyThread, Section: busySection, Author: 5, PostedAt: b.now, Visible: true}
	last := forum.PostID(posts)
	progress := AlertProgress{Done: int64(posts), Until: int64(posts)}
	var claimed []Row
	keys := func() (list []string) {
		for _, r := range claimed {
			list = append(list, r.Key)
		}
		return list
	}
	marks := func() (list []InFlight) {
		for _, key := range keys() {
			list = append(list, InFlight{key, []SentPost{{Post: last}}})
		}
		return list
	}
	return []boundedStep{
		{"save a sighting", func(ctx context.Context) error {
			_, err := b.Sightings.Save(ctx, ScanResult{Now: b.now, Sighted: []forum.Arrival{arrival}, Cursor: arrival.Post})
			return err
		}},
		{"post events", func(ctx context.Context) error {
			_, err := b.Alerts.PostEvents(ctx, int64(posts-100), int64(posts))
			return err
		}},
		{"instant overrides of a page", func(ctx context.Context) error {
			_, err := b.Preferences.InstantOverrides(ctx, []forum.ThreadID{busyThread}, []forum.SectionID{busySection}, 0, batchMembers)
			return err
		}},
		{"instant overrides of a quiet section", func(ctx context.Context) error {
			_, err := b.Preferences.InstantOverrides(ctx, []forum.ThreadID{9}, []forum.SectionID{9}, 0, 1<<62)
			return err
		}},
		{"preferences", func(ctx context.Context) error { _, err := b.Preferences.OfMembers(ctx, ids); return err }},
		{"overrides", func(ctx context.Context) error { _, err := b.Preferences.Overrides(ctx, ids); return err }},
		{"unanswered alerts", func(ctx context.Context) error {
			last, err := b.Alerts.Unanswered(ctx, b.items(posts))
			if err == nil && len(last) != 1 {
				err = fmt.Errorf("%d unanswered alerts, want that of member 1", len(last))
			}
			return err
		}},
		{"plan alerts", func(ctx context.Context) error {
			var list []Alert
			for _, n := range b.items(posts + 1) {
				list = append(list, Alert{Key: fmt.Sprintf("alert/%d/new", n.Member), Items: []digest.AlertItem{n}, NotBefore: b.now, DebounceUntil: b.now})
			}
			planned, ok, err := b.Alerts.Plan(ctx, b.now, progress, AlertProgress{Done: int64(posts + 1), Until: int64(posts + 1)}, PriorityAlert, list)
			if err == nil && (!ok || planned != 0) {
				err = fmt.Errorf("planned %d messages, %t; want all items in waiting alerts", planned, ok)
			}
			return err
		}},
		{"next alert", func(ctx context.Context) error { _, err := b.Alerts.Next(ctx, PriorityAlert); return err }},
		{"due members", func(ctx context.Context) error { _, err := b.Subscribers.Due(ctx, b.now, batchMembers); return err }},
		{"plan digests", func(ctx context.Context) error {
			var plans []Plan
			for _, id := range ids {
				plans = append(plans, Plan{Key: fmt.Sprintf("digest/%d/new", id), Kind: KindDigest, Member: id, Until: int64(posts), NextDue: b.now.Add(time.Hour), Priority: PriorityDigest})
			}
			_, err := b.Outbox.Plan(ctx, b.now, plans)
			return err
		}},
		{"a page of members with preferences", func(ctx context.Context) error {
			_, _, _, err := b.Preferences.MembersWithPreferences(ctx, 0, batchMembers)
			return err
		}},
		{"release an announcement at its rate", func(ctx context.Context) error {
			a, err := b.Announcements.State(ctx, 7)
			if err == nil {
				_, err = b.Announcements.ReleaseAtRate(ctx, b.now, a)
			}
			return err
		}},
		{"finish an announcement", func(ctx context.Context) error { return b.Announcements.Finish(ctx, b.now, 7) }},
		{"expire", func(ctx context.Context) error { _, err := b.Outbox.Expire(ctx, b.now); return err }},
		{"reclaim", func(ctx context.Context) error {
			_, err := b.Outbox.ReclaimExpired(ctx, b.now, UncertainPolicy{})
			return err
		}},
		{"claim behind waiting alerts", func(ctx context.Context) (err error) {
			claimed, err = b.claim(ctx, AllPriorities)
			return err
		}},
		{"days", func(ctx context.Context) error {
			var list []DayQuery
			for _, id := range ids {
				list = append(list, DayQuery{Member: id, Since: b.now.Add(-5 * time.Second)})
			}
			_, err := b.Outbox.Days(ctx, list)
			return err
		}},
		{"items of alerts", func(ctx context.Context) error {
			_, err := b.Alerts.Items(ctx, []string{"alert/1", "alert/2"})
			return err
		}},
		{"earlier alerts", func(ctx context.Context) error {
			_, err := b.Alerts.EarlierAlertKeys(ctx, []string{fmt.Sprintf("alert/1/%d", posts)}, 20)
			return err
		}},
		{"posts before", func(ctx context.Context) error {
			_, err := b.Sightings.Before(ctx, map[forum.ThreadID]int64{busyThread: int64(posts)}, 3)
			return err
		}},
		{"results of alert items", func(ctx context.Context) error { _, err := b.Alerts.ItemStatuses(ctx, ids, last-5, last); return err }},
		{"digests before a move", func(ctx context.Context) error {
			_, err := b.Outbox.BroughtBefore(ctx, []CoveredPost{{1, last, int64(posts - 50)}, {2, last, int64(posts - 50)}})
			return err
		}},
		{"earlier copies", func(ctx context.Context) error { _, err := b.Outbox.EarlierPosts(ctx, keys()); return err }},
		{"deferred posts", func(ctx context.Context) error { _, err := b.Deferred.OfMembers(ctx, ids); return err }},
		{"sightings of an edition", func(ctx context.Context) error {
			_, err := b.Sightings.Between(ctx, int64(posts-5), int64(posts))
			return err
		}},
		{"records", func(ctx context.Context) error {
			_, err := b.Sightings.Records(ctx, []forum.PostID{last, last - 1})
			return err
		}},
		{"mark in flight", func(ctx context.Context) error {
			_, err := b.Outbox.MarkInFlight(ctx, "test", nil, marks())
			return err
		}},
		{"settle", func(ctx context.Context) error {
			var list []Settlement
			for _, key := range keys() {
				list = append(list, Settlement{Key: key, State: StateAccepted, Result: StateAccepted, At: b.now})
			}
			return b.Outbox.Settle(ctx, "test", list)
		}},
		{"explain: alert items", func(ctx context.Context) error {
			_, err := b.Alerts.ItemsOfMember(ctx, 1, []forum.PostID{last})
			return err
		}},
		{"explain: messages", func(ctx context.Context) error {
			_, err := b.Outbox.MemberMessages(ctx, 1, b.now.Add(-10*time.Second))
			return err
		}},
		{"explain: outcomes", func(ctx context.Context) error {
			_, err := b.Queue.Outcomes(ctx, 1, b.now.Add(-10*time.Second))
			return err
		}},
		{"explain: posts of messages", func(ctx context.Context) error {
			_, err := b.Outbox.Copies(ctx, 1, b.now.Add(-10*time.Second))
			return err
		}},
		{"explain: deferred posts of digests", func(ctx context.Context) error { _, err := b.Deferred.OfEditions(ctx, 1); return err }},
		{"explain: waiting digests", func(ctx context.Context) error { _, err := b.Outbox.WaitingEditions(ctx, ids); return err }},
		{"explain: upcoming deferred posts", func(ctx context.Context) error {
			_, err := b.Deferred.Upcoming(ctx, ids, func(forum.MemberID) int64 { return 0 })
			return err
		}},
	}
}

// boundedStep is one call of a round.
type boundedStep struct {
	name string
	run  func(context.Context) error
}

// rowsPerMember is how many rows a step may read for each member of a batch. The largest is to plan digests.
const rowsPerMember = 40

// Every query of a round reads a number of rows that depends on the batch only: not on the posts of a thread, on the watchers of a
// section, on a member's history or on the recipients of an announcement.
func TestQueries_Bounded(t *testing.T) {
	racetest.SkipIfRace(t)
	t.Run("postgres", func(t *testing.T) {
		s := openMigrated(t, servertest.Postgres(t))
		s.write.SetMaxOpenConns(1) // so that the statistics are those of one connection
		b := fillBigStore(t, s)
		if _, err := s.write.ExecContext(t.Context(), "ANALYZE"); err != nil {
			t.Fatal(err)
		}
		var before int64
		b.runRound(t, func() { before = entriesRead(t, s) }, func(step string, _ time.Duration) {
			read := entriesRead(t, s) - before
			t.Logf("%s: %d rows", step, read)
			if read > rowsPerMember*batchMembers {
				t.Errorf("%s: %d rows were read for a batch of %d members", step, read, batchMembers)
			}
		})
	})
	// SQLite does not count rows. A quadratic query takes far longer than this limit.
	t.Run("sqlite", func(t *testing.T) {
		b := fillBigStore(t, openMigrated(t, "sqlite:"+filepath.Join(t.TempDir(), "store.db")))
		b.runRound(t, func() {}, func(step string, took time.Duration) {
			t.Logf("%s: %v", step, took)
			if took > 2*time.Second {
				t.Errorf("%s: it took %v for a batch of %d members", step, took, batchMembers)
			}
		})
	})
}

// runRound runs the steps of a round. It calls before and after each of them.
func (b bigStore) runRound(t *testing.T, before func(), after func(step string, took time.Duration)) {
	t.Helper()
	for _, step := range b.rounds() {
		before()
		statements, start := b.Statements(), time.Now()
		if err := step.run(t.Context()); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
		asked := b.Statements() - statements
		after(step.name, time.Since(start).Round(time.Millisecond/10))
		if asked > 12 {
			t.Errorf("%s: %d statements for a batch of %d members", step.name, asked, batchMembers)
		}
	}
}

// entriesRead returns how many rows and index entries were read from the store so far.
func entriesRead(t *testing.T, s *Store) (n int64) {
	t.Helper()
	if _, err := s.write.ExecContext(t.Context(), "SELECT pg_stat_force_next_flush()"); err != nil {
		t.Fatal(err)
	}
	err := s.write.GetContext(t.Context(), &n, `SELECT (SELECT sum(seq_tup_read) FROM pg_stat_user_tables) + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes)`)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
