//go:build live

package live

import (
	"fmt"
	"regexp"
	"strings"

	"postrider/internal/smtptest"
)

// profile opens a section of a member's profile. Its owner does, or the administrator.
func (f *fluxbbForum) profile(who, member, section string) *page {
	f.Helper()
	return f.browser(who).open(fmt.Sprintf("/profile.php?section=%s&id=%d", section, f.ids[member]))
}

// essentials changes fields of the section "essentials" of a profile.
func (f *fluxbbForum) essentials(who, member string, fields map[string]string) {
	f.Helper()
	form := f.profile(who, member, "essentials").form("profile.php", "form[timezone]")
	for name, value := range fields {
		form.set(name, value)
	}
	form.send("update")
}

// setGroup puts a member into a group.
func (f *fluxbbForum) setGroup(member, group string) {
	f.Helper()
	f.profile(admin, member, "admin").form("profile.php", "group_id").set("group_id", f.groups[group]).send("update_group_membership")
}

// moderatorOf makes a member of the moderators' group the moderator of a forum.
func (f *fluxbbForum) moderatorOf(member, forum string) {
	f.Helper()
	f.profile(admin, member, "admin").form("profile.php", "update_forums").tick(fmt.Sprintf("moderator_in[%d]", f.ids[forum])).send("update_forums")
}

// deleteMember deletes an account, with or without its posts.
func (f *fluxbbForum) deleteMember(member string, posts bool) {
	f.Helper()
	form := f.profile(admin, member, "admin").form("profile.php", "delete_user").send("delete_user").form("profile.php", "delete_user_comply")
	if !posts {
		form.untick("delete_posts")
	}
	form.send("delete_user_comply")
	f.barred[member] = "the account is deleted"
}

// ban bans with the form of the administration: a name, an address or a domain, until a day or for ever.
func (f *fluxbbForum) ban(fields map[string]string) {
	f.Helper()
	form := f.browser(admin).open("/admin_bans.php").form("admin_bans.php", "new_ban_user").send("add_ban").form("admin_bans.php", "ban_user")
	for name, value := range fields {
		form.set(name, value)
	}
	form.send("add_edit_ban")
}

// banMember bans a member by the button in their profile.
func (f *fluxbbForum) banMember(member string) {
	f.Helper()
	f.profile(admin, member, "admin").form("profile.php", "ban").send("ban").form("admin_bans.php", "ban_user").set("ban_ip", "").set("ban_email", "").send("add_edit_ban")
	f.barred[member] = "banned"
}

// unban removes all bans.
func (f *fluxbbForum) unban(member string) {
	f.Helper()
	p := f.browser(admin).open("/admin_bans.php").form("admin_bans.php", "find_ban").send("find_ban")
	for strings.Contains(p.text, "del_ban=") {
		p.click("del_ban=")
		p = f.browser(admin).open("/admin_bans.php").form("admin_bans.php", "find_ban").send("find_ban")
	}
	delete(f.barred, member)
}

// changeAddress changes the address of a member with the link that the forum sends to the new one.
func (f *fluxbbForum) changeAddress(member, address string) {
	f.Helper()
	f.browser(member).open(fmt.Sprintf("/profile.php?action=change_email&id=%d", f.ids[member])).form("profile.php", "req_new_email").
		set("req_new_email", address).set("req_password", password).try("new_email")
	f.browser(member).try(regexp.MustCompile(`http\S+key=\S+`).FindString(f.lastTo(address)))
	f.addresses[address] = member
}

// lastTo returns the text of the newest message of the forum to an address.
func (f *fluxbbForum) lastTo(address string) string {
	f.Helper()
	messages := f.forumMail.Messages()
	for i := len(messages) - 1; i >= 0; i-- {
		if messages[i].To == address {
			return must(smtptest.ReadLetter(messages[i].Data))(f).Text
		}
	}
	f.Fatalf("the forum has sent nothing to %s", address)
	return ""
}

// registerByMail registers a member who gets the first password by email, and returns it. Until the first login, the member is not
// confirmed.
func (f *fluxbbForum) registerByMail(name string) (password string) {
	f.Helper()
	address := name + "@members.example"
	f.addresses[address] = name
	f.browser(name).open("/register.php").form("register.php", "req_user").set("req_user", name).set("req_email1", address).set("req_email2", address).try("")
	f.ids[name] = f.queryInt("SELECT id FROM users WHERE username = ?", name)
	found := regexp.MustCompile(`Password: (\S+)`).FindStringSubmatch(f.lastTo(address))
	if found == nil {
		f.Fatalf("no password in %s", f.lastTo(address))
	}
	return found[1]
}

// censor replaces a word everywhere on the forum.
func (f *fluxbbForum) censor(word, replacement string) {
	f.Helper()
	f.browser(admin).open("/admin_censoring.php").form("admin_censoring.php", "new_search_for").
		set("new_search_for", word).set("new_replace_with", replacement).send("add_word")
	f.options(map[string]string{"censoring": "1"})
}
