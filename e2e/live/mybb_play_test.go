//go:build live

package live

// Why Postrider and MyBB send different emails. README.md explains each.
const (
	mybbDirect   = "quotes and mentions: MyBB does not notify of them"
	mybbIgnored  = "ignored members: MyBB notifies of their posts"
	mybbApproved = "approved or restored posts: MyBB does not notify of them"
	mybbLocked   = "forums with a password: MyBB notifies of their posts"
	mybbGone     = "gone before Postrider's round"
)

// mybbLocker is the password of a forum.
const mybbLocker = "open sesame"

// mybbForums are the forums of the trial.
type mybbForums struct {
	boats, pier int64 // open to all
	queue       int64 // moderators approve what members write
	staff       int64 // only for the group Crew and for moderators
	own         int64 // members read their own threads only
	locker      int64 // has a password
	crew        int64 // the group
}

// play does what members and moderators do.
func (f *mybb) play() {
	f.Helper()
	for _, name := range []string{"Mona", "Anna", "Ben", "Cleo", "Dirk", "Edna", "Finn", "Gail", "Hugo", "Ivan", "Jane", "Kurt"} {
		f.register(name)
	}
	forums := f.furnish()
	thread := f.playSubscriptions(forums)
	hidden := f.playWriting(forums, thread)
	f.playModeration(forums, thread)
	f.playMoves(forums, thread)
	f.playPrivate(forums, thread, hidden)
	f.playMembers(forums, thread)
	f.playDigests(forums, thread)
}

// furnish creates the forums and the group.
func (f *mybb) furnish() (s mybbForums) {
	f.Helper()
	top := f.addForum("Harbour talk", 0)
	for _, one := range []struct {
		id    *int64
		title string
	}{{&s.boats, "Boats & sails"}, {&s.pier, "Pier <i>life</i>"}, {&s.queue, "Questions"}, {&s.staff, "Staff room"}, {&s.own, "Complaints"}, {&s.locker, "Locker"}} {
		*one.id = f.addForum(one.title, top)
	}
	s.crew = f.addGroup("Crew")
	f.groups("Mona", mybbSuperMods)
	f.groups("Gail", mybbMembers, s.crew)
	f.permit(s.staff, mybbMembers)
	f.permit(s.staff, mybbGuests)
	f.permit(s.staff, s.crew, mybbReader...)
	f.permit(s.queue, mybbMembers, append([]string{"modposts", "modthreads"}, mybbReader...)...)
	f.permit(s.own, mybbMembers, append([]string{"canonlyviewownthreads"}, mybbReader...)...)
	f.lock(s.locker, mybbLocker)
	f.permit(s.locker, mybbMembers, mybbReader...) // without JavaScript, the form of a forum takes the rights away
	return s
}

// playSubscriptions subscribes members in each way, and lets others write.
func (f *mybb) playSubscriptions(s mybbForums) (thread int64) {
	f.Helper()
	f.step("Ben subscribes to a forum", func() { f.subscribeForum("Ben", s.boats) })
	f.step("Anna starts a thread", func() {
		thread, _ = f.start("Anna", s.boats, "Rope & \"knots\"", "Which knot holds a dinghy? See [b]mine[/b].")
	})
	for _, name := range []string{"Cleo", "Hugo", "Ivan", "Jane", "Gail"} {
		f.step(name+" subscribes by email", func() { f.subscribe(name, thread, mybbEmail) })
	}
	f.step("Dirk subscribes without notification", func() { f.subscribe("Dirk", thread, mybbSilent) })
	f.step("Edna subscribes by private message", func() { f.subscribe("Edna", thread, mybbPM) })
	f.step("Finn replies", func() { f.reply("Finn", thread, "A bowline, always.") })
	f.away["Jane"], f.lazy["Jane"] = true, true
	f.step("Jane stays away, Mona replies", func() { f.reply("Mona", thread, "Or a clove hitch.") })
	f.step("Finn replies, Jane has not been back", func() { f.reply("Finn", thread, "Not on a post.") })
	f.away["Jane"], f.lazy["Jane"] = false, false
	f.step("Jane is back, Finn replies", func() { f.reply("Finn", thread, "Welcome back, Jane.") })
	f.step("Hugo ignores Anna", func() { f.ignore("Hugo", "Anna") })
	f.step("Anna replies", func() { f.reply("Anna", thread, "I will try both.") }, theirs(mybbIgnored, "Hugo")...)
	f.step("Cleo unsubscribes", func() { f.unsubscribe("Cleo", thread) })
	f.step("Finn replies without Cleo", func() { f.reply("Finn", thread, "Tell us tomorrow.") })
	f.step("Cleo subscribes again", func() { f.subscribe("Cleo", thread, mybbEmail) })
	f.step("Finn chooses email for threads written in", func() { f.option("Finn", "subscriptionmethod", "2") })
	f.step("Finn replies and is subscribed", func() { f.reply("Finn", thread, "I want to know.") })
	f.step("Mona replies to Finn as well", func() { f.reply("Mona", thread, "So do I.") })
	return thread
}

// playWriting quotes, mentions, edits, filters and drafts.
func (f *mybb) playWriting(s mybbForums, thread int64) (other int64) {
	f.Helper()
	var first int64
	f.step("Kurt starts a thread", func() { other, first = f.start("Kurt", s.boats, "Anchors", "Mine drags.") })
	f.step("Anna quotes Kurt, who is not subscribed", func() { f.quote("Anna", first, "Use a longer chain.") }, ours(mybbDirect, "Kurt")...)
	var reply int64
	f.step("Dirk mentions Kurt", func() { reply = f.reply("Dirk", thread, "What does @Kurt say?") }, ours(mybbDirect, "Kurt")...)
	f.step("Dirk edits the reply", func() { f.edit("Dirk", reply, "What does @Kurt say, and @Anna?") })
	f.step("the word filter changes", func() { f.filterWord("darn", "fishy"); f.restartPostrider() })
	f.step("Dirk uses a filtered word", func() { f.reply("Dirk", thread, "This darn rope.") })
	f.wantLatest("Cleo", "This fishy rope.", true)
	f.wantLatest("Cleo", "darn", false)
	f.step("a MyCode is added", func() { f.addCode("note", `\[note\](.*?)\[/note\]`, `<strong>$1</strong>`); f.restartPostrider() })
	f.step("Dirk uses the MyCode", func() { f.reply("Dirk", thread, "Look: [note]wet ropes slip[/note].") })
	f.wantLatest("Cleo", "wet ropes slip", true)
	f.step("Dirk writes twice, which MyBB joins", func() {
		f.setting("postmergemins", "60")
		f.reply("Dirk", thread, "One more thing.")
		f.setting("postmergemins", "0")
	})
	return other
}
