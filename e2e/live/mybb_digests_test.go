//go:build live

package live

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// playDigests lets members write what alerts do not bring, and reads the digests of the next day.
func (f *mybb) playDigests(s mybbForums, public int64) {
	f.Helper()
	f.restartPostrider()
	since := f.queryInt("SELECT MAX(pid) FROM mybb_posts")
	f.step("Gail replies where many are subscribed", func() { f.reply("Gail", public, "Good night.") })
	f.step("Anna replies, too", func() { f.reply("Anna", public, "Good night, Gail.") }, theirs(mybbIgnored, "Hugo")...)
	f.step("Gail starts a thread for the staff", func() { f.start("Gail", s.staff, "Keys of the harbour", "I have them.") })
	f.step("Anna replies, and Mona deletes it", func() {
		f.moderatePosts("Mona", public, "multisoftdeleteposts", f.reply("Anna", public, "Nonsense."))
	}, theirs(mybbGone, "Cleo", "Finn", "Gail", "Hugo", "Ivan", "Jane")...)
	f.checkForum()
	f.stopPostrider()
	f.digests(nextHour(time.UTC), since, append(slices.Sorted(maps.Keys(f.members)), admin)...)
}

// mybbWatched lists the posts that a member watches, and lets the forum decide which of them they may read.
func mybbWatched(w *world, member string) (posts []int64) {
	w.Helper()
	rows := must(w.db.QueryContext(w.Context(), fmt.Sprintf(`SELECT DISTINCT p.pid FROM mybb_users u
		JOIN mybb_posts p ON p.uid <> u.uid AND p.visible = 1 AND CONCAT(',', u.ignorelist, ',') NOT LIKE CONCAT('%%,', p.uid, ',%%')
		JOIN mybb_threads t ON t.tid = p.tid AND t.visible = 1
		JOIN mybb_forums o ON o.fid = t.fid AND o.password = ''
		LEFT JOIN mybb_threadsubscriptions s ON s.uid = u.uid AND s.tid = t.tid
		LEFT JOIN mybb_forumsubscriptions f ON f.uid = u.uid AND f.fid = t.fid
		WHERE u.username = '%s' AND (s.uid IS NOT NULL OR f.uid IS NOT NULL)`, member)))(w)
	defer rows.Close()
	for rows.Next() {
		var post int64
		must(0, rows.Scan(&post))(w)
		p := w.browser(member).try(fmt.Sprintf("/showthread.php?pid=%d", post))
		if w.kind.failure(p) == "" && p.has(w.kind.anchor(post)) {
			posts = append(posts, post)
		}
	}
	return posts
}
