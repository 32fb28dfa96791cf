package source

import (
	"strconv"
	"strings"

	"postrider/forum"
)

const xenforoNotes = "Reads rights from XenForo's own permission cache. Friendly URLs are taken for granted; " +
	"without them, let [forum] url end in \"/index.php?\". A forum that changed its option \"read marking data lifetime\" " +
	"overlays the query read_days. Needs MySQL 5.7 or MariaDB 10.1, or newer."

// xenforoLinks are the addresses of both XenForo 1 and 2, without the slugs, which it redirects to itself.
// The base ends in "index.php?" on a forum without friendly URLs.
type xenforoLinks string

func (l xenforoLinks) Section(id forum.SectionID) string { return l.to("forums", int64(id)) }
func (l xenforoLinks) Thread(id forum.ThreadID) string   { return l.to("threads", int64(id)) }
func (l xenforoLinks) Member(id forum.MemberID) string   { return l.to("members", int64(id)) }

// Post names the post alone: XenForo finds its thread and page, wherever it was moved to.
func (l xenforoLinks) Post(_ forum.ThreadID, id forum.PostID) string { return l.to("posts", int64(id)) }

func (l xenforoLinks) to(what string, id int64) string {
	slash := "/"
	if strings.HasSuffix(string(l), "?") {
		slash = ""
	}
	return string(l) + slash + what + "/" + strconv.FormatInt(id, 10) + "/"
}

func newXenforoLinks(base string) forum.Links { return xenforoLinks(base) }

// nodeRights reads the three flags of a node's permission cache that decide what is read
// (XF\Entity\Forum::canView and Thread::canView: view, viewContent, viewOthers).
func nodeRights(flag func(name string) bool) grant {
	return grant{view: flag("view"), read: flag("viewContent"), own: !flag("viewOthers")}
}
