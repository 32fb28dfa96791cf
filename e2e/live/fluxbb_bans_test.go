//go:build live

package live

import (
	"strings"
	"time"
)

// playBans is about banned members and about accounts that end.
func (f *fluxbbForum) playBans() {
	f.Helper()
	var topic int64
	f.act("carl starts a topic", func() { topic, _ = f.topic("carl", "news", "Rain", "It rains.") })
	f.act("gina, dora and finn subscribe to it", func() {
		for _, name := range []string{"gina", "dora", "finn"} {
			f.onTopic(name, topic, "subscribe")
		}
	})
	f.act("carl replies", func() { f.reply("carl", topic, "Still.") })
	f.act("the administrator bans gina", func() { f.banMember("gina") })
	f.act("carl replies", func() { f.reply("carl", topic, "Nothing for gina.") })
	if why := fluxbbFailure(f.browser("gina").try("/index.php")); !strings.Contains(why, "banned") {
		f.Errorf("gina is banned, but the forum says %q", why)
	}
	f.act("the administrator ends the ban", func() { f.unban("gina") })
	f.act("gina visits", func() { f.visit("gina") })
	f.act("carl replies", func() { f.reply("carl", topic, "Gina is back.") })
	f.act("the administrator bans gina until next week", func() {
		f.ban(map[string]string{"ban_user": "gina", "ban_expire": time.Now().AddDate(0, 0, 7).Format(time.DateOnly)})
		f.barred["gina"] = "banned until next week"
	})
	f.act("carl replies", func() { f.reply("carl", topic, "Nothing for gina this week.") })
	f.act("the administrator ends the ban, and gina visits", func() { f.unban("gina"); f.visit("gina") })
	f.act("the administrator bans dora's address", func() { f.ban(map[string]string{"ban_email": "dora@members.example"}) })
	f.act("carl replies", func() { f.reply("carl", topic, "Dora, too.") })
	f.act("the administrator bans the domain of all members", func() { f.ban(map[string]string{"ban_email": "members.example"}) })
	f.act("carl replies", func() { f.reply("carl", topic, "It has stopped.") })
	f.act("the administrator ends the bans", func() { f.unban("dora") })
	f.act("the administrator deletes dora's account, but no posts", func() { f.deleteMember("dora", false) })
	f.act("gina replies, and the administrator deletes finn's account and posts", func() {
		f.deleteMember("finn", true)
		f.reply("gina", topic, "Where is dora?")
	})
	f.act("carl subscribes to it", func() { f.onTopic("carl", topic, "subscribe") })
	f.act("gina replies", func() { f.reply("gina", topic, "And finn?") })
}
