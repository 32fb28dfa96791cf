//go:build live

package live

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// moderate chooses a tool for a thread, in the list below it, and returns the page that follows.
func (f *mybb) moderate(moderator string, thread int64, action string) *page {
	f.Helper()
	form := f.browser(moderator).open(fmt.Sprintf("/showthread.php?tid=%d", thread)).form("moderation.php", "modtype")
	form.set("action", action)
	return form.send("")
}

// moderatePosts ticks posts of a thread and chooses a tool for them. The forum's script keeps what is ticked in a cookie.
func (f *mybb) moderatePosts(moderator string, thread int64, action string, posts ...int64) *page {
	f.Helper()
	b := f.browser(moderator)
	form := b.open(fmt.Sprintf("/showthread.php?tid=%d", thread)).form("moderation.php", "go")
	cookie := "|" + strings.Trim(strings.ReplaceAll(fmt.Sprint(posts), " ", "|"), "[]") + "|"
	b.client.Jar.SetCookies(must(url.Parse(f.url))(f), []*http.Cookie{{Name: fmt.Sprintf("inlinemod_thread%d", thread), Value: cookie, Path: "/"}})
	return form.set("action", action).send("go")
}

// move moves a thread: by "move", "redirect", which leaves a redirect, or "copy".
func (f *mybb) move(moderator string, thread, forum int64, method string) {
	f.Helper()
	f.moderate(moderator, thread, "move").form("moderation.php", "moveto").set("moveto", fmt.Sprint(forum)).set("method", method).send("submit")
}

// merge merges another thread into a thread.
func (f *mybb) merge(moderator string, thread, other int64) {
	f.Helper()
	f.moderate(moderator, thread, "merge").form("moderation.php", "threadurl").set("threadurl", fmt.Sprintf("%s/showthread.php?tid=%d", f.url, other)).send("submit")
}

// split makes a new thread of posts.
func (f *mybb) split(moderator string, thread, forum int64, subject string, posts ...int64) (split int64) {
	f.Helper()
	form := f.moderatePosts(moderator, thread, "multisplitposts", posts...).form("moderation.php", "newsubject")
	form.set("newsubject", subject).set("moveto", fmt.Sprint(forum)).send("submit")
	return f.threadOf(posts[0])
}

// movePosts moves posts to another thread.
func (f *mybb) movePosts(moderator string, from, to int64, posts ...int64) {
	f.Helper()
	form := f.moderatePosts(moderator, from, "multimoveposts", posts...).form("moderation.php", "threadurl")
	form.set("threadurl", fmt.Sprintf("%s/showthread.php?tid=%d", f.url, to)).send("submit")
}

// mergePosts makes one post of several.
func (f *mybb) mergePosts(moderator string, thread int64, posts ...int64) {
	f.Helper()
	form := f.moderatePosts(moderator, thread, "multimergeposts", posts...).form("moderation.php", "sep")
	for _, post := range posts {
		form.fields.Set(fmt.Sprintf("mergepost[%d]", post), "1")
	}
	form.send("submit")
}

// deletePosts deletes posts permanently, and deleteThread a thread.
func (f *mybb) deletePosts(moderator string, thread int64, posts ...int64) {
	f.Helper()
	f.moderatePosts(moderator, thread, "multideleteposts", posts...).form("moderation.php", "posts").send("submit")
}

func (f *mybb) deleteThread(moderator string, thread int64) {
	f.Helper()
	f.moderate(moderator, thread, "deletethread").form("moderation.php", "tid").send("submit")
}

// approve approves what waits in the moderation queue: "threads" or "posts", by ID.
func (f *mybb) approve(moderator, kind string, id int64) {
	f.Helper()
	page := f.browser(moderator).open("/modcp.php?action=modqueue&type=" + kind)
	page.form("modcp.php", fmt.Sprintf("%s[%d]", kind, id)).set(fmt.Sprintf("%s[%d]", kind, id), "approve").send("reportsubmit")
}

// threadOf returns the thread that a post is in.
func (f *mybb) threadOf(post int64) int64 {
	f.Helper()
	return f.queryInt(fmt.Sprintf("SELECT tid FROM mybb_posts WHERE pid = %d", post))
}
