//go:build live

package live

import (
	"fmt"
	"net/url"
)

// start writes a new thread. It returns the thread and its first post.
func (f *mybb) start(author string, forum int64, subject, message string) (thread, post int64) {
	f.Helper()
	form := f.browser(author).open(fmt.Sprintf("/newthread.php?fid=%d", forum)).form("newthread.php", "message")
	form.set("subject", subject).set("message", message).send("submit")
	post = f.newest(author)
	return f.threadOf(post), post
}

// reply writes a reply.
func (f *mybb) reply(author string, thread int64, message string) (post int64) {
	f.Helper()
	f.browser(author).open(fmt.Sprintf("/newreply.php?tid=%d", thread)).form("newreply.php", "message").set("message", message).send("submit")
	return f.newest(author)
}

// quote replies to a post with the forum's own quote of it, which stays as the forum fills it in.
func (f *mybb) quote(author string, post int64, message string) int64 {
	f.Helper()
	form := f.browser(author).open(fmt.Sprintf("/newreply.php?tid=%d&replyto=%d", f.threadOf(post), post)).form("newreply.php", "message")
	form.set("message", form.fields.Get("message")+"\n"+message).send("submit")
	return f.newest(author)
}

// draft saves a reply without publishing it.
func (f *mybb) draft(author string, thread int64, message string) (post int64) {
	f.Helper()
	f.browser(author).open(fmt.Sprintf("/newreply.php?tid=%d", thread)).form("newreply.php", "message").set("message", message).send("savedraft")
	return f.newest(author)
}

// publish publishes a reply that was saved.
func (f *mybb) publish(author string, post int64) {
	f.Helper()
	f.browser(author).open(fmt.Sprintf("/newreply.php?action=editdraft&pid=%d", post)).form("newreply.php", "message").send("submit")
}

// newest returns the newest post of a member.
func (f *mybb) newest(author string) int64 {
	f.Helper()
	return f.queryInt(fmt.Sprintf("SELECT MAX(pid) FROM mybb_posts WHERE username = '%s'", author))
}

// edit changes the text of a post.
func (f *mybb) edit(editor string, post int64, message string) {
	f.Helper()
	f.browser(editor).open(fmt.Sprintf("/editpost.php?pid=%d", post)).form("editpost.php", "message").set("message", message).send("submitbutton")
}

// retitle changes the title of a thread, with that of its first post.
func (f *mybb) retitle(editor string, post int64, subject string) {
	f.Helper()
	f.browser(editor).open(fmt.Sprintf("/editpost.php?pid=%d", post)).form("editpost.php", "subject").set("subject", subject).send("submitbutton")
}

// enter opens a forum with a password.
func (f *mybb) enter(name string, forum int64, password string) {
	f.Helper()
	f.browser(name).try(fmt.Sprintf("/forumdisplay.php?fid=%d", forum)).form("forumdisplay.php", "pwverify").set("pwverify", password).send("submit")
}

// changeAddress changes the address of a member.
func (f *mybb) changeAddress(name, address string) {
	f.Helper()
	form := f.browser(name).open("/usercp.php?action=email").form("usercp.php", "email2")
	form.set("password", mybbPassword).set("email", address).set("email2", address).send("submit")
	f.addresses[address] = name
}

// Kinds of subscription to a thread.
const (
	mybbSilent = "0"
	mybbEmail  = "1"
	mybbPM     = "2"
)

// subscribe subscribes to a thread.
func (f *mybb) subscribe(name string, thread int64, kind string) {
	f.Helper()
	p := f.browser(name).open(fmt.Sprintf("/showthread.php?tid=%d", thread)).click("action=addsubscription")
	p.form("usercp", "notification").set("notification", kind).send("submit")
}

// unsubscribe ends a subscription to a thread.
func (f *mybb) unsubscribe(name string, thread int64) {
	f.Helper()
	f.browser(name).open(fmt.Sprintf("/showthread.php?tid=%d", thread)).click("action=removesubscription")
}

// subscribeForum subscribes to a forum.
func (f *mybb) subscribeForum(name string, forum int64) {
	f.Helper()
	f.browser(name).open(fmt.Sprintf("/forumdisplay.php?fid=%d", forum)).click("action=addsubscription")
}

// ignore puts somebody on a member's ignore list.
func (f *mybb) ignore(name, other string) {
	f.Helper()
	form := f.browser(name).open("/usercp.php?action=editlists").form("usercp.php", "add_username")
	form.fields = url.Values{"action": {"do_editlists"}, "manage": {"ignored"}, "my_post_key": form.fields["my_post_key"], "add_username": {other}}
	form.send("")
}

// option changes an option of a member.
func (f *mybb) option(name, option, value string) {
	f.Helper()
	f.browser(name).open("/usercp.php?action=options").form("usercp.php", option).set(option, value).send("regsubmit")
}

// untick takes the tick from an option of a member.
func (f *mybb) untick(name, option string) {
	f.Helper()
	f.browser(name).open("/usercp.php?action=options").form("usercp.php", option).untick(option).send("regsubmit")
}
