//go:build live

package live

import (
	"os"
	"path/filepath"
	"time"

	"postrider/internal/servertest"
)

// playMembers is about what members change in their profiles.
func (f *fluxbbForum) playMembers() {
	f.Helper()
	var topic int64
	var first string
	f.act("the administrator wants addresses confirmed", func() { f.options(map[string]string{"regs_verify": "1"}) })
	f.act("jon registers and is not confirmed yet", func() { first = f.registerByMail("jon") })
	f.act("jon logs in for the first time", func() { f.login("jon", first) })
	f.act("carl starts a topic", func() { topic, _ = f.topic("carl", "news", "Bread", "Who bakes?") })
	f.act("jon and anna subscribe to it", func() { f.onTopic("jon", topic, "subscribe"); f.onTopic("anna", topic, "subscribe") })
	f.act("carl replies", func() { f.reply("carl", topic, "I do.") })
	f.act("anna changes the address", func() { f.changeAddress("anna", "anna@new.example") })
	f.act("carl replies", func() { f.reply("carl", topic, "Every day.") })
	f.act("anna chooses German and another time zone", func() {
		f.addGerman()
		f.essentials("anna", "anna", map[string]string{"form[language]": "German", "form[timezone]": "9.5"})
	})
	f.act("carl replies", func() { f.reply("carl", topic, "With rye.") })
	f.wantLatest("anna", "Gesendet an anna.", true)
	f.wantLatest("anna", "Australia/Darwin", true)
	f.act("jon wants the whole post in notifications", func() {
		f.profile("jon", "jon", "privacy").form("profile.php", "form[notify_with_post]").tick("form[notify_with_post]").send("update")
	})
	f.act("carl replies", func() { f.reply("carl", topic, "And wheat.") })
	f.act("bert wants to subscribe by replying", func() {
		f.profile("bert", "bert", "privacy").form("profile.php", "form[auto_notify]").tick("form[auto_notify]").send("update")
	})
	f.act("bert replies", func() { f.quickReply("bert", topic, "I eat it."); f.readOn("bert") })
	f.act("carl replies to bert", func() { f.reply("carl", topic, "Good.") })
	f.act("the administrator renames jon", func() {
		f.essentials(admin, "jon", map[string]string{"req_username": "jonathan"})
		f.browsers["jonathan"], f.ids["jonathan"] = f.browsers["jon"], f.ids["jon"]
		f.addresses["jon@members.example"] = "jonathan"
	})
	f.act("carl replies", func() { f.reply("carl", topic, "With butter.") })
	f.wantLatest("jonathan", "Sent to jonathan.", true)
}

// addGerman installs a language pack: a copy of the English one.
func (f *fluxbbForum) addGerman() {
	f.Helper()
	german := filepath.Join(f.dir, "lang", "German")
	if err := os.CopyFS(german, os.DirFS(filepath.Join(f.dir, "lang", "English"))); err != nil {
		f.Fatal(err)
	}
	for _, dir := range []string{german, filepath.Join(german, "mail_templates")} {
		if err := servertest.Chown(dir); err != nil {
			f.Fatal(err)
		}
	}
}

// playOptions is about options of the whole forum.
func (f *fluxbbForum) playOptions() {
	f.Helper()
	var topic int64
	f.act("guests may reply", func() { f.editGroup(f.groups["guest"], map[string]string{"post_replies": "1", "post_flood": "0"}) })
	f.act("carl starts a topic", func() { topic, _ = f.topic("carl", "talk", "Wine", "Red or white?") })
	f.act("gina subscribes to it", func() { f.onTopic("gina", topic, "subscribe") })
	f.act("a guest replies", func() { f.guestReply("Gustav", topic, "Rosé.") })
	f.wantLatest("gina", "Gustav", true)
	f.act("the administrator censors a word", func() { f.censor("vinegar", "*****") })
	f.act("carl uses the word", func() { f.reply("carl", topic, "This is vinegar.") })
	f.wantLatest("gina", "vinegar", false)
	f.act("the owner turns off the forum's notifications", func() {
		f.options(map[string]string{"topic_subscriptions": "0", "forum_subscriptions": "0"})
	})
	f.act("carl replies", func() { f.reply("carl", topic, "White.") }, difference{onlyOurs, "gina", ownerTurnedOff})
	f.act("carl starts another topic", func() { f.topic("carl", "talk", "Beer", "Dark or pale?") }, difference{onlyOurs, "bert", ownerTurnedOff})
	f.act("the owner turns them on", func() {
		f.options(map[string]string{"topic_subscriptions": "1", "forum_subscriptions": "1"})
	})
	f.act("carl replies", func() { f.reply("carl", topic, "Both.") })
	f.act("the administrator deletes a forum with its topics", func() {
		f.browser(admin).open("/admin_forums.php").click("del_forum="+itoa(f.ids["talk"])).form("admin_forums.php", "del_forum_comply").send("del_forum_comply")
	})
}

// playDigests lets members watch what alerts do not bring, and reads the digests of the next day.
func (f *fluxbbForum) playDigests() {
	f.Helper()
	var topic int64
	f.act("anna and emil subscribe to a forum, and stan to the staff room", func() {
		f.onForum("anna", "news", "subscribe")
		f.onForum("emil", "news", "subscribe")
		f.setGroup("stan", "staff")
		f.onForum("bert", "news", "subscribe")
	})
	f.restartPostrider()
	since := f.queryInt("SELECT MAX(id) FROM posts")
	f.act("carl starts a topic", func() { topic, _ = f.topic("carl", "news", "Snow", "It snows.") })
	f.act("gina, anna and a guest reply", func() {
		f.reply("gina", topic, "Here, too.")
		f.reply("anna", topic, "Not here.")
		f.guestReply("Gisela", topic, "Where?")
	})
	f.act("the administrator replies in the staff room", func() {
		f.reply(admin, f.queryInt("SELECT MAX(id) FROM topics WHERE forum_id = ?", f.ids["staff room"]), "Shovels.")
	})
	f.act("gina replies and deletes it", func() { f.deletePost("gina", f.reply("gina", topic, "Nonsense.")) })
	f.act("stan leaves the staff, and the administrator bans bert", func() { f.setGroup("stan", "member"); f.banMember("bert") })
	f.barred["stan"] = "not staff any more, and subscribes to nothing else"
	f.checkForum()
	f.stopPostrider()
	darwin := must(time.LoadLocation("Australia/Darwin"))(f)
	early, late := nextHour(darwin), nextHour(time.UTC)
	ofUTC := []string{admin, "carl", "emil", "gina", "mona", "jonathan"}
	if early.Before(late) {
		f.digests(early, since, "anna")
		f.digests(late, since, ofUTC...)
	} else {
		f.digests(late, since, ofUTC...)
		f.digests(early, since, "anna")
	}
	f.wantSent("anna", "bert", "carl", "emil", "gina", "stan", "jonathan")
}
