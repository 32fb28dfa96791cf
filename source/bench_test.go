package source

import (
	"testing"
	"time"

	"postrider/forum"
	"postrider/internal/servertest"
)

// newLargeForum creates a forum with 10,000 members and 200 sections. The last day has 10,000 posts in 2,000 threads,
// and the longest thread has 20,000 older posts. The content is computed, so it is the same each time.
func newLargeForum(b *testing.B) fixture {
	f := newFixture(b, "xenforo2")
	db := servertest.OpenMariaDB(b, f.dsn)
	execute(b, db, `
		DELETE FROM xf_post; DELETE FROM xf_thread; DELETE FROM xf_node; DELETE FROM xf_permission_cache_content;
		DELETE FROM xf_forum_watch; DELETE FROM xf_thread_watch; DELETE FROM xf_thread_read;
		INSERT INTO xf_node (node_id, title, description, node_type_id, parent_node_id, lft, rgt)
		SELECT seq, CONCAT('Section ', seq), '', 'Forum', 0, seq * 2, seq * 2 + 1 FROM seq_1_to_200;
		INSERT INTO xf_user (user_id, username, email, language_id, timezone, user_group_id, secondary_group_ids, permission_combination_id)
		SELECT seq, CONCAT('Member ', seq), CONCAT('m', seq, '@example.test'), 1, 'Europe/Berlin', 2, '', 3 + seq % 6 FROM seq_1001_to_11000;
		INSERT INTO xf_user_option (user_id) SELECT seq FROM seq_1001_to_11000;
		INSERT INTO xf_permission_cache_content
		SELECT c.seq, 'node', n.seq, IF((c.seq + n.seq) % 9 = 0, '{"view":false}', '{"view":true,"viewOthers":true,"viewContent":true,"postThread":true,"postReply":true}')
		FROM seq_1_to_8 c JOIN seq_1_to_200 n;
		INSERT INTO xf_thread (thread_id, node_id, title, user_id, username, post_date, discussion_type, first_post_id, last_post_date, last_post_id, last_post_user_id, last_post_username)
		SELECT seq, 1 + seq % 200, CONCAT('Thread ', seq, ' of the day'), 1001 + seq % 500, 'Member', 1795340000, 'discussion', seq, 0, 0, 0, '' FROM seq_1_to_2000;
		INSERT INTO xf_post (post_id, thread_id, user_id, username, post_date, message, position)
		SELECT seq, 1, 1001 + seq % 500, CONCAT('Member ', 1001 + seq % 500), 1795000000 + seq, REPEAT('An older post. ', 20), seq FROM seq_1_to_20000;
		INSERT INTO xf_post (post_id, thread_id, user_id, username, post_date, message, position, reactions, reaction_users)
		SELECT seq, 1 + seq % 2000, 1001 + seq % 500, CONCAT('Member ', 1001 + seq % 500), 1795345200 + seq % 86400,
		       REPEAT('[QUOTE="Ray, post: 3, member: 3"]It is.[/QUOTE] A [b]new[/b] post says something. ', 1 + seq % 20), seq, '[]', '[]' FROM seq_20001_to_30000;
		INSERT INTO xf_forum_watch SELECT m.seq, 1 + (m.seq * 7 + n.seq * n.seq) % 200, 'message', 1, 1 FROM seq_1001_to_11000 m JOIN seq_1_to_5 n;
		INSERT IGNORE INTO xf_thread_watch SELECT m.seq, 1 + (m.seq * 13 + n.seq * 71) % 2000, 1 FROM seq_1001_to_11000 m JOIN seq_1_to_20 n;
		INSERT IGNORE INTO xf_thread_read (user_id, thread_id, thread_read_date) SELECT m.seq, 1 + (m.seq * 11 + n.seq * 37) % 2000, 1795400000 FROM seq_1001_to_11000 m JOIN seq_1_to_20 n;
		INSERT IGNORE INTO xf_reaction_content (content_type, content_id, reaction_user_id, reaction_date, content_user_id)
		SELECT 'post', p.seq * 3, 1001 + (p.seq + n.seq * 31) % 500, 1795400000, 1 FROM seq_6700_to_9900 p JOIN seq_1_to_4 n;
		ANALYZE TABLE xf_post, xf_thread, xf_user, xf_thread_watch, xf_forum_watch, xf_thread_read, xf_reaction_content`)
	return f
}

