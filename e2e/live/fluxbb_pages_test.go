//go:build live

package live

import (
	"fmt"
	"strings"
)

// topic starts a topic and returns its ID and that of its first post.
func (f *fluxbbForum) topic(author, forum, title, text string) (topic, post int64) {
	f.Helper()
	p := f.browser(author).open(fmt.Sprintf("/post.php?fid=%d", f.ids[forum])).form("post.php", "req_subject").
		set("req_subject", title).set("req_message", text).send("submit")
	post = f.postIn(p)
	topic = f.queryInt("SELECT topic_id FROM posts WHERE id = ?", post)
	f.firstPosts[topic] = post
	return topic, post
}

// reply replies in a topic and returns the ID of the post.
func (f *fluxbbForum) reply(author string, topic int64, text string) int64 {
	f.Helper()
	return f.replyOn(f.browser(author).open(fmt.Sprintf("/post.php?tid=%d", topic)), text)
}

// quickReply replies with the form below the topic.
func (f *fluxbbForum) quickReply(author string, topic int64, text string) int64 {
	f.Helper()
	return f.replyOn(f.openTopic(author, topic), text)
}

func (f *fluxbbForum) replyOn(p *page, text string) int64 {
	f.Helper()
	return f.postIn(p.form("post.php", "req_message").set("req_message", text).send("submit"))
}

// quote replies with a quote of a post.
func (f *fluxbbForum) quote(author string, topic, post int64, text string) int64 {
	f.Helper()
	form := f.browser(author).open(fmt.Sprintf("/post.php?tid=%d&qid=%d", topic, post)).form("post.php", "req_message")
	quoted := form.fields.Get("req_message")
	if !strings.Contains(quoted, "[quote=") {
		f.Fatalf("the form quotes nothing: %q", quoted)
	}
	return f.postIn(form.set("req_message", quoted+"\n"+text).send("submit"))
}

// guestReply replies without an account.
func (f *fluxbbForum) guestReply(name string, topic int64, text string) int64 {
	f.Helper()
	form := f.browser("guest").open(fmt.Sprintf("/post.php?tid=%d", topic)).form("post.php", "req_username").set("req_username", name).set("req_email", "guest@elsewhere.example")
	return f.postIn(form.set("req_message", text).send("submit"))
}

// postIn returns the post that a page was opened for.
func (f *fluxbbForum) postIn(p *page) int64 {
	f.Helper()
	return f.intIn(`pid=(\d+)`, p.url.String())
}

func (f *fluxbbForum) openTopic(who string, topic int64) *page {
	f.Helper()
	return f.browser(who).open(fmt.Sprintf("/viewtopic.php?id=%d", topic))
}

// onTopic clicks a link of a topic's page: "subscribe", "unsubscribe", and for moderators "close", "open", "stick", "unstick".
func (f *fluxbbForum) onTopic(who string, topic int64, link string) {
	f.Helper()
	switch p := f.openTopic(who, topic); link {
	case "subscribe", "unsubscribe":
		p.click("action=" + link)
	default:
		p.click("&" + link + "=")
	}
}

// onForum clicks "subscribe" or "unsubscribe" of a forum's page.
func (f *fluxbbForum) onForum(who, forum, link string) {
	f.Helper()
	f.browser(who).open(fmt.Sprintf("/viewforum.php?id=%d", f.ids[forum])).click("action=" + link)
}

// visit opens the start page.
func (f *fluxbbForum) visit(who string) {
	f.Helper()
	f.browser(who).open("/index.php")
}

// readOn opens the start page a second later. A post and the page after it are in one second, and FluxBB counts visits after the post.
func (f *fluxbbForum) readOn(who string) {
	f.Helper()
	nextSecond()
	f.visit(who)
}

// edit changes the text of a post.
func (f *fluxbbForum) edit(who string, post int64, text string) {
	f.Helper()
	f.browser(who).open(fmt.Sprintf("/edit.php?id=%d", post)).form("edit.php", "req_message").set("req_message", text).send("submit")
}

// retitle changes the title of a topic by its first post.
func (f *fluxbbForum) retitle(who string, post int64, title string) {
	f.Helper()
	f.browser(who).open(fmt.Sprintf("/edit.php?id=%d", post)).form("edit.php", "req_subject").set("req_subject", title).send("submit")
}

// deletePost deletes a post on its own page. If it is the first one, its topic goes, too.
func (f *fluxbbForum) deletePost(who string, post int64) {
	f.Helper()
	f.browser(who).open(fmt.Sprintf("/delete.php?id=%d", post)).form("delete.php", "delete").send("delete")
}

// moderatePosts ticks posts on the moderators' page of a topic and presses a button, which leads to another form.
func (f *fluxbbForum) moderatePosts(who string, topic int64, button string, posts ...int64) *page {
	f.Helper()
	form := f.openTopic(who, topic).click(fmt.Sprintf("&tid=%d&p=", topic)).form("moderate.php", button)
	for _, post := range posts {
		form.tick(fmt.Sprintf("posts[%d]", post))
	}
	return form.send(button)
}

// split moves posts into a new topic and returns its ID.
func (f *fluxbbForum) split(who string, topic int64, title string, posts ...int64) int64 {
	f.Helper()
	p := f.moderatePosts(who, topic, "split_posts", posts...).form("moderate.php", "new_subject").set("new_subject", title).send("split_posts_comply")
	return f.intIn(`id=(\d+)`, p.url.String())
}

// moderateTopics ticks topics on the moderators' page of a forum and presses a button.
func (f *fluxbbForum) moderateTopics(who, forum, button string, topics ...int64) *page {
	f.Helper()
	form := f.browser(who).open(fmt.Sprintf("/moderate.php?fid=%d", f.ids[forum])).form("moderate.php", button)
	for _, topic := range topics {
		form.tick(fmt.Sprintf("topics[%d]", topic))
	}
	return form.send(button)
}

// move moves a topic from a forum to another one.
func (f *fluxbbForum) move(who, from, to string, topic int64, redirect bool) {
	f.Helper()
	form := f.moderateTopics(who, from, "move_topics", topic).form("moderate.php", "move_to_forum").set("move_to_forum", fmt.Sprint(f.ids[to]))
	f.withRedirect(form, redirect).send("move_topics_to")
}

// merge merges topics of a forum into the one with the lowest ID.
func (f *fluxbbForum) merge(who, forum string, redirect bool, topics ...int64) {
	f.Helper()
	form := f.moderateTopics(who, forum, "merge_topics", topics...).form("moderate.php", "merge_topics_comply")
	f.withRedirect(form, redirect).send("merge_topics_comply")
}

func (f *fluxbbForum) withRedirect(form *form, redirect bool) *form {
	f.Helper()
	if redirect {
		return form.tick("with_redirect")
	}
	return form.untick("with_redirect")
}

// report reports a post to the moderators.
func (f *fluxbbForum) reportPost(who string, post int64) {
	f.Helper()
	f.browser(who).open(fmt.Sprintf("/misc.php?report=%d", post)).form("misc.php", "req_reason").set("req_reason", "Please look at this.").send("submit")
}
