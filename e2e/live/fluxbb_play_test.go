//go:build live

package live

// Reasons for differences. README.md explains each.
const (
	quoteAlert     = "FluxBB has no notification of quotes"
	gone           = "FluxBB sends at once, Postrider after the post has gone"
	closedAgain    = "FluxBB sends at once, Postrider after the topic was moved where the member may not read"
	postMissed     = "FluxBB waits for a visit even after a post that it sent no notification of"
	boardClosed    = "FluxBB does not ask whether the group may read the board"
	ownerTurnedOff = "the owner has turned off FluxBB's notifications"
)

// play lets people use the forum.
func (f *fluxbbForum) play() {
	f.Helper()
	f.playPosts()
	f.playVisits()
	f.playModeration()
	f.playRights()
	f.playBans()
	f.playMembers()
	f.playOptions()
}

// playPosts is about posts and subscriptions.
func (f *fluxbbForum) playPosts() {
	f.Helper()
	var topic, post, own int64
	f.act("bert subscribes to a forum", func() { f.onForum("bert", "talk", "subscribe") })
	f.act("anna starts a topic in it", func() { topic, _ = f.topic("anna", "talk", "Gloves", "Has anybody seen my other glove?") })
	f.act("anna subscribes to it", func() { f.onTopic("anna", topic, "subscribe") })
	f.act("carl replies", func() { post = f.reply("carl", topic, "It is on the bench.") })
	f.act("dora subscribes, too", func() { f.onTopic("dora", topic, "subscribe") })
	f.act("bert replies with the quick form", func() { own = f.quickReply("bert", topic, "No, below it.") })
	f.act("bert edits it", func() { f.edit("bert", own, "No, it is below the bench.") })
	f.act("anna changes the title", func() {
		f.retitle("anna", f.queryInt("SELECT first_post_id FROM topics WHERE id = ?", topic), "My gloves")
	})
	f.act("finn quotes carl, who does not subscribe", func() { f.quote("finn", topic, post, "I looked there.") }, difference{onlyOurs, "carl", quoteAlert})
	f.act("carl quotes anna, who subscribes", func() {
		f.quote("carl", topic, f.queryInt("SELECT first_post_id FROM topics WHERE id = ?", topic), "Yes, I have.")
	})
	f.act("bert deletes the reply", func() { f.deletePost("bert", own) })
	f.act("finn replies and deletes it before the round", func() { f.deletePost("finn", f.reply("finn", topic, "Wrong topic.")) },
		difference{onlyForum, "anna", gone}, difference{onlyForum, "dora", gone})
	f.act("finn replies and edits it before the round", func() { f.edit("finn", f.reply("finn", topic, "It is redd."), "It is red.") })
	f.wantLatest("anna", "It is red.", true)
	f.wantLatest("anna", "redd", false)
	f.act("dora unsubscribes", func() { f.onTopic("dora", topic, "unsubscribe") })
	f.act("carl replies", func() { f.reply("carl", topic, "Found it!") })
	f.act("bert unsubscribes from the forum", func() { f.onForum("bert", "talk", "unsubscribe") })
	f.act("finn starts a topic with odd characters", func() {
		topic, _ = f.topic("finn", "talk", `Cats & <dogs> "déjà vu" 'n more`, "Übergröße & [b]bold[/b] :)")
	})
	f.act("gina subscribes by replying", func() {
		f.postIn(f.browser("gina").open(f.url+"/post.php?tid="+itoa(topic)).form("post.php", "req_message").set("req_message", "Me too.").tick("subscribe").send("submit"))
		f.readOn("gina")
	})
	f.act("anna replies there", func() {
		f.reply("anna", topic, "And [code]<b>code</b>[/code] & [url=http://example.org/?a=1&b=2]a link[/url].")
	})
	f.act("gina unsubscribes by replying", func() {
		f.browser("gina").open(f.url+"/post.php?tid="+itoa(topic)).form("post.php", "req_message").set("req_message", "Enough.").untick("subscribe").send("submit")
	})
	f.act("anna replies again", func() { f.reply("anna", topic, "Good bye.") })
}

