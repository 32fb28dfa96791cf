//go:build live

package live

import "time"

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
}
