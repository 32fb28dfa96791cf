//go:build live

package live

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

const password = "correct horse"

// install installs the forum with its own installer, as its administrator does.
func (f *fluxbbForum) install() {
	f.Helper()
	b := f.browser(admin)
	b.try("install.php").form("install.php", "req_db_type").
		set("req_db_type", "mysqli_innodb").set("req_db_host", "localhost").set("req_db_name", filepath.Base(f.dsn.Path)).
		set("db_username", f.dsn.User.Username()).set("req_username", admin).set("req_password1", password).set("req_password2", password).
		set("req_email", "admin@members.example").set("req_title", "Live Forum").set("req_base_url", f.url).send("")
	f.addresses["admin@members.example"] = admin
	f.login(admin, password)
	f.options(map[string]string{
		"smtp_host": strings.TrimPrefix(f.forumMail.URL(), "smtp://"), "redirect_delay": "0", "regs_verify": "0", "mailing_list": "admin@members.example",
	})
}

// options saves options of the administration.
func (f *fluxbbForum) options(values map[string]string) {
	f.Helper()
	form := f.browser(admin).open("/admin_options.php").form("admin_options.php", "form_sent")
	for _, name := range slices.Sorted(maps.Keys(values)) {
		form.set("form["+name+"]", values[name])
	}
	form.send("")
}

// login logs a member in.
func (f *fluxbbForum) login(name, password string) {
	f.Helper()
	p := f.browser(name).open("/index.php").click("login.php").form("login.php?action=in", "req_username").set("req_username", name).set("req_password", password).send("")
	if !p.has("navlogout") {
		f.Fatalf("%s is not logged in", name)
	}
}

// logout ends the session of a member, which saves their last visit.
func (f *fluxbbForum) logout(name string) {
	f.Helper()
	f.browser(name).open("/index.php").click("login.php?action=out")
}

// register registers a member with the given settings of the form, and logs them in.
func (f *fluxbbForum) register(name string, values map[string]string) {
	f.Helper()
	address := name + "@members.example"
	f.addresses[address] = name
	b := f.browser(name)
	form := b.open("/register.php").form("register.php", "req_user").set("req_user", name).set("req_email1", address)
	for field, value := range values {
		form.set(field, value)
	}
	form.set("req_password1", password).set("req_password2", password).send("")
	f.ids[name] = f.queryInt("SELECT id FROM users WHERE username = ?", name)
}

// setUp makes two public forums, one for staff and one for all, and removes the limits on how often members may post.
func (f *fluxbbForum) setUp() {
	f.Helper()
	f.editGroup("4", map[string]string{"post_flood": "0"})
	f.browser(admin).open("/admin_groups.php").form("admin_groups.php", "base_group").set("base_group", "4").send("add_group").
		form("admin_groups.php", "req_title").set("req_title", "Staff").send("add_edit_group")
	f.groups = map[string]string{"admin": "1", "moderator": "2", "guest": "3", "member": "4", "staff": fmt.Sprint(f.queryInt("SELECT g_id FROM `groups` WHERE g_title = 'Staff'"))}
	f.editGroup("2", map[string]string{"post_flood": "0"})
	f.ids["news"] = f.queryInt("SELECT id FROM forums")
	f.ids["talk"] = f.newForum("Talk")
	f.ids["staff room"] = f.newForum("Staff room")
	f.readers("staff room", "3", false)
	f.readers("staff room", "4", false)
	for _, name := range []string{"anna", "bert", "carl", "dora", "emil", "finn", "gina", "mona", "stan"} {
		f.register(name, nil)
	}
	f.lazy["emil"] = true
}

// editGroup changes the settings of a group.
func (f *fluxbbForum) editGroup(id string, values map[string]string) {
	f.Helper()
	form := f.browser(admin).open("/admin_groups.php?edit_group="+id).form("admin_groups.php", "req_title")
	for name, value := range values {
		form.set(name, value)
	}
	form.send("add_edit_group")
}

// newForum adds a forum to the first category.
func (f *fluxbbForum) newForum(title string) int64 {
	f.Helper()
	p := f.browser(admin).open("/admin_forums.php").form("admin_forums.php", "add_to_cat").send("add_forum")
	p.form("admin_forums.php?edit_forum=", "forum_name").set("forum_name", title).send("save")
	return f.queryInt("SELECT id FROM forums WHERE forum_name = ?", title)
}

// readers lets a group read a forum, or not.
func (f *fluxbbForum) readers(forum, group string, allowed bool) {
	f.Helper()
	form := f.browser(admin).open(fmt.Sprintf("/admin_forums.php?edit_forum=%d", f.ids[forum])).form("admin_forums.php?edit_forum=", "forum_name")
	box := "read_forum_new[" + group + "]"
	if form.untick(box); allowed {
		form.tick(box)
	}
	form.send("save")
}
