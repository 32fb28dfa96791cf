package source

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"postrider/forum"
	"postrider/internal/sqlfile"
)

// forumKinds are all forum types with a dump, on the engine of the dump and on those that it was copied to ("type/engine").
var forumKinds = []string{"xenforo2", "xenforo1", "mybb", "mybb/postgres", "mybb/sqlite", "phpbb3", "phpbb3/mysql", "phpbb3/sqlite", "fluxbb",
	"fluxbb/postgres", "fluxbb/sqlite", "smf2", "smf2/postgres", "smf2.0", "smf2.0/postgres", "discourse", "nodebb", "flarum", "flarum/postgres", "flarum/sqlite", "vanilla"}

// forEachForum runs a test with each forum type that has a dump.
func forEachForum(t *testing.T, ask func(*testing.T, fixture, *DB)) {
	for _, kind := range forumKinds {
		t.Run(kind, func(t *testing.T) {
			f := sharedFixture(t, kind)
			ask(t, f, f.open(t))
		})
	}
}

// visiblePosts holds the posts of a window that one member may see, according to this package.
type visiblePosts struct{ show, own, watched []forum.PostID }

func postsVisibleTo(t *testing.T, f fixture, db *DB, id forum.MemberID) visiblePosts {
	var v visiblePosts
	read(t, db, func(s *Snapshot) error {
		ctx := t.Context()
		created, err := s.PostsCreated(ctx, f.from(), f.now())
		if err != nil {
			return err
		}
		posts, err := s.Posts(ctx, created)
		if err != nil {
			return err
		}
		slices.SortFunc(posts, func(a, b forum.Post) int { return int(a.ID - b.ID) })
		threads, err := s.Threads(ctx, threadsOf(posts))
		if err != nil {
			return err
		}
		in := make(map[forum.ThreadID]forum.Thread)
		for _, th := range threads {
			in[th.ID] = th
		}
		m, found, err := s.member(ctx, id, f.now())
		if err != nil || !found {
			t.Fatalf("member %d: found %t, err %v", id, found, err)
		}
		access, err := s.Access(ctx, []forum.Class{m.Class})
		if err != nil {
			return err
		}
		watches, err := s.Watches(ctx, []forum.MemberID{id})
		if err != nil {
			return err
		}
		ignores, err := s.Ignores(ctx, []forum.MemberID{id})
		if err != nil {
			return err
		}
		for _, p := range posts {
			th := in[p.Thread]
			switch {
			case p.State != forum.Visible || !access[m.Class].MayRead(id, &th):
			case p.Author == id:
				v.own = append(v.own, p.ID)
			case ignores[id][p.Author]:
			default:
				v.show = append(v.show, p.ID)
				_, thread := watches[id].Threads[th.ID]
				for section := range th.InSections {
					watch, known := watches[id].Sections[section]
					thread = thread || known && (watch.Level == forum.AllPosts || th.FirstPost == p.ID)
				}
				if thread && !watches[id].Mute(&th, false) {
					v.watched = append(v.watched, p.ID)
				}
			}
		}
		return nil
	})
	return v
}

func threadsOf(posts []forum.Post) []forum.ThreadID {
	ids := make(map[forum.ThreadID]bool)
	for _, p := range posts {
		ids[p.Thread] = true
	}
	return slices.Sorted(maps.Keys(ids))
}

func TestConformance_MembersSeeExactlyWhatForumShows(t *testing.T) {
	forEachForum(t, func(t *testing.T, f fixture, db *DB) {
		for name, want := range f.expect.Members {
			v := postsVisibleTo(t, f, db, want.ID)
			if !slices.Equal(v.show, want.Show) {
				t.Errorf("%s may see %v, want %v", name, v.show, want.Show)
			}
			if !slices.Equal(v.own, want.Own) {
				t.Errorf("%s wrote %v, want %v", name, v.own, want.Own)
			}
			if !slices.Equal(v.watched, want.Watched) {
				t.Errorf("%s watches %v, want %v", name, v.watched, want.Watched)
			}
		}
	})
}

