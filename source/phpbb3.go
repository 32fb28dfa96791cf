package source

import (
	"fmt"
	"regexp"
	"strings"

	"postrider/forum"
	"postrider/internal/sqlfile"
	"postrider/markup"
)

func phpbb3() forumType {
	return forumType{
		name:   "phpbb3",
		title:  "phpBB 3.1 to 3.3",
		markup: "s9e XML; BBCode in posts from before 3.2",
		notes: "Watched forums include all their posts. Reads the permission f_read from groups, members and roles; " +
			"founders have no more than their groups give them. Forums with a password are left out. Bookmarks are not watches.",
		engines:  []sqlfile.Engine{sqlfile.MySQL, sqlfile.Postgres, sqlfile.SQLite},
		prefix:   "phpbb_",
		files:    []string{"phpbb3.sql"},
		versions: []string{"3.1", "3.2", "3.3"},
		lost: map[string]string{
			"attachments": lostAttachments, "privmsgs_to": lostMessages,
			"ext":   lostAddons,
			"users": "nobody has chosen digests of the extension Digests",
		},
		links:   func(base string) forum.Links { return phpbbLinks(base) },
		dialect: markup.Dialect{EscapedNames: true, NoMentions: true},
		body:    phpbbBody,
		code:    phpbbCode,
		escape:  phpbbEscape.Replace,
		locale:  phpbbLocale,
		rights:  phpbbRights,
	}
}

// phpbbLinks are phpBB's own URLs. They leave out the topic of a post, which phpBB finds.
type phpbbLinks string

func (l phpbbLinks) Section(id forum.SectionID) string {
	return fmt.Sprintf("%s/viewforum.php?f=%d", string(l), id)
}

func (l phpbbLinks) Thread(id forum.ThreadID) string {
	return fmt.Sprintf("%s/viewtopic.php?t=%d", string(l), id)
}

func (l phpbbLinks) Post(_ forum.ThreadID, id forum.PostID) string {
	return fmt.Sprintf("%s/viewtopic.php?p=%d#p%d", string(l), id, id)
}

func (l phpbbLinks) Member(id forum.MemberID) string {
	return fmt.Sprintf("%s/memberlist.php?mode=viewprofile&u=%d", string(l), id)
}

// phpbbEscape escapes as phpBB does before it stores a name (includes/functions.php, set_var: htmlspecialchars with ENT_COMPAT).
var phpbbEscape = strings.NewReplacer("&", "&amp;", `"`, "&quot;", "<", "&lt;", ">", "&gt;")

// phpbbBody parses the post's bbcode_uid, a space and its text.
func phpbbBody(d markup.Dialect, stored string, l markup.Links) markup.Doc {
	uid, text, _ := strings.Cut(stored, " ")
	return d.PhpBB(text, uid, l)
}

// phpbbLocale converts the folder of a language pack: "de_x_sie", "pt_br", "zh_cmn_hant".
func phpbbLocale(folder string) string {
	language, rest, _ := strings.Cut(strings.ToLower(folder), "_")
	switch {
	case len(rest) == 2:
		return language + "-" + strings.ToUpper(rest)
	case strings.HasSuffix(rest, "hant"):
		return language + "-Hant"
	}
	return language
}

// phpbbRights decodes the setting of f_read.
func phpbbRights(stored []byte) (grant, error) {
	switch string(stored) {
	case "yes":
		return grant{view: true, read: true}, nil
	case "never":
		return grant{never: true}, nil
	case "zno":
		return grant{}, nil
	}
	return grant{}, fmt.Errorf("invalid setting %q of f_read: must be yes, zno or never", stored)
}

var (
	phpbbContent = regexp.MustCompile(`\]\{([A-Z_]+[0-9]*)\}\[/`)
	phpbbOption  = regexp.MustCompile(`=\{([A-Z_]+[0-9]*)\}`)
	phpbbToken   = regexp.MustCompile(`\{([A-Z_]+[0-9]*)\}`)
)

// phpbbCode reads one of the administrator's BBCodes: its usage, [big={NUMBER}]{TEXT}[/big], and its HTML, in which the same tokens
// stand for what the author wrote.
func phpbbCode(name, usage, page string) ([]string, markup.Code) {
	names := []string{strings.TrimSuffix(strings.ToLower(name), "=")}
	content, option := "", ""
	if m := phpbbContent.FindStringSubmatch(usage); m != nil {
		content = m[1]
	}
	if m := phpbbOption.FindStringSubmatch(usage); m != nil {
		option = m[1]
	}
	page = phpbbToken.ReplaceAllStringFunc(page, func(token string) string {
		switch token[1 : len(token)-1] {
		case content:
			return "{text}"
		case option:
			return "{option}"
		}
		return ""
	})
	return names, markup.NewCode(names[0], page, "")
}
