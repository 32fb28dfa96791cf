//go:build live

package live

// playModeration lets moderators delete, restore and approve, and members save drafts.
func (f *mybb) playModeration(s mybbForums, thread int64) {
	f.Helper()
	opening := f.queryInt("SELECT MIN(firstpost) FROM mybb_threads")
	all := []string{"Cleo", "Finn", "Gail", "Hugo", "Ivan", "Jane"}
	f.step("Mona closes the thread", func() { f.moderate("Mona", thread, "openclosethread") })
	f.step("Mona replies in the closed thread", func() { f.reply("Mona", thread, "Closed for cleaning.") })
	f.step("Mona opens it again", func() { f.moderate("Mona", thread, "openclosethread") })
	f.step("Mona makes it sticky", func() { f.moderate("Mona", thread, "stick") })
	f.step("Anna changes the title", func() { f.retitle("Anna", opening, "Ropes & \"knots\" <new>") })
	var reply int64
	f.step("Ben replies under the new title", func() { reply = f.reply("Ben", thread, "A better title.") })
	f.step("Mona deletes Ben's reply softly", func() { f.moderatePosts("Mona", thread, "multisoftdeleteposts", reply) })
	f.step("Mona restores it", func() { f.moderatePosts("Mona", thread, "multirestoreposts", reply); f.restartPostrider() })
	f.step("Ben replies, and Mona deletes it at once", func() {
		reply = f.reply("Ben", thread, "Buy my boat!")
		f.moderatePosts("Mona", thread, "multisoftdeleteposts", reply)
	}, theirs(mybbGone, all...)...)
	f.step("Mona restores that, too", func() {
		f.moderatePosts("Mona", thread, "multirestoreposts", reply)
		f.restartPostrider()
	}, ours(mybbApproved, all...)...)
	f.step("Mona withdraws the approval", func() { f.moderatePosts("Mona", thread, "multiunapproveposts", reply) })
	f.step("Mona approves it again", func() { f.approve("Mona", "posts", reply); f.restartPostrider() })
	f.step("Mona deletes the thread softly", func() { f.moderate("Mona", thread, "softdeletethread") })
	f.step("Mona restores the thread", func() { f.moderate("Mona", thread, "restorethread"); f.restartPostrider() })
	f.step("Finn replies in the restored thread", func() { f.reply("Finn", thread, "There it is again.") })
	f.step("Dirk saves a draft", func() { reply = f.draft("Dirk", thread, "Let me think.") })
	f.step("Finn replies meanwhile", func() { f.reply("Finn", thread, "Anybody?") })
	f.step("Dirk publishes the draft", func() { f.publish("Dirk", reply); f.restartPostrider() })
	f.step("Mona deletes the draft's post permanently", func() { f.deletePosts("Mona", thread, reply) })
	f.playQueue(s)
}

// playQueue lets members write where moderators approve everything.
func (f *mybb) playQueue(s mybbForums) {
	f.Helper()
	f.step("Ben subscribes to the moderated forum", func() { f.subscribeForum("Ben", s.queue) })
	f.step("Cleo subscribes to it, too", func() { f.subscribeForum("Cleo", s.queue) })
	var thread, first, reply int64
	f.step("Kurt asks a question", func() { thread, first = f.start("Kurt", s.queue, "Which paint?", "For a wooden hull.") })
	f.step("Mona approves it", func() { f.approve("Mona", "threads", thread); f.restartPostrider() }, ours(mybbApproved, "Ben", "Cleo")...)
	f.step("Cleo subscribes to the question", func() { f.subscribe("Cleo", thread, mybbEmail) })
	f.step("Dirk answers", func() { reply = f.reply("Dirk", thread, "Two coats.") })
	f.step("Mona approves the answer", func() { f.approve("Mona", "posts", reply); f.restartPostrider() }, ours(mybbApproved, "Cleo")...)
	f.step("Mona answers herself", func() { f.reply("Mona", thread, "Three.") })
	f.step("Dirk quotes Kurt", func() { reply = f.quote("Dirk", first, "Not in winter.") })
	f.step("Mona approves the quote", func() { f.approve("Mona", "posts", reply); f.restartPostrider() }, append(ours(mybbApproved, "Cleo"), ours(mybbDirect, "Kurt")...)...)
	f.step("Mona starts a thread herself", func() { f.start("Mona", s.queue, "Rules", "Be kind.") })
}

// playMoves moves, merges, splits, copies and deletes.
func (f *mybb) playMoves(s mybbForums, thread int64) {
	f.Helper()
	var other, one, two int64
	f.step("Edna subscribes to another forum", func() { f.subscribeForum("Edna", s.pier) })
	f.step("Mona moves the thread there", func() { f.move("Mona", thread, s.pier, "redirect"); f.restartPostrider() })
	f.step("Finn replies in the moved thread", func() { one = f.reply("Finn", thread, "New place, old rope.") })
	f.step("Anna starts a second thread", func() { other, _ = f.start("Anna", s.pier, "More rope", "I have bought some.") })
	f.step("Ben replies there", func() { two = f.reply("Ben", other, "How much?") })
	f.step("Mona merges the second thread into the first", func() { f.merge("Mona", thread, other); f.restartPostrider() })
	f.step("Mona replies in the merged thread", func() { f.reply("Mona", thread, "One thread is enough.") })
	if f.dsn.Scheme != "postgres" { // where split_posts and merge_posts (inc/class_moderation.php of 1.8.37) fail: GROUP BY lacks columns
		f.playPosts(s, thread, one, two)
	}
	f.step("Mona copies the thread", func() { f.move("Mona", thread, s.boats, "copy"); f.restartPostrider() })
	other = f.queryInt("SELECT MAX(tid) FROM mybb_threads")
	f.step("Mona deletes the copy permanently", func() { f.deleteThread("Mona", other); f.restartPostrider() })
	f.step("Anna starts a third thread", func() { other, one = f.start("Anna", s.pier, "Pulleys", "Has anybody got one?") })
	f.step("Kurt quotes Anna", func() { f.quote("Kurt", one, "I have two.") }, ours(mybbDirect, "Anna")...)
	f.step("Mona copies it to where Ben is subscribed", func() {
		f.postrider.settle() // a scan after the second in which Kurt wrote, as there is one every ten seconds
		f.move("Mona", other, s.boats, "copy")
	})
	f.step("Finn replies after all that", func() { f.reply("Finn", thread, "Still here.") })
}

// playPosts splits posts off a thread, moves one back, and merges two.
func (f *mybb) playPosts(s mybbForums, thread int64, posts ...int64) {
	f.Helper()
	var split, reply, one, two int64
	f.step("Mona splits two posts off", func() { split = f.split("Mona", thread, s.boats, "Prices", posts...); f.restartPostrider() })
	f.step("Anna subscribes to the new thread", func() { f.subscribe("Anna", split, mybbEmail) })
	f.step("Ben replies in the new thread", func() { reply = f.reply("Ben", split, "Ten a metre.") })
	f.step("Mona moves the reply to the first thread", func() { f.movePosts("Mona", split, thread, reply); f.restartPostrider() })
	f.step("Ben replies in the first thread, twice", func() { one = f.reply("Ben", thread, "Ten, I said.") })
	f.step("and again", func() { two = f.reply("Ben", thread, "Or eleven.") })
	f.step("Mona merges the two replies", func() { f.mergePosts("Mona", thread, one, two); f.restartPostrider() })
}
