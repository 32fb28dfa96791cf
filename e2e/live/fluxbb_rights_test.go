//go:build live

package live

import (
	"strings"
	"time"
)

// playRights is about who may read what. Subscriptions stay when rights go.
func (f *fluxbbForum) playRights() {
	f.Helper()
	var secret, open int64
	f.act("stan joins the staff", func() { f.setGroup("stan", "staff") })
	f.act("stan subscribes to the staff room", func() { f.onForum("stan", "staff room", "subscribe") })
	f.act("the administrator starts a topic in it", func() { secret, _ = f.topic(admin, "staff room", "Plans", "A secret.") })
	f.act("stan subscribes to the topic", func() { f.onTopic("stan", secret, "subscribe") })
	f.act("the administrator replies", func() { f.reply(admin, secret, "Another secret.") })
	f.act("stan leaves the staff", func() { f.setGroup("stan", "member") })
	f.barred["stan"] = "not staff any more, and subscribes to nothing else"
	f.act("the administrator replies again", func() { f.reply(admin, secret, "Not for stan.") })
	f.act("the administrator starts another topic", func() { f.topic(admin, "staff room", "More plans", "Not for stan, either.") })
	delete(f.barred, "stan")
	f.act("members may read the staff room, and the administrator starts a topic", func() {
		f.readers("staff room", f.groups["member"], true)
		f.topic(admin, "staff room", "Party", "For all members.")
	})
	f.act("the administrator replies in the first topic", func() { f.reply(admin, secret, "Stan may read this.") })
	f.act("finn subscribes to the topic, who is a member", func() { f.onTopic("finn", secret, "subscribe") })
	f.act("members may not read it any more, and the administrator replies", func() {
		f.readers("staff room", f.groups["member"], false)
		f.reply(admin, secret, "Secret again.")
	})
	f.act("anna starts a public topic", func() { open, _ = f.topic("anna", "talk", "Keys", "Who has the keys?") })
	f.act("anna and finn subscribe to it", func() { f.onTopic("anna", open, "subscribe"); f.onTopic("finn", open, "subscribe") })
	f.act("carl replies", func() { f.reply("carl", open, "I have.") })
	f.act("carl replies, and the administrator moves it to the staff room before the round", func() {
		f.reply("carl", open, "The keys are under the mat.")
		f.move(admin, "talk", "staff room", open, true)
	}, difference{onlyForum, "anna", closedAgain}, difference{onlyForum, "finn", closedAgain})
	f.act("the administrator replies there", func() { f.reply(admin, open, "This is for staff.") })
	f.act("the administrator moves it back", func() { f.move(admin, "staff room", "talk", open, false) })
	f.act("carl replies in the public again", func() { f.reply("carl", open, "Hello again.") },
		difference{onlyOurs, "anna", postMissed}, difference{onlyOurs, "finn", postMissed})
	f.act("anna's group may not read the board", func() {
		f.setGroup("anna", "staff")
		f.editGroup(f.groups["staff"], map[string]string{"read_board": "0"})
	})
	f.act("carl replies", func() { f.reply("carl", open, "Is anna here?") }, difference{onlyForum, "anna", boardClosed})
	f.act("anna's group may read the board again", func() {
		f.editGroup(f.groups["staff"], map[string]string{"read_board": "1"})
		f.setGroup("anna", "member")
	})
	f.act("carl replies", func() { f.reply("carl", open, "Welcome back.") }, difference{onlyOurs, "anna", postMissed})
}

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
