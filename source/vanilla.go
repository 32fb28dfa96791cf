package source

import (
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"

	"postrider/forum"
	"postrider/internal/sqlfile"
	"postrider/markup"
)

func vanilla() forumType {
	return forumType{
		name:   "vanilla",
		title:  "Vanilla Forums 3 to 2025",
		markup: "rich text, HTML, Markdown and BBCode, by post",
		notes: "Watches are bookmarks and followed categories; discussions that members started or took part in only if they ask Vanilla for email " +
			"about them. The ID of a post is made of its time and the ID of its discussion or comment. Discussions of groups are left out. " +
			"The site's own settings are in a file, so Vanilla's default notifications apply to members who chose nothing.",
		engines: []sqlfile.Engine{sqlfile.MySQL},
		prefix:  "GDN_",
		files:   []string{"vanilla.sql"},
		macros: map[string]sqlfile.Macro{
			"opener": vanillaOpener, "comment": vanillaComment, "time_of": vanillaTimeOf, "author": vanillaAuthor, "shown": vanillaShown,
			"likes": vanillaLikes, "no_mail": vanillaNoMail, "asks": vanillaAsks, "category_of": vanillaCategoryOf,
			"level_of": vanillaLevelOf, "category_preference": vanillaCategoryPreference,
			"grouped":        func(string) string { return "{if_exists Discussion DiscussionID GroupID}" },
			"followed":       func(string) string { return "{if_exists UserCategory UserID CategoryID Followed}" },
			"reactions":      func(string) string { return "{if_readable UserTag RecordType:text RecordID TagID UserID}" },
			"reaction_types": func(string) string { return "{if_readable ReactionType UrlCode:text TagID}" },
			"media":          func(string) string { return "{if_readable Media Name:text ForeignTable:text ForeignID}" },
		},
		lost: map[string]string{
			"Discussion": "without groups, no discussion is in one; without QnA, no thread is marked as solved",
			"UserTag":    lostReactions, "ReactionType": lostReactions,
			"UserCategory": "without followed categories, members watch those that they ask for email or notifications about",
			"Media":        lostAttachments, "UserConversation": lostMessages, "Conversation": lostMessages, "ConversationMessage": lostMessages,
		},
		params:  vanillaParams,
		overlap: vanillaOverlap * vanillaSecond,
		links:   func(base string) forum.Links { return vanillaLinks(base) },
		body:    vanillaBody,
		zone:    vanillaZone,
		locale:  flarumLocale,
		rights:  parseRightDigits,
	}
}

const lostReactions = "posts have no likes"

// A post's ID is the Unix time of the post, times vanillaSecond, plus the DiscussionID of an opener, or the CommentID of another post plus
// firstComment. So IDs of both tables ascend with time, and stay the same as long as the post does.
const (
	vanillaSecond = 1_000_000_000
	firstComment  = vanillaSecond / 2

	// vanillaOverlap is how many seconds of posts each scan reads again: a post may be committed before an older one.
	vanillaOverlap = 60
)

// vanillaParams adds the IDs of discussions and comments to those of posts. A list is never empty; no row has the ID 0.
func vanillaParams(p params) params {
	switch ids := p["ids"].(type) {
	case []forum.PostID:
		return vanillaOwnIDs(p, ids)
	case []int64:
		return vanillaOwnIDs(p, ids)
	}
	return p
}

func vanillaOwnIDs[T ~int64](p params, ids []T) params {
	openers, comments := []int64{0}, []int64{0}
	for _, id := range ids {
		if own := int64(id) % vanillaSecond; own >= firstComment {
			comments = append(comments, own-firstComment)
		} else {
			openers = append(openers, own)
		}
	}
	more := params{"openers": openers, "comments": comments}
	maps.Copy(more, p)
	return more
}

// vanillaLinks are Vanilla's own URLs, which need no titles and names. It finds the page of a comment.
type vanillaLinks string

func (l vanillaLinks) Section(id forum.SectionID) string {
	return fmt.Sprintf("%s/categories/%d", string(l), id)
}

func (l vanillaLinks) Thread(id forum.ThreadID) string {
	return fmt.Sprintf("%s/discussion/%d", string(l), id)
}

func (l vanillaLinks) Post(_ forum.ThreadID, id forum.PostID) string {
	own := int64(id) % vanillaSecond
	if own < firstComment {
		return fmt.Sprintf("%s/discussion/%d", string(l), own)
	}
	return fmt.Sprintf("%s/discussion/comment/%d#Comment_%[2]d", string(l), own-firstComment)
}

// Member ends in a letter in place of the name: a number alone would be a name.
func (l vanillaLinks) Member(id forum.MemberID) string {
	return fmt.Sprintf("%s/profile/%d/x", string(l), id)
}

// vanillaBody parses a post whose first line is its format.
func vanillaBody(d markup.Dialect, stored string, l markup.Links) markup.Doc {
	format, text, _ := strings.Cut(stored, "\n")
	return d.Vanilla(format, text, l)
}

var vanillaZoneName = regexp.MustCompile(`^TimeZone"(?::|;s:\d+:)"([A-Za-z0-9_+/\\-]+)"`)

