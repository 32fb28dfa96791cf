package source

import "postrider/forum"

// forumFacts are what the tests expect of one forum type's dump, apart from the expectations that come with it.
type forumFacts struct {
	group        forum.Group    // one of its groups
	sections     []string       // keys of the sections of the story, in the forum's order
	title        string         // of the first section
	hidden       bool           // hidden posts have numbers, too
	ordersByID   bool           // posts of a thread are in the order of their IDs, whatever their times
	recycles     bool           // deleted posts are in a thread of the recycle bin
	remote       forum.ThreadID // has a post that the type leaves out, but which has a number
	remoteAt     int64          // when it was written
	keepsAuthors bool           // authors of deleted posts took part in the thread
	keptDays     int            // for how long the forum keeps read marks
	ignores      bool           // members can ignore others
	readT28      int64          // when panda read t28 last; 0: the forum does not say
	readS2       int64          // when ray read s2 last
	write        string         // a statement that changes posts
	numbers      string         // a query for the numbers of posts, if the forum stores them
	twoNames     bool           // a search also finds user names, which are not shown
}

var facts = map[string]forumFacts{
	"xenforo2": {
		group:    forum.Group{ID: 4, Title: "Moderating"},
		sections: []string{"s1", "s3", "s2", "s4", "s7", "s5", "s6", "xown", "xlist", "xhide"},
		title:    "Indo Pacific & East Asia", hidden: true, keptDays: 30, ignores: true, readT28: 1795359600, readS2: 1795338000,
		write: "UPDATE xf_post SET message = 'gone'",
	},
	"xenforo1": {
		group:    forum.Group{ID: 4, Title: "Moderating"},
		sections: []string{"s1", "s3", "s2", "s4", "s7", "s5", "s6", "xown", "xlist", "xhide"},
		title:    "Indo Pacific & East Asia", hidden: true, keptDays: 30, ignores: true, readT28: 1795359600, readS2: 1795338000,
		write: "DELETE FROM xf_post",
	},
	"mybb": {
		group:    forum.Group{ID: 6, Title: "Moderators"},
		sections: []string{"s1", "s3", "s2", "s4", "s7", "s5", "s6", "xown", "xlist"}, // without the one with a password and the inactive one
		title:    "Indo Pacific & East Asia", keptDays: 7, ignores: true, readT28: 1795359600, readS2: 1795338000,
		write: "DELETE FROM mybb_posts", // MyISAM, which has no transactions
	},
	"phpbb3": {
		group:    forum.Group{ID: 8, Title: "Staff & Co"},
		sections: []string{"s1", "s3", "s2", "s4", "s7", "s5", "s6", "xlist", "xnever"}, // without the one with a password and the link
		title:    "Your first forum", keptDays: 3650, ignores: true, readT28: 1795428600, readS2: 1795338000,
		write: "DELETE FROM phpbb_posts",
	},
	"smf2": {
		group:    forum.Group{ID: 9, Title: "Staff & Co"},
		sections: []string{"s1", "s3", "s2", "s4", "s7", "xchild", "s5", "s6", "xmem", "xdeny"},
		title:    "Indo Pacific & East Asia", ordersByID: true, recycles: true, ignores: true, keptDays: 3650,
		readT28: 1795428014, readS2: 1795337645, // the times of the newest messages that they had seen
		write: "DELETE FROM smf_messages",
	},
	"flarum": {
		group:    forum.Group{ID: 5, Title: "Staff"},
		sections: []string{"s1", "s3", "s2", "s4", "s7", "xkid", "s5", "s6", "xmem", "xhid", "xsec", "xurg"},
		title:    "Indo Pacific & East Asia", hidden: true, ignores: true, keptDays: 3650,
		readT28: 1795400039, // right before the first post that panda has not read
		write:   "DELETE FROM posts", numbers: "SELECT id, number FROM posts", twoNames: true,
	},
	"nodebb": {
		group:    forum.Group{ID: 3598838459688592, Title: "Staff & Co"},
		sections: []string{"xlink", "xver", "xlist", "s6", "s5", "s4", "s7", "s2", "s1", "xnew", "s3"}, // without the disabled one
		title:    "The Clubhouse & <i>Annex</i>", hidden: true, remote: 16, remoteAt: 1795290000, keepsAuthors: true, keptDays: 3650, ignores: true, readT28: 1795359600,
		write: "DELETE FROM legacy_hash",
	},
	"discourse": {
		group:    forum.Group{ID: 41, Title: "staffers"},
		sections: []string{"s1", "s3", "s2", "s4", "s7", "s5", "s6", "xnew", "xtl2", "xro"},
		title:    "World Affairs", keptDays: 60, ignores: true,
		readT28: 1795215194, // the time of the first post that they had not read
		write:   "DELETE FROM posts",
		numbers: "SELECT id, post_number FROM posts",
	},
	"vanilla": {
		group:    forum.Group{ID: 33, Title: "Staff & Co"},
		sections: []string{"s1", "s3", "s2", "s4", "s7", "xopen", "s5", "s6", "xvault", "xguest", "xarch"},
		title:    "Indo Pacific & East Asia", keptDays: 3650, ignores: true, readT28: 1795359600, readS2: 1795338000,
		write: "DELETE FROM GDN_Comment",
	},
	"fluxbb": {
		group:    forum.Group{ID: 5, Title: "Staff & Co"},
		sections: []string{"s1", "s3", "s2", "s4", "s7", "s5", "s6"},
		title:    "Indo Pacific & East Asia", hidden: true,
		write: "DELETE FROM posts",
	},
}
