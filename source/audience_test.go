package source

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/forum"
	"postrider/internal/sqlfile"
)

// profileQueries read the expected results of MemberIDs, Profiles and Memberships for every member.
var profileQueries = map[string]string{
	"xenforo2": `SELECT user_id, message_count, register_date, last_activity, CONCAT_WS(',', user_group_id, NULLIF(CONVERT(secondary_group_ids USING utf8mb4), '')) FROM xf_user`,
	"xenforo1": `SELECT user_id, message_count, register_date, last_activity, CONCAT_WS(',', user_group_id, NULLIF(CONVERT(secondary_group_ids USING utf8), '')) FROM xf_user`,
	"mybb":     `SELECT uid, postnum, regdate, CASE WHEN lastactive > lastvisit THEN lastactive ELSE lastvisit END, CONCAT(usergroup, ',', additionalgroups) FROM mybb_users`,
	"smf2":     `SELECT id_member, posts, date_registered, last_login, CONCAT(id_group, ',', id_post_group, CASE additional_groups WHEN '' THEN '' ELSE ',' END, additional_groups) FROM smf_members`,
	"flarum": `SELECT u.id, u.comment_count, {unix u.joined_at}, COALESCE({unix u.last_seen_at}, 0),
			CONCAT(CASE WHEN u.is_email_confirmed THEN '3' ELSE '' END, ',', COALESCE((SELECT {list g.group_id} FROM group_user g WHERE g.user_id = u.id), '')) FROM users u`,
	"nodebb": `SELECT (u.data->>'uid')::bigint, COALESCE((u.data->>'postcount')::int, 0), floor((u.data->>'joindate')::numeric / 1000)::bigint,
		  floor((u.data->>'lastonline')::numeric / 1000)::bigint, string_agg(('x' || substr(md5(substr(g._key, 7)), 1, 13))::bit(52)::bigint::text, ',')
		FROM legacy_hash u JOIN legacy_hash g ON g._key LIKE 'group:%' AND g._key NOT LIKE '%:privileges:%'
		JOIN legacy_zset m ON m._key = g._key || ':members' AND m.value = u.data->>'uid'
		WHERE u._key ~ '^user:[0-9]+$' GROUP BY u._key, u.data`,
	"discourse": `SELECT u.id, s.post_count, CAST(FLOOR(EXTRACT(EPOCH FROM u.created_at)) AS BIGINT), COALESCE(CAST(FLOOR(EXTRACT(EPOCH FROM u.last_seen_at)) AS BIGINT), 0),
			(SELECT STRING_AGG(CAST(g.group_id AS TEXT), ',') FROM group_users g WHERE g.user_id = u.id)
		FROM users u JOIN user_stats s ON s.user_id = u.id WHERE u.id > 0`,
	"vanilla": `SELECT UserID, IFNULL(CountDiscussions, 0) + IFNULL(CountComments, 0), TIMESTAMPDIFF(SECOND, '1970-01-01', DateInserted),
			IFNULL(TIMESTAMPDIFF(SECOND, '1970-01-01', DateLastActive), 0), IFNULL((SELECT GROUP_CONCAT(r.RoleID) FROM GDN_UserRole r WHERE r.UserID = u.UserID), '')
		FROM GDN_User u WHERE Deleted = 0`,
	"fluxbb": `SELECT id, num_posts, registered, last_visit, CONCAT('', group_id) FROM users WHERE id > 1`,
	"phpbb3": `SELECT u.user_id, u.user_posts, u.user_regdate, CASE WHEN u.user_lastvisit > u.user_last_active THEN u.user_lastvisit ELSE u.user_last_active END,
			CONCAT(MIN(g.group_id), ',', MAX(g.group_id), ',', CASE COUNT(*) WHEN 3 THEN SUM(g.group_id) - MIN(g.group_id) - MAX(g.group_id) ELSE MIN(g.group_id) END)
		FROM phpbb_users u JOIN phpbb_user_group g ON g.user_id = u.user_id AND g.user_pending = 0
		WHERE u.user_type <> 2 GROUP BY u.user_id, u.user_posts, u.user_regdate, u.user_lastvisit, u.user_last_active`,
}

type profileAndGroups struct {
	forum.Profile
	groups []forum.GroupID
}

func TestProfiles_MatchForumForEveryMember(t *testing.T) {
	forEachForum(t, func(t *testing.T, f fixture, db *DB) {
		want := wantProfiles(t, f)
		read(t, db, func(s *Snapshot) error {
			var roster []forum.MemberID
			for {
				page, err := s.MemberIDs(t.Context(), slices.Max(append(roster, 0)), 7)
				if err != nil {
					return err
				}
				roster = append(roster, page...)
				if len(page) < 7 {
					break
				}
			}
			if got := slices.Sorted(maps.Keys(want)); !slices.Equal(roster, got) {
				t.Errorf("MemberIDs = %v, want %v", roster, got)
			}
			profiles, err := s.Profiles(t.Context(), roster)
			if err != nil {
				return err
			}
			groups, err := s.Memberships(t.Context(), roster)
			if err != nil {
				return err
			}
			for _, id := range roster {
				slices.Sort(groups[id])
				if profiles[id] != want[id].Profile || !slices.Equal(groups[id], want[id].groups) {
					t.Errorf("member %d has profile %+v and groups %v, want %+v", id, profiles[id], groups[id], want[id])
				}
			}
			return nil
		})
	})
}