// rightsQueries read the permissions of every member in every section, independently of the queries under test.
var rightsQueries = map[string]string{
	"xenforo2": `SELECT u.user_id, n.node_id, NOT (JSON_VALUE(pc.cache_value, '$.viewOthers') IN ('1', 'true'))
		FROM xf_user u JOIN xf_node n ON n.node_type_id = 'Forum'
		JOIN xf_permission_cache_content pc ON pc.permission_combination_id = IF(u.user_state = 'valid', u.permission_combination_id, 1)
		 AND pc.content_type = 'node' AND pc.content_id = n.node_id
		WHERE JSON_VALUE(pc.cache_value, '$.view') IN ('1', 'true') AND JSON_VALUE(pc.cache_value, '$.viewContent') IN ('1', 'true')`,
	"xenforo1": `SELECT u.user_id, n.node_id, NOT (pc.cache_value LIKE '%s:10:"viewOthers";b:1;%')
		FROM xf_user u JOIN xf_node n ON n.node_type_id = 'Forum'
		JOIN xf_permission_cache_content pc ON pc.permission_combination_id = IF(u.user_state = 'valid', u.permission_combination_id, 1)
		 AND pc.content_type = 'node' AND pc.content_id = n.node_id
		WHERE pc.cache_value LIKE '%s:4:"view";b:1;%' AND pc.cache_value LIKE '%s:11:"viewContent";b:1;%'`,
	"mybb": `WITH mg AS (
		  SELECT u.uid, g.gid, g.canview, g.canviewthreads FROM mybb_users u
		  JOIN mybb_usergroups g ON g.gid = u.usergroup OR CONCAT(',', u.additionalgroups, ',') LIKE CONCAT('%,', g.gid, ',%')
		), up AS (
		  SELECT f.fid, a.fid AS above, LENGTH(a.parentlist) AS depth, a.active = 0 OR a.password <> '' AS closed
		  FROM mybb_forums f JOIN mybb_forums a ON CONCAT(',', f.parentlist, ',') LIKE CONCAT('%,', a.fid, ',%')
		), eff AS (
		  SELECT mg.uid, f.fid,
		    COALESCE((SELECT p.canview FROM mybb_forumpermissions p JOIN up ON up.fid = f.fid AND up.above = p.fid WHERE p.gid = mg.gid ORDER BY up.depth DESC LIMIT 1), mg.canview) AS canview,
		    COALESCE((SELECT p.canviewthreads FROM mybb_forumpermissions p JOIN up ON up.fid = f.fid AND up.above = p.fid WHERE p.gid = mg.gid ORDER BY up.depth DESC LIMIT 1), mg.canviewthreads) AS canviewthreads,
		    COALESCE((SELECT p.canonlyviewownthreads FROM mybb_forumpermissions p JOIN up ON up.fid = f.fid AND up.above = p.fid WHERE p.gid = mg.gid ORDER BY up.depth DESC LIMIT 1), 0) AS own
		  FROM mg CROSS JOIN mybb_forums f WHERE f.type = 'f' AND f.linkto = ''
		    AND NOT EXISTS (SELECT 1 FROM up WHERE up.fid = f.fid AND up.closed)
		)
		SELECT uid, fid, MIN(CASE WHEN canview = 1 AND own = 0 THEN 0 ELSE 1 END)
		FROM eff GROUP BY uid, fid HAVING MAX(canview) = 1 AND MAX(canviewthreads) = 1`,
	"fluxbb": "SELECT u.id, f.id, 0 FROM users u JOIN `groups` g ON g.g_id = u.group_id CROSS JOIN forums f " +
		"LEFT JOIN forum_perms p ON p.forum_id = f.id AND p.group_id = u.group_id " +
		"WHERE u.id > 1 AND f.redirect_url IS NULL AND g.g_read_board = 1 AND (u.group_id = 1 OR p.read_forum IS NULL OR p.read_forum = 1)",
	"smf2": `WITH mg AS (
		  SELECT id_member, id_group AS gid FROM smf_members UNION SELECT id_member, id_post_group FROM smf_members WHERE id_post_group <> 0
		  UNION SELECT u.id_member, g.id_group FROM smf_members u JOIN smf_membergroups g ON CONCAT(',', u.additional_groups, ',') LIKE CONCAT('%,', g.id_group, ',%')
		)
		SELECT u.id_member, b.id_board, 0 FROM smf_members u CROSS JOIN smf_boards b WHERE b.redirect = '' AND b.id_board <> 9 AND (
		  EXISTS (SELECT 1 FROM mg WHERE mg.id_member = u.id_member AND mg.gid = 1)
		  OR (EXISTS (SELECT 1 FROM smf_board_permissions_view v JOIN mg ON mg.gid = v.id_group WHERE mg.id_member = u.id_member AND v.id_board = b.id_board AND v.deny = 0)
		    AND NOT EXISTS (SELECT 1 FROM smf_board_permissions_view v JOIN mg ON mg.gid = v.id_group WHERE mg.id_member = u.id_member AND v.id_board = b.id_board AND v.deny = 1)))`,
	"smf2.0": `WITH mg AS (
		  SELECT id_member, id_group AS gid FROM smf_members UNION SELECT id_member, id_post_group FROM smf_members
		  UNION SELECT u.id_member, g.id_group FROM smf_members u JOIN smf_membergroups g ON CONCAT(',', u.additional_groups, ',') LIKE CONCAT('%,', g.id_group, ',%')
		)
		SELECT DISTINCT mg.id_member, b.id_board, 0 FROM mg JOIN smf_boards b ON b.redirect = '' AND b.id_board <> 9
		 AND (mg.gid = 1 OR CONCAT(',', b.member_groups, ',') LIKE CONCAT('%,', mg.gid, ',%'))`,
	"flarum": `WITH g AS (
		  SELECT u.id AS uid, 2 AS gid FROM users u
		  UNION SELECT u.id, 3 FROM users u WHERE u.is_email_confirmed AND (u.suspended_until IS NULL OR u.suspended_until <= '2026-11-23 11:00:00')
		  UNION SELECT u.id, gu.group_id FROM users u JOIN group_user gu ON gu.user_id = u.id
		        WHERE u.is_email_confirmed AND (u.suspended_until IS NULL OR u.suspended_until <= '2026-11-23 11:00:00')
		), own AS (
		  SELECT m.uid, t.id AS tag_id, t.parent_id FROM (SELECT DISTINCT uid FROM g) m CROSS JOIN tags t
		   WHERE EXISTS (SELECT 1 FROM g a WHERE a.uid = m.uid AND a.gid = 1)
		      OR EXISTS (SELECT 1 FROM g JOIN group_permission gp ON gp.group_id = g.gid WHERE g.uid = m.uid
		                  AND gp.permission = CASE WHEN t.is_restricted THEN CONCAT('tag', t.id, '.viewForum') ELSE 'viewForum' END)
		)
		SELECT o.uid, o.tag_id, 0 FROM own o WHERE o.parent_id IS NULL OR EXISTS (SELECT 1 FROM own p WHERE p.uid = o.uid AND p.tag_id = o.parent_id)
		 UNION ALL SELECT DISTINCT g.uid, 1000000000, 0 FROM g WHERE g.gid = 1 OR EXISTS (SELECT 1 FROM group_permission gp WHERE gp.group_id = g.gid AND gp.permission = 'viewForum')`,
	"nodebb": `WITH cats AS (SELECT z.value AS cid FROM legacy_zset z JOIN legacy_hash h ON h._key = 'category:' || z.value
		  WHERE z._key = 'categories:cid' AND z.value ~ '^[0-9]+$' AND COALESCE((h.data->>'disabled')::int, 0) = 0),
		allowed AS (
		  SELECT p.value AS uid, c.cid FROM cats c JOIN legacy_zset p ON p._key = 'group:cid:' || c.cid || ':privileges:topics:read:members'
		  UNION SELECT m.value, c.cid FROM cats c JOIN legacy_zset g ON g._key = 'group:cid:' || c.cid || ':privileges:groups:topics:read:members'
		    JOIN legacy_zset m ON m._key = 'group:' || g.value || ':members')
		SELECT a.uid::bigint, a.cid::bigint, 0 FROM allowed a
		UNION SELECT m.value::bigint, c.cid::bigint, 0 FROM cats c JOIN legacy_zset m ON m._key = 'group:administrators:members'`,
	"discourse": `SELECT u.id, c.id, FALSE FROM users u CROSS JOIN categories c
		WHERE u.id > 0 AND (NOT c.read_restricted OR u.admin OR EXISTS (SELECT 1 FROM category_groups cg JOIN group_users gu ON gu.group_id = cg.group_id
		  WHERE cg.category_id = c.id AND gu.user_id = u.id))
		UNION ALL SELECT u.id, 1000000000 + t.id, FALSE FROM users u CROSS JOIN tags t WHERE u.id > 0`,
	// Vanilla's own UserModel::getCategoryViewPermission said the same of all members but the unconfirmed one, whose roles it replaces later.
	"vanilla": "WITH roles AS (SELECT ur.UserID, ur.RoleID FROM GDN_UserRole ur JOIN GDN_User u ON u.UserID = ur.UserID AND u.Confirmed = 1 " +
		"UNION SELECT u.UserID, r.RoleID FROM GDN_User u JOIN GDN_Role r ON r.Type = 'unconfirmed' WHERE u.Confirmed = 0) " +
		"SELECT u.UserID, c.CategoryID, 0 FROM GDN_User u CROSS JOIN GDN_Category c WHERE u.Deleted = 0 AND c.CategoryID > 0 AND c.DisplayAs <> 'Heading' AND (u.Admin > 0 OR EXISTS (" +
		"SELECT 1 FROM roles r JOIN GDN_Permission p ON p.RoleID = r.RoleID AND p.`Vanilla.Discussions.View` = 1 WHERE r.UserID = u.UserID " +
		"AND IF(c.PermissionCategoryID = -1, IFNULL(p.JunctionID, -1) = -1, p.JunctionTable <=> 'Category' AND p.JunctionID = c.PermissionCategoryID)))",
	"phpbb3": `WITH s AS (
		  SELECT a.user_id, a.forum_id, COALESCE(rd.auth_setting, a.auth_setting) AS v FROM phpbb_acl_users a
		    LEFT JOIN phpbb_acl_roles_data rd ON rd.role_id = a.auth_role_id AND a.auth_role_id <> 0
		    JOIN phpbb_acl_options o ON o.auth_option = 'f_read' AND o.auth_option_id = COALESCE(rd.auth_option_id, a.auth_option_id)
		  UNION ALL
		  SELECT ug.user_id, a.forum_id, COALESCE(rd.auth_setting, a.auth_setting) FROM phpbb_acl_groups a
		    JOIN phpbb_user_group ug ON ug.group_id = a.group_id AND ug.user_pending = 0
		    JOIN phpbb_groups g ON g.group_id = ug.group_id AND NOT (g.group_skip_auth = 1 AND ug.group_leader = 1)
		    LEFT JOIN phpbb_acl_roles_data rd ON rd.role_id = a.auth_role_id AND a.auth_role_id <> 0
		    JOIN phpbb_acl_options o ON o.auth_option = 'f_read' AND o.auth_option_id = COALESCE(rd.auth_option_id, a.auth_option_id)
		)
		SELECT s.user_id, s.forum_id, 0 FROM s JOIN phpbb_forums f ON f.forum_id = s.forum_id JOIN phpbb_users u ON u.user_id = s.user_id
		WHERE f.forum_type = 1 AND f.forum_password = '' AND u.user_type <> 2
		GROUP BY s.user_id, s.forum_id HAVING MAX(CASE WHEN s.v = 0 THEN 1 ELSE 0 END) = 0 AND MAX(s.v) = 1`,
}

