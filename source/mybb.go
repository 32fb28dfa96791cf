package source

import (
	"fmt"
	"strconv"
	"strings"

	"postrider/forum"
	"postrider/internal/sqlfile"
	"postrider/markup"
)

func mybb() forumType {
	return forumType{
		name:   "mybb",
		title:  "MyBB 1.8",
		markup: "MyCode (BBCode)",
		notes: "MyBB stores UTC offsets, not time zones: after a clock change, a member's digest hour is correct again once the member " +
			"has visited the forum. A watched forum means all its posts. Inactive forums and forums with a password are left out. " +
			"MyISAM tables have no snapshots: use InnoDB if you can. Needs MySQL 5.7 or MariaDB 10.1, or newer. On PostgreSQL and SQLite, " +
			"MyBB creates hardly any index: docs/forums.md lists those to add.",
		engines:  []sqlfile.Engine{sqlfile.MySQL, sqlfile.Postgres, sqlfile.SQLite},
		prefix:   "mybb_",
		files:    []string{"mybb.sql"},
		versions: []string{"1.8"},
		lost: map[string]string{"threadprefixes": lostPrefixes, "attachments": lostAttachments, "polls": lostPolls, "privatemessages": lostMessages, "settings": lostSite,
			"datacache": lostSite + ", nor are the number of members and the active plugins"},
		links:      func(base string) forum.Links { return mybbLinks(base) },
		dialect:    markup.Dialect{Entities: true},
		filter:     mybbFilter,
		section:    stripTags,
		zone:       mybbZone,
		locale:     mybbLocale,
		rights:     parseRightDigits,
		counted:    phpCount("numusers"),
		addons:     mybbAddons,
		inherits:   true,
		offsetOnly: true,
	}
}

// mybbLinks are MyBB's default URLs, which also work if friendly URLs are enabled.
type mybbLinks string

func (l mybbLinks) Section(id forum.SectionID) string {
	return fmt.Sprintf("%s/forumdisplay.php?fid=%d", string(l), id)
}

func (l mybbLinks) Thread(id forum.ThreadID) string {
	return fmt.Sprintf("%s/showthread.php?tid=%d", string(l), id)
}

// Post leaves out the thread: MyBB finds it, and believes a thread in the address even after the post was moved to another one.
func (l mybbLinks) Post(_ forum.ThreadID, id forum.PostID) string {
	return fmt.Sprintf("%s/showthread.php?pid=%d#pid%d", string(l), id, id)
}

func (l mybbLinks) Member(id forum.MemberID) string {
	return fmt.Sprintf("%s/member.php?action=profile&uid=%d", string(l), id)
}

// mybbZone converts "5.75 0", the offset from UTC in hours and whether daylight saving time applies, to a zone. A
// whole hour becomes a fixed offset, whose name in the tz database has the opposite sign. With automatic
// correction, MyBB updates the second number when the member's browser next reports it, and the zone follows.
func mybbZone(stored string) string {
	hours, dst, _ := strings.Cut(stored, " ")
	off, err := strconv.ParseFloat(hours, 64)
	if err != nil || off < -12 || off > 14 {
		return ""
	}
	summer := dst == "1"
	if off != float64(int(off)) {
		return mybbPartHour(off, summer)
	}
	whole := int(off)
	if summer {
		whole = min(whole+1, 14)
	}
	if whole == 0 {
		return "UTC"
	}
	return fmt.Sprintf("Etc/GMT%+d", -whole)
}

// mybbPartHour returns the zones of MyBB's list (inc/functions.php of 1.8, get_supported_timezones) that are not
// whole hours; the tz database has no fixed offsets for them.
func mybbPartHour(off float64, summer bool) string {
	switch off {
	case -9.5:
		return "Pacific/Marquesas"
	case -4.5:
		return "America/Caracas" // until 2016; members with this old setting still live there
	case -3.5:
		return "America/St_Johns"
	case 3.5:
		return "Asia/Tehran"
	case 4.5:
		return "Asia/Kabul"
	case 5.5:
		return "Asia/Kolkata"
	case 5.75:
		return "Asia/Kathmandu"
	case 6.5:
		return "Asia/Yangon"
	case 8.75:
		return "Australia/Eucla"
	case 9.5:
		if summer {
			return "Australia/Adelaide"
		}
		return "Australia/Darwin"
	case 10.5:
		return "Australia/Lord_Howe"
	case 11.5:
		return "Pacific/Norfolk"
	case 12.75:
		return "Pacific/Chatham"
	}
	return ""
}

// mybbLocale returns the language tag for the directory of a language pack on MyBB's own site for 1.8, or for the name of
// one of SMF ("portuguese_brazilian-utf8") or FluxBB ("Traditional_Chinese"). An empty directory is
// the board's default, and returns "".
func mybbLocale(directory string) string {
	directory = strings.ToLower(directory)
	for _, pack := range [...]struct{ begins, tag string }{
		{"english", "en"}, {"deutsch", "de"}, {"german", "de"}, {"fran", "fr"}, {"french", "fr"}, {"espa", "es"}, {"spanish", "es"},
		{"italian", "it"}, {"nederlands", "nl"}, {"dutch", "nl"}, {"polski", "pl"}, {"polish", "pl"}, {"russian", "ru"},
		{"ukrain", "uk"}, {"turk", "tr"}, {"portuguesbr", "pt-BR"}, {"portuguese_brazil", "pt-BR"}, {"brazilian", "pt-BR"}, {"portugues", "pt"}, {"svensk", "sv"}, {"swedish", "sv"}, {"dansk", "da"}, {"danish", "da"},
		{"norsk", "nb"}, {"norwegian", "nb"}, {"suomi", "fi"}, {"finnish", "fi"}, {"cesky", "cs"}, {"czech", "cs"}, {"slovak", "sk"}, {"magyar", "hu"},
		{"hungarian", "hu"}, {"romana", "ro"}, {"romanian", "ro"}, {"greek", "el"}, {"hebrew", "he"}, {"arabic", "ar"}, {"persian", "fa"}, {"farsi", "fa"},
		{"japanese", "ja"}, {"korean", "ko"}, {"chinesetrad", "zh-Hant"}, {"chinese_trad", "zh-Hant"}, {"traditional_chinese", "zh-Hant"}, {"chinese", "zh"}, {"simplified_chinese", "zh"}, {"vietnam", "vi"}, {"thai", "th"}, {"indonesia", "id"},
	} {
		if strings.HasPrefix(directory, pack.begins) {
			return pack.tag
		}
	}
	return ""
}
