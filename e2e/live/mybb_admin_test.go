//go:build live

package live

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// mybbReader are the rights of those who may read and write in a forum.
var mybbReader = []string{"canview", "canviewthreads", "canpostthreads", "canpostreplys", "caneditposts", "candeleteposts"}

// manage opens a page of the Admin CP.
func (f *mybb) manage(module, query string) *page {
	f.Helper()
	return f.browser(admin).open("/admin/index.php?module=" + module + query)
}

// setting changes a setting of the board.
func (f *mybb) setting(name, value string) {
	f.Helper()
	field := "upsetting[" + name + "]"
	f.manage("config-settings", "&action=change&search="+name).form("", field).set(field, value).send("")
}

// addForum creates a forum or, without a parent, a category.
func (f *mybb) addForum(title string, parent int64) int64 {
	f.Helper()
	form := f.manage("forum-management", "&action=add").form("", "title").set("title", title).set("type", "c").set("pid", "-1")
	if parent != 0 {
		form.set("type", "f").set("pid", fmt.Sprint(parent))
	}
	form.send("")
	return f.queryInt("SELECT MAX(fid) FROM mybb_forums")
}

// lock gives a forum a password.
func (f *mybb) lock(forum int64, password string) {
	f.Helper()
	f.manage("forum-management", fmt.Sprintf("&action=edit&fid=%d", forum)).form("", "password").set("password", password).send("")
}

// permit sets what a group may do in a forum, and in those below that set nothing else.
func (f *mybb) permit(forum, group int64, rights ...string) {
	f.Helper()
	form := f.manage("forum-management", fmt.Sprintf("&action=permissions&fid=%d&gid=%d", forum, group)).form("action=permissions", "permissions[canview]")
	for name := range form.fields {
		if strings.HasPrefix(name, "permissions[") {
			form.untick(name)
		}
	}
	for _, right := range rights {
		form.tick("permissions[" + right + "]")
	}
	form.send("")
}

// addGroup creates a group with the rights of members.
func (f *mybb) addGroup(title string) int64 {
	f.Helper()
	f.manage("user-groups", "&action=add").form("", "copyfrom").set("title", title).set("copyfrom", strconv.Itoa(mybbMembers)).send("")
	return f.queryInt("SELECT MAX(gid) FROM mybb_usergroups")
}

// groups puts a member into groups, the first of which is the primary one.
func (f *mybb) groups(name string, primary int64, more ...int64) {
	f.Helper()
	form := f.manage("user-users", fmt.Sprintf("&action=edit&uid=%d", f.members[name])).form("", "additionalgroups[]").set("usergroup", fmt.Sprint(primary))
	form.untick("additionalgroups[]")
	for _, group := range more {
		form.fields.Add("additionalgroups[]", fmt.Sprint(group))
	}
	form.send("")
}

// groupRight grants a group a right on the whole board, or takes it away.
func (f *mybb) groupRight(group int64, right string, granted bool) {
	f.Helper()
	form := f.manage("user-groups", fmt.Sprintf("&action=edit&gid=%d", group)).form("", right).untick(right)
	if granted {
		form.tick(right)
	}
	form.send("")
}

// ban bans a member permanently.
func (f *mybb) ban(name string) {
	f.Helper()
	f.manage("user-banning", "").form("", "bantime").set("username", name).set("reason", "spam").set("bantime", "---").send("")
	f.barred[name] = "banned"
}

// unban lifts a ban.
func (f *mybb) unban(name string) {
	f.Helper()
	form := f.manage("user-banning", "").form("", "bantime")
	form.action = fmt.Sprintf("index.php?module=user-banning&action=lift&uid=%d", f.members[name])
	form.send("")
	delete(f.barred, name)
}

// filterWord adds a word to the word filter.
func (f *mybb) filterWord(word, replacement string) {
	f.Helper()
	f.manage("config-badwords", "&action=add").form("", "badword").set("badword", word).set("replacement", replacement).send("")
}

// addCode adds a MyCode.
func (f *mybb) addCode(title, pattern, replacement string) {
	f.Helper()
	f.manage("config-mycode", "&action=add").form("", "regex").set("title", title).set("regex", pattern).set("replacement", replacement).
		set("active", "1").set("parseorder", "1").send("")
}

// remove deletes an account. Its posts stay.
func (f *mybb) remove(name string) {
	f.Helper()
	form := f.manage("user-users", fmt.Sprintf("&action=edit&uid=%d", f.members[name])).form("", "additionalgroups[]")
	form.action, form.fields = fmt.Sprintf("index.php?module=user-users&action=delete&uid=%d", f.members[name]), url.Values{"my_post_key": form.fields["my_post_key"]}
	form.send("")
	delete(f.members, name)
	f.barred[name] = "the account does not exist any more"
}
