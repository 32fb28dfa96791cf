//go:build live

package live

import "fmt"

// playPrivate lets staff write in their own forum, and changes who may read it.
func (f *mybb) playPrivate(s mybbForums, public, hidden int64) {
	f.Helper()
	var thread int64
	f.step("Mona subscribes to the staff's forum", func() { f.subscribeForum("Mona", s.staff) })
	f.step("Gail starts a thread there", func() { thread, _ = f.start("Gail", s.staff, "Rota", "Who is on duty?") })
	f.step("Gail subscribes to it", func() { f.subscribe("Gail", thread, mybbEmail) })
	f.step("Mona replies, and mentions Cleo, who may not read it", func() { f.reply("Mona", thread, "I am. Not @Cleo.") })
	f.step("Cleo subscribes to a thread", func() { f.subscribe("Cleo", hidden, mybbEmail) })
	f.step("Mona moves that to the staff's forum", func() { f.move("Mona", hidden, s.staff, "move"); f.restartPostrider() })
	first := f.queryInt(fmt.Sprintf("SELECT firstpost FROM mybb_threads WHERE tid = %d", hidden))
	f.step("Mona quotes Kurt there, who may not read it", func() { f.quote("Mona", first, "Between us: this is wrong.") })
	f.step("Gail leaves the staff", func() { f.groups("Gail", mybbMembers) })
	f.step("Mona replies without Gail", func() { f.reply("Mona", thread, "Gail has left.") })
	f.step("Gail comes back", func() { f.groups("Gail", mybbMembers, s.crew) })
	f.step("Mona replies to Gail", func() { f.reply("Mona", thread, "Welcome back.") })
	f.step("the staff may no longer read threads there", func() { f.permit(s.staff, s.crew, "canview") })
	f.step("Mona replies to herself", func() { f.reply("Mona", thread, "Nobody reads this.") })
	f.step("the staff may read again", func() { f.permit(s.staff, s.crew, mybbReader...) })
	f.step("Mona replies to all", func() { f.reply("Mona", thread, "Now you do.") })
	f.step("members may not read threads at all", func() {
		f.groupRight(mybbMembers, "canviewthreads", false)
		f.groupRight(s.crew, "canviewthreads", false)
	})
	f.step("Mona replies in the public thread", func() { f.reply("Mona", public, "So quiet.") })
	f.step("members may read again", func() {
		f.groupRight(mybbMembers, "canviewthreads", true)
		f.groupRight(s.crew, "canviewthreads", true)
	})
	f.step("Mona replies to everybody", func() { f.reply("Mona", public, "There you are.") })
}

// playMembers bans members, changes addresses and deletes an account.
func (f *mybb) playMembers(s mybbForums, public int64) {
	f.Helper()
	var post int64
	f.step("Ivan replies", func() { post = f.reply("Ivan", public, "Cheap ropes at my shop!") })
	f.step("Ivan is banned", func() { f.ban("Ivan") })
	f.away["Ivan"] = true
	f.step("Finn quotes Ivan, who is banned", func() { f.quote("Finn", post, "No, thanks.") })
	f.step("Ivan's ban is lifted", func() { f.unban("Ivan") })
	f.away["Ivan"] = false
	f.step("Ivan subscribes again", func() { f.subscribe("Ivan", public, mybbEmail) })
	f.step("Finn replies to Ivan", func() { f.reply("Finn", public, "Behave this time.") })
	f.step("Finn changes the address of the account", func() { f.changeAddress("Finn", "finn@new.example") })
	f.step("Mona replies to the new address", func() { f.reply("Mona", public, "New address, Finn?") })
	f.step("Cleo wants no mass email", func() { f.untick("Cleo", "allownotices") })
	f.step("Mona replies to Cleo", func() { f.reply("Mona", public, "It is no mass email.") })
	f.step("Kurt's account is deleted", func() { f.remove("Kurt") })
	f.step("Anna replies after Kurt has gone", func() { f.reply("Anna", public, "Where is @Kurt?") }, theirs(mybbIgnored, "Hugo")...)
	f.playClosed(s)
}

// playClosed lets members write where each reads only their own threads, and behind a password.
func (f *mybb) playClosed(s mybbForums) {
	f.Helper()
	var thread int64
	f.step("Dirk subscribes to the forum for complaints", func() { f.subscribeForum("Dirk", s.own) })
	f.step("Ben complains", func() { thread, _ = f.start("Ben", s.own, "Noise", "At night.") })
	f.step("Ben subscribes to it", func() { f.subscribe("Ben", thread, mybbEmail) })
	f.step("Mona answers, and mentions Dirk", func() { f.reply("Mona", thread, "Was it @Dirk?") })
	f.step("Cleo and Finn enter the password", func() {
		f.enter("Cleo", s.locker, mybbLocker)
		f.enter("Finn", s.locker, mybbLocker)
	})
	f.step("Cleo starts a thread behind it", func() { thread, _ = f.start("Cleo", s.locker, "Keys", "Under the mat.") })
	f.step("Finn subscribes by replying", func() { f.reply("Finn", thread, "Thank you.") })
	f.step("Cleo replies to Finn", func() { f.reply("Cleo", thread, "Tell nobody.") }, theirs(mybbLocked, "Finn")...)
}
