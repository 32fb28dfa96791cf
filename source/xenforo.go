package source

import (
	"strconv"
	"strings"

	"postrider/forum"
)

const xenforoNotes = "Reads permissions from XenForo's own permission cache. Assumes friendly URLs; " +
	"without them, let url in [forum] end in \"/index.php?\". If the option \"read marking data lifetime\" is not 30 days, " +
	"replace the query read_days. Needs MySQL 5.7 or MariaDB 10.1, or newer."

// xenforoLinks are the URLs of XenForo 1 and 2, without the slugs: XenForo redirects to the full URL. The base
// ends in "index.php?" on a forum without friendly URLs.
type xenforoLinks string

func (l xenforoLinks) Section(id forum.SectionID) string { return l.to("forums", int64(id)) }
func (l xenforoLinks) Thread(id forum.ThreadID) string   { return l.to("threads", int64(id)) }
func (l xenforoLinks) Member(id forum.MemberID) string   { return l.to("members", int64(id)) }

// Post uses only the post's ID: XenForo finds its current thread and page.
func (l xenforoLinks) Post(_ forum.ThreadID, id forum.PostID) string { return l.to("posts", int64(id)) }

func (l xenforoLinks) to(what string, id int64) string {
	slash := "/"
	if strings.HasSuffix(string(l), "?") {
		slash = ""
	}
	return string(l) + slash + what + "/" + strconv.FormatInt(id, 10) + "/"
}

func newXenforoLinks(base string) forum.Links { return xenforoLinks(base) }

// nodeRights reads the three flags of a node's permission cache that decide who may read it
// (XF\Entity\Forum::canView and Thread::canView: view, viewContent, viewOthers).
func nodeRights(flag func(name string) bool) grant {
	return grant{view: flag("view"), read: flag("viewContent"), own: !flag("viewOthers")}
}

// lostXenForo is what is lost without an optional table.
var lostXenForo = map[string]string{
	"phrase": lostPrefixes, "thread_question": lostSolved, "attachment": lostAttachments, "attachment_data": lostAttachments, "poll": lostPolls,
	"conversation_user": lostMessages, "option": lostSite, "addon": lostSite,
	"addon addon_id:text active": lostAddons, "data_registry": lostMembers,
	"permission": "add-ons that limit who may read what are not noticed",
}
