package source

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"postrider/internal/sqlfile"
)

// What SMF 2.0 and 2.1 have that the other has not, as optional tables. The upgrade to 2.1 drops the columns of 2.0
// (other/upgrade_2-1_mysql.sql of 2.1.4).
const (
	smfOwnSettings = "members id_member time_offset:text notify_announcements notify_regularity notify_types" // 2.0
	smfZones       = "members id_member timezone:text"                                                        // 2.1
	smfPreferences = "user_alerts_prefs id_member alert_pref:text alert_value"                                // 2.1
	smfDenials     = "boards id_board deny_member_groups:text"                                                // 2.1
	smfLikeCounts  = "messages id_msg likes"                                                                  // 2.1
	smfLikes       = "user_likes id_member content_type:text content_id like_time"                            // 2.1
)

// smfEither are what a forum of each version must have one of. A forum that lacks the columns of 2.0 and something of 2.1 is neither.
func smfEither() [][2]string {
	var all [][2]string
	for _, newer := range []string{smfPreferences, smfZones, smfDenials, smfLikeCounts, smfLikes} {
		all = append(all, [2]string{smfOwnSettings, newer})
	}
	return all
}

// smfLost says what applies without what a version lacks.
func smfLost() map[string]string {
	return map[string]string{
		smfPreferences:      "as in SMF 2.0, what members chose is in the table members",
		smfDenials:          "as in SMF 2.0, no board is denied to groups",
		smfLikes:            "as in SMF 2.0, posts have no likes",
		"attachments":       lostAttachments,
		"polls":             lostPolls,
		"pm_recipients":     lostMessages,
		"personal_messages": lostMessages,
		"log_packages":      lostAddons,
	}
}

// smfMacros are what the queries can write in braces. In {emails ...}, {digests}, {declines_announcements ...} and {digest_choice ...}, w stands for {own_settings}.
func smfMacros() map[string]sqlfile.Macro {
	optional := func(use string) sqlfile.Macro { return func(string) string { return "{if_readable " + use + "}" } }
	return map[string]sqlfile.Macro{
		"own_settings":           optional(smfOwnSettings),
		"zones":                  optional(smfZones),
		"preferences":            optional(smfPreferences),
		"denials":                optional(smfDenials),
		"like_counts":            optional(smfLikeCounts),
		"likes":                  optional(smfLikes),
		"recycled":               smfRecycled,
		"emails":                 smfEmails,
		"digests":                smfDigests,
		"declines_announcements": smfDeclinesAnnouncements,
		"digest_choice":          smfDigestChoice,
		"seen_before":            smfSeenBefore,
	}
}

// smfRecycled returns 1 for the board that is the recycle bin, where deleted posts go, or else 0.
func smfRecycled(board string) string {
	return "(CASE WHEN CONCAT('', " + board + ") = COALESCE((SELECT r.value FROM {prefix}settings r WHERE r.variable = 'recycle_board'), '') " +
		"AND EXISTS (SELECT 1 FROM {prefix}settings e WHERE e.variable = 'recycle_enable' AND e.value = '1') THEN 1 ELSE 0 END)"
}

// smfSeenBefore is a table of one row: an ID that all messages written since a time exceed. Without a visit before that time, it is that of the
// 1,000th older message, counted from the newest on: so many old messages may have been imported since.
func smfSeenBefore(from string) string {
	return "(SELECT COALESCE((SELECT MAX(v.id_msg) FROM (SELECT u.id_msg_last_visit, u.last_login FROM {prefix}members u " +
		"WHERE u.last_login > 0 AND u.last_login < " + from + " ORDER BY u.last_login DESC LIMIT 50) g " +
		"JOIN {prefix}messages v ON v.id_msg = g.id_msg_last_visit AND v.poster_time <= g.last_login), " +
		"(SELECT o.id_msg FROM {prefix}messages o WHERE o.poster_time < " + from + " ORDER BY o.id_msg DESC LIMIT 1 OFFSET 999), 0) AS id)"
}

// smfDeclinesAnnouncements tells whether the member chose to get no announcements.
func smfDeclinesAnnouncements(member string) string {
	return "(w.notify_announcements = 0 OR EXISTS (SELECT 1 FROM {preferences} p WHERE p.id_member = " + member +
		" AND p.alert_pref = 'announcements' AND p.alert_value = 0))"
}