// playVisits is about the rule of one notification until the next visit.
func (f *fluxbbForum) playVisits() {
	f.Helper()
	var topic int64
	f.act("carl starts a topic", func() { topic, _ = f.topic("carl", "news", "Trains", "Who rides the night train?") })
	f.act("emil subscribes", func() { f.onTopic("emil", topic, "subscribe") })
	f.act("carl replies", func() { f.reply("carl", topic, "I do.") })
	f.act("carl replies again, and emil has not visited", func() { f.reply("carl", topic, "Often.") })
	f.act("emil visits, and the session lasts", func() { f.visit("emil") })
	f.act("carl replies during emil's session", func() { f.reply("carl", topic, "To Vienna.") })
	f.act("carl replies again, and emil has not visited", func() { f.reply("carl", topic, "And back.") })
	f.act("emil logs out", func() { f.visit("emil"); f.logout("emil") })
	f.act("carl replies after emil's session", func() { f.reply("carl", topic, "Twice.") })
	f.act("emil logs in", func() { f.login("emil", password) })
	f.act("emil replies", func() { f.reply("emil", topic, "I fly."); f.readOn("emil") })
	f.act("carl replies to emil", func() { f.reply("carl", topic, "Why?") })
}

// playModeration is about what moderators do with topics and posts.
func (f *fluxbbForum) playModeration() {
	f.Helper()
	var first, second, part int64
	var posts []int64
	f.act("mona becomes the moderator of two forums", func() {
		f.setGroup("mona", "moderator")
		f.moderatorOf("mona", "talk")
		f.moderatorOf("mona", "news")
	})
	f.act("anna starts a topic", func() { first, _ = f.topic("anna", "talk", "Boats", "Who sails?") })
	f.act("bert starts another one", func() { second, _ = f.topic("bert", "talk", "Ships", "Who sails ships?") })
	f.act("anna subscribes to the first", func() { f.onTopic("anna", first, "subscribe") })
	f.act("dora subscribes to the second", func() { f.onTopic("dora", second, "subscribe") })
	f.act("mona closes the first", func() { f.onTopic("mona", first, "close") })
	f.act("mona replies in the closed topic", func() { posts = append(posts, f.reply("mona", first, "Closed for today.")) })
	f.act("mona opens it and makes it sticky", func() { f.onTopic("mona", first, "open"); f.onTopic("mona", first, "stick") })
	f.act("bert replies", func() { posts = append(posts, f.reply("bert", first, "I sail.")) })
	f.act("carl replies", func() { posts = append(posts, f.reply("carl", first, "I row.")) })
	f.act("mona merges both", func() { f.merge("mona", "talk", true, first, second) })
	f.act("finn replies in the merged topic", func() { f.reply("finn", first, "I swim.") }, difference{onlyOurs, "dora", postMissed})
	f.act("mona splits two posts off", func() { part = f.split("mona", first, "Rowing", posts[1:]...) })
	f.act("finn replies in the new topic", func() { f.reply("finn", part, "With oars.") })
	f.act("mona deletes posts of it", func() {
		f.moderatePosts("mona", part, "delete_posts", posts[2]).form("moderate.php", "delete_posts_comply").send("delete_posts_comply")
	})
	f.act("mona moves it to another forum", func() { f.move("mona", "talk", "news", part, true) })
	f.act("carl replies there", func() { f.reply("carl", part, "And a boat.") })
	f.act("mona moves it back", func() { f.move("mona", "news", "talk", part, false) })
	f.act("carl replies in the old place", func() { f.reply("carl", part, "Still a boat.") })
	f.act("gina reports a post to the moderators", func() { f.reportPost("gina", posts[1]) })
	f.act("mona deletes the new topic", func() {
		f.moderateTopics("mona", "talk", "delete_topics", part).form("moderate.php", "delete_topics_comply").send("delete_topics_comply")
	})
	f.act("finn starts a topic and mona deletes it before the round", func() {
		f.onForum("bert", "talk", "subscribe")
		topic, _ := f.topic("finn", "talk", "Spam", "Buy this.")
		f.moderateTopics("mona", "talk", "delete_topics", topic).form("moderate.php", "delete_topics_comply").send("delete_topics_comply")
	}, difference{onlyForum, "bert", gone})
}