func TestAccess_MatchesForumForEveryMemberAndSection(t *testing.T) {
	forEachForum(t, func(t *testing.T, f fixture, db *DB) {
		compareRights(t, f, db)
	})
}

func compareRights(t *testing.T, f fixture, db *DB) {
	t.Helper()
	query := of(rightsQueries, f)
	if engineOf(t, f.dsn) != sqlfile.MySQL {
		query = strings.ReplaceAll(query, "`", "")
	}
	rows, err := openAny(t, f.dsn).QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	want := make(map[forum.MemberID]forum.Access)
	for rows.Next() {
		var member forum.MemberID
		var section forum.SectionID
		var own bool
		if err := rows.Scan(&member, &section, &own); err != nil {
			t.Fatal(err)
		}
		if want[member] == nil {
			want[member] = make(forum.Access)
		}
		want[member][section] = forum.ReadAll
		if own {
			want[member][section] = forum.ReadOwn
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	read(t, db, func(s *Snapshot) error {
		members, err := s.Members(t.Context(), slices.Collect(maps.Values(f.expect.Keys.Members)), f.now())
		if err != nil {
			return err
		}
		var classes []forum.Class
		for _, m := range members {
			classes = append(classes, m.Class)
		}
		access, err := s.Access(t.Context(), classes)
		for _, m := range members {
			if !maps.Equal(access[m.Class], want[m.ID]) {
				t.Errorf("%s (%d, class %s) may read %v, want %v", m.Name, m.ID, m.Class, access[m.Class], want[m.ID])
			}
		}
		if len(members) < 40 || len(want) == 0 {
			t.Errorf("compared only %d members with %d expected ones", len(members), len(want))
		}
		return err
	})
}

func TestSections_KeepForumOrder(t *testing.T) {
	forEachForum(t, func(t *testing.T, f fixture, db *DB) {
		sections := readOne(t, db, func(s *Snapshot) ([]forum.Section, error) { return s.Sections(t.Context()) })
		var keys []string
		for i, section := range sections {
			if section.Order != i+1 {
				t.Errorf("section %d has order %d, want %d", section.ID, section.Order, i+1)
			}
			for key, id := range f.expect.Keys.Sections {
				if id == section.ID && key != "A" && key != "B" { // categories, whose IDs may be those of sections
					keys = append(keys, key)
				}
			}
		}
		if want := facts[f.kind].sections; !slices.Equal(keys, want) {
			t.Errorf("sections are %v, want %v", keys, want)
		}
		if title, want := sections[0].Title, facts[f.kind].title; title != want {
			t.Errorf("title = %q, want %q, unescaped", title, want)
		}
	})
}
