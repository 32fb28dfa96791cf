//go:build live

package live

import "strconv"

func itoa(id int64) string { return strconv.FormatInt(id, 10) }

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
