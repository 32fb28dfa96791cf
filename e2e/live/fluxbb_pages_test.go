//go:build live

package live

import "fmt"

// topic starts a topic and returns its ID and that of its first post.
func (f *fluxbbForum) topic(author, forum, title, text string) (topic, post int64) {
	f.Helper()
	p := f.browser(author).open(fmt.Sprintf("/post.php?fid=%d", f.ids[forum])).form("post.php", "req_subject").
		set("req_subject", title).set("req_message", text).send("submit")
	post = f.intIn(`pid=(\d+)`, p.url.String())
	return f.queryInt("SELECT topic_id FROM posts WHERE id = ?", post), post
}

// reply replies in a topic and returns the ID of the post.
func (f *fluxbbForum) reply(author string, topic int64, text string) int64 {
	f.Helper()
	p := f.browser(author).open(fmt.Sprintf("/post.php?tid=%d", topic)).form("post.php", "req_message").set("req_message", text).send("submit")
	return f.intIn(`pid=(\d+)`, p.url.String())
}