// smfDigestChoice returns the digest that the member chose to get in place of single emails: daily or weekly. In 2.1, the forum's default is no
// choice.
func smfDigestChoice(member string) string {
	return "CASE w.notify_regularity WHEN 2 THEN 'daily' WHEN 3 THEN 'weekly' ELSE " +
		"COALESCE((SELECT CASE p.alert_value WHEN 3 THEN 'daily' WHEN 4 THEN 'weekly' ELSE '' END FROM {preferences} p " +
		"WHERE p.id_member = " + member + " AND p.alert_pref = 'msg_notify_pref' AND p.alert_value <> COALESCE(" +
		"(SELECT f.alert_value FROM {preferences} f WHERE f.id_member = 0 AND f.alert_pref = 'msg_notify_pref'), 1)), '') END"
}

// smfEmails returns 1 if SMF emails posts of the watch n to its member at once, or else 0. The argument is topic or board.
//
// 2.0 (Sources/Subs-Post.php, sendNotifications): notify_types 4 is "nothing at all"; notify_regularity is 0 for each post and 1 for the first unread one, and
// 2 and 3 for a daily and a weekly digest. 2.1 (Sources/tasks/CreatePost-Notify.php): msg_notify_type is the same, and msg_notify_pref is one
// more, with 0 for nothing. The watch's own preference is 1 for an alert on the site, 2 for an email, 3 for both; if there is none, that for all watches
// counts. A preference that a member lacks is the one of the member 0.
func smfEmails(watch string) string {
	own := fmt.Sprintf("(SELECT p.alert_value FROM {preferences} p WHERE p.id_member = n.id_member AND p.alert_pref = CONCAT('%s_notify_', n.id_%[1]s))", watch)
	return "(CASE WHEN w.id_member IS NOT NULL THEN CASE WHEN w.notify_types < 4 AND w.notify_regularity < 2 THEN 1 ELSE 0 END " +
		"WHEN COALESCE(NULLIF(" + own + ", 0), " + smfPreference(watch+"_notify", 0) + ") IN (2, 3) " +
		"AND " + smfPreference("msg_notify_pref", 0) + " IN (1, 2) AND " + smfPreference("msg_notify_type", 1) + " <> 4 THEN 1 ELSE 0 END)"
}

// smfDigests returns 1 if SMF brings the watches of the member n in its daily or weekly digests, or else 0. What a single watch has in 2.1, an email or
// an alert on the site, does not matter to them (Sources/ScheduledTasks.php, scheduled_daily_digest).
func smfDigests(string) string {
	return "(CASE WHEN w.id_member IS NOT NULL THEN CASE WHEN w.notify_types < 4 AND w.notify_regularity IN (2, 3) THEN 1 ELSE 0 END " +
		"WHEN " + smfPreference("msg_notify_pref", 0) + " IN (3, 4) AND " + smfPreference("msg_notify_type", 1) + " <> 4 THEN 1 ELSE 0 END)"
}

// smfPreference returns a preference of the member n.id_member in 2.1.
func smfPreference(name string, otherwise int) string {
	of := func(member string) string {
		return "(SELECT p.alert_value FROM {preferences} p WHERE p.id_member = " + member + " AND p.alert_pref = '" + name + "')"
	}
	return fmt.Sprintf("COALESCE(%s, %s, %d)", of("n.id_member"), of("0"), otherwise)
}

// smfZone converts what SMF 2.0 has in place of a time zone: the hours that the member adds to the forum's time, those that the forum adds to the
// server's, and the server's zone, which may be missing. 2.1 has a zone, which is returned as it is.
func smfZone(stored string, at time.Time) string {
	parts := strings.SplitN(stored, " ", 3)
	if len(parts) < 3 {
		return stored
	}
	hours := 0.0
	for _, text := range parts[:2] {
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return ""
		}
		hours += n
	}
	if hours == 0 {
		return parts[2]
	}
	server, err := time.LoadLocation(parts[2])
	if err != nil || parts[2] == "" {
		return ""
	}
	_, seconds := at.In(server).Zone()
	return mybbZone(strconv.FormatFloat(hours+float64(seconds)/3600, 'f', -1, 64) + " 0")
}