// vanillaZone reads the offset in hours, and the attribute with the zone, which newer versions set: JSON, or PHP's own format.
func vanillaZone(stored string) string {
	hours, attribute, _ := strings.Cut(stored, " ")
	if m := vanillaZoneName.FindStringSubmatch(attribute); m != nil {
		return strings.ReplaceAll(m[1], `\/`, "/")
	}
	if _, err := strconv.Atoi(hours); err != nil || hours == "0" { // 0 also means that nobody knows it
		return ""
	}
	return mybbZone(hours + " 0")
}

// The macros of vanilla.sql.

func vanillaOpener(alias string) string { return vanillaID(alias, alias+".DiscussionID") }

func vanillaComment(alias string) string {
	return vanillaID(alias, fmt.Sprintf("%d + %s.CommentID", firstComment, alias))
}

func vanillaID(alias, own string) string {
	return fmt.Sprintf("(GREATEST(COALESCE({unix %s.DateInserted}, 0), 0) * %d + %s)", alias, vanillaSecond, own)
}

// vanillaTimeOf returns the time in a post's ID, to compare with a column.
func vanillaTimeOf(id string) string {
	return fmt.Sprintf("DATE_ADD('1970-01-01', INTERVAL (%s DIV %d) SECOND)", id, vanillaSecond)
}

// vanillaAuthor returns the author of a row, or 0 if the account, which must be u, was deleted.
func vanillaAuthor(alias string) string {
	return "CASE WHEN u.Deleted = 0 THEN " + alias + ".InsertUserID ELSE 0 END"
}

// vanillaShown returns whether the posts of the discussion d are shown. g is its group.
func vanillaShown(string) string {
	return "CASE WHEN d.Type = 'redirect' OR g.GroupID > 0 THEN 0 ELSE 1 END"
}

func vanillaLikes(arg string) string {
	table, id, _ := strings.Cut(arg, " ")
	return fmt.Sprintf("(SELECT COUNT(*) FROM {reactions} t JOIN {reaction_types} r ON r.TagID = t.TagID AND r.UrlCode = 'Like' WHERE t.RecordType = '%s' AND t.RecordID = %s)", table, id)
}

// vanillaNoMail returns why the member u gets no email. Applicants have no other role.
func vanillaNoMail(string) string {
	return "CASE WHEN u.Banned <> 0 THEN 'banned' WHEN u.Admin = 2 THEN 'disabled' WHEN u.Confirmed = 0 THEN 'not confirmed' WHEN u.Email = '' THEN 'no address' " +
		"WHEN u.Admin > 0 THEN '' " +
		"WHEN NOT EXISTS (SELECT 1 FROM {prefix}UserRole o JOIN {table Role} r ON r.RoleID = o.RoleID AND COALESCE(r.Type, '') <> 'applicant' WHERE o.UserID = u.UserID) THEN 'awaiting approval' " +
		"WHEN NOT EXISTS (SELECT 1 FROM {prefix}UserRole o JOIN {prefix}Permission p ON p.RoleID = o.RoleID AND p.`Garden.Email.View` = 1 WHERE o.UserID = u.UserID) THEN 'disabled' " +
		"ELSE '' END"
}

// vanillaDefaults are the notifications by email that Vanilla sends by default (conf/config-defaults.php). A site may have others in its
// configuration file.
var vanillaDefaults = map[string]int{"BookmarkComment": 1, "ParticipateComment": 0, "DiscussionComment": 0}

// vanillaAsks returns whether the member u wants email for a kind of notification. UserMeta comes before the column Preferences, which is
// JSON, or PHP's own format in older versions.
func vanillaAsks(kind string) string {
	var yes []string
	for _, value := range []string{`_1%`, `_"1%`, `_true%`, `_s_1_"1%`, `_i_1%`, `_b_1%`} { // an underline is any character
		yes = append(yes, `u.Preferences LIKE '%"Email.`+kind+`"`+value+`'`)
	}
	return "(COALESCE((SELECT MAX(CASE WHEN x.Value = '1' THEN 1 ELSE 0 END) FROM {prefix}UserMeta x WHERE x.UserID = u.UserID AND x.Name = 'Preferences.Email." + kind + "'), " +
		"CASE WHEN " + strings.Join(yes, " OR ") + " THEN 1 WHEN u.Preferences LIKE '%\"Email." + kind + "\"%' THEN 0 END, " + strconv.Itoa(vanillaDefaults[kind]) + ") = 1)"
}

// vanillaCategoryOf returns the number at the end of a name in UserMeta, or 0.
func vanillaCategoryOf(alias string) string {
	return "CAST(SUBSTRING_INDEX(" + alias + ".Name, '.', -1) AS UNSIGNED)"
}

func vanillaLevelOf(alias string) string {
	return "CASE WHEN " + alias + ".Name LIKE '%.NewComment.%' THEN 2 ELSE 1 END"
}

// vanillaCategoryPreference returns whether a row of UserMeta is about new posts in a category.
func vanillaCategoryPreference(alias string) string {
	return strings.ReplaceAll("(m.Name LIKE 'Preferences.Email.NewDiscussion.%' OR m.Name LIKE 'Preferences.Email.NewComment.%' "+
		"OR m.Name LIKE 'Preferences.Popup.NewDiscussion.%' OR m.Name LIKE 'Preferences.Popup.NewComment.%')", "m.", alias+".")
}