// withMacros replaces the macros of a query of a test.
func withMacros(engine sqlfile.Engine, text string) string {
	macros := queryMacros(&optionalTables{engine: engine})
	for _, call := range regexp.MustCompile(`\{(unix|list) ([^}]+)\}`).FindAllStringSubmatch(text, -1) {
		text = strings.Replace(text, call[0], macros[call[1]](call[2]), 1)
	}
	return text
}

func wantProfiles(t *testing.T, f fixture) map[forum.MemberID]profileAndGroups {
	t.Helper()
	rows, err := openAny(t, f.dsn).QueryContext(t.Context(), withMacros(engineOf(t, f.dsn), profileQueries[f.kind]))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := make(map[forum.MemberID]profileAndGroups)
	for rows.Next() {
		var id forum.MemberID
		var posts, joined, visited int64
		var in string
		if err := rows.Scan(&id, &posts, &joined, &visited, &in); err != nil {
			t.Fatal(err)
		}
		p := profileAndGroups{Profile: forum.Profile{Posts: int(posts)}}
		if joined > 0 {
			p.JoinedAt = time.Unix(joined, 0).UTC()
		}
		if visited > 0 {
			p.VisitedAt = time.Unix(visited, 0).UTC()
		}
		for _, part := range strings.FieldsFunc(in, func(r rune) bool { return r == ',' }) {
			p.groups = append(p.groups, forum.GroupID(postID(t, part)))
		}
		slices.Sort(p.groups)
		p.groups = slices.Compact(p.groups)
		all[id] = p
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestGroups_HaveForumTitles(t *testing.T) {
	forEachForum(t, func(t *testing.T, f fixture, db *DB) {
		groups := readOne(t, db, func(s *Snapshot) ([]forum.Group, error) { return s.Groups(t.Context()) })
		if !slices.Contains(groups, facts[f.kind].group) || !slices.IsSortedFunc(groups, func(a, b forum.Group) int { return int(a.ID - b.ID) }) {
			t.Errorf("groups are %v, want them sorted and with %v", groups, facts[f.kind].group)
		}
	})
}

func TestMembersBy_IgnoresCaseOfNamesAndAddresses(t *testing.T) {
	forEachForum(t, func(t *testing.T, f fixture, db *DB) {
		keys := f.expect.Keys.Members
		read(t, db, func(s *Snapshot) error {
			members, err := s.Members(t.Context(), ids(keys["panda"], keys["david"]), f.now())
			if err != nil {
				return err
			}
			want := make(map[string]forum.MemberID)
			addresses := make(map[string]forum.MemberID)
			for _, m := range members {
				want[m.Name], want[strings.ToUpper(m.Name)] = m.ID, m.ID
				addresses[m.Email], addresses[strings.ToUpper(m.Email)] = m.ID, m.ID
			}
			unknown := []string{"nobody at all", "' OR 1=1 -- ", "%", "rocket 🚀", "", "márshal panda"}
			names, err := s.MembersByName(t.Context(), append(slices.Collect(maps.Keys(want)), unknown...))
			if err != nil || !maps.Equal(names, want) {
				t.Errorf("MembersByName = %v, %v, want %v", names, err, want)
			}
			found, err := s.MembersByEmail(t.Context(), append(slices.Collect(maps.Keys(addresses)), unknown...))
			if err != nil || !maps.Equal(found, addresses) {
				t.Errorf("MembersByEmail = %v, %v, want %v", found, err, addresses)
			}
			return nil
		})
	})
}

func TestMembersByEmail_ReturnsLowestIDForSharedAddress(t *testing.T) {
	f := newFixture(t, "mybb")
	keys := f.expect.Keys.Members
	execute(t, openAdmin(t, f), "UPDATE mybb_users SET email = 'shared@example.test' WHERE uid IN (?, ?)", keys["panda"], keys["iceberg"])
	found := readOne(t, f.open(t), func(s *Snapshot) (map[string]forum.MemberID, error) {
		return s.MembersByEmail(t.Context(), []string{"shared@example.test"})
	})
	if id := found["shared@example.test"]; id != min(keys["panda"], keys["iceberg"]) {
		t.Errorf("found member %d", id)
	}
}

func TestSample_ReadsProfilesGroupsAndNames(t *testing.T) {
	read(t, openSample(t), func(s *Snapshot) error {
		ctx := t.Context()
		roster, err := s.MemberIDs(ctx, 0, 1000)
		if err != nil {
			return err
		}
		groups, err := s.Groups(ctx)
		if err != nil || len(groups) != 3 || groups[2].Title != "steward" {
			t.Errorf("groups are %v, %v", groups, err)
		}
		names, err := s.MembersByName(ctx, []string{"MINA BOLSTER"})
		if err != nil {
			return err
		}
		mina := names["MINA BOLSTER"]
		in, err := s.Memberships(ctx, roster)
		if err != nil || len(in) != len(roster) || !slices.Equal(in[mina], []forum.GroupID{groups[2].ID}) {
			t.Errorf("Mina's groups are %v, %v, want stewards", in[mina], err)
		}
		profiles, err := s.Profiles(ctx, roster)
		if err != nil || len(profiles) != len(roster) {
			t.Errorf("got %d profiles for %d members, %v", len(profiles), len(roster), err)
		}
		if p := profiles[mina]; p.Posts == 0 || p.JoinedAt.IsZero() || p.VisitedAt.Before(p.JoinedAt) || p.VisitedAt.After(noon) {
			t.Errorf("Mina's profile is %+v", p)
		}
		return nil
	})
}