// BenchmarkBatch reads everything that the editions of 500 members over a window of 10,000 posts depend on.
func BenchmarkBatch(b *testing.B) {
	f := newLargeForum(b)
	db := f.open(b)
	ctx := b.Context()
	statements := db.Statements()
	b.ReportAllocs()
	for b.Loop() {
		read(b, db, func(s *Snapshot) error {
			created, err := s.PostsCreated(ctx, f.from(), f.now())
			if err != nil {
				return err
			}
			posts, err := s.Posts(ctx, created)
			if err != nil {
				return err
			}
			if len(posts) != 10000 {
				b.Fatalf("%d posts", len(posts))
			}
			threads := threadsOf(posts)
			if _, err := s.Threads(ctx, threads); err != nil {
				return err
			}
			if _, err := s.Sections(ctx); err != nil {
				return err
			}
			members, _, err := s.SubscriberPage(ctx, 1000, 500, f.now())
			if err != nil {
				return err
			}
			ids, classes := make([]forum.MemberID, len(members)), make([]forum.Class, len(members))
			for i, m := range members {
				ids[i], classes[i] = m.ID, m.Class
			}
			if _, err := s.Access(ctx, classes); err != nil {
				return err
			}
			if _, err := s.Watches(ctx, ids); err != nil {
				return err
			}
			if _, err := s.Ignores(ctx, ids); err != nil {
				return err
			}
			if _, err := s.ReadMarks(ctx, ids, f.now()); err != nil {
				return err
			}
			_, err = s.Participation(ctx, ids, threads)
			return err
		})
	}
	b.ReportMetric(float64(db.Statements()-statements)/float64(b.N), "statements/op")
}

// BenchmarkParts measures each method of Snapshot, including the time that the server takes.
func BenchmarkParts(b *testing.B) {
	f := newLargeForum(b)
	db := f.open(b)
	ctx := b.Context()
	var posts []forum.PostID
	for id := forum.PostID(20001); id <= 30000; id++ {
		posts = append(posts, id)
	}
	var members []forum.MemberID
	for id := forum.MemberID(1001); id <= 1500; id++ {
		members = append(members, id)
	}
	var threads []forum.ThreadID
	for id := forum.ThreadID(1); id <= 2000; id++ {
		threads = append(threads, id)
	}
	for _, part := range []struct {
		name string
		ask  func(*Snapshot) error
	}{
		{"posts", func(s *Snapshot) error { _, err := s.Posts(ctx, posts); return err }},
		{"threads", func(s *Snapshot) error { _, err := s.Threads(ctx, threads); return err }},
		{"contents", func(s *Snapshot) error { _, err := s.Contents(ctx, posts); return err }},
		{"numbers", func(s *Snapshot) error { _, err := s.Numbers(ctx, posts); return err }},
		{"members", func(s *Snapshot) error { _, err := s.Members(ctx, members, f.now()); return err }},
		{"access", func(s *Snapshot) error {
			_, err := s.Access(ctx, []forum.Class{"3", "4", "5", "6", "7", "8"})
			return err
		}},
		{"watches", func(s *Snapshot) error { _, err := s.Watches(ctx, members); return err }},
		{"readmarks", func(s *Snapshot) error { _, err := s.ReadMarks(ctx, members, f.now()); return err }},
		{"tookpart", func(s *Snapshot) error { _, err := s.Participation(ctx, members, threads); return err }},
		{"arrivals", func(s *Snapshot) error { _, err := s.PostsAfter(ctx, 20000, 10000); return err }},
		{"created", func(s *Snapshot) error { _, err := s.PostsCreated(ctx, f.from(), f.now()); return err }},
		{"firstsince", func(s *Snapshot) error { _, err := s.FirstPostSince(ctx, time.Unix(1795400000, 0)); return err }},
		{"watching", func(s *Snapshot) error { _, _, err := s.SubscriberPage(ctx, 1000, 500, f.now()); return err }},
	} {
		b.Run(part.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				read(b, db, part.ask)
			}
		})
	}
}
