package source

import "strings"

// postQueries are about sections, threads and posts.
func postQueries() []querySpec {
	words := strings.Fields
	return []querySpec{
		{
			name: "sections", columns: words("id parent_id? place? title holds_threads? closed address?"),
			about: "The whole tree, with categories, links and closed sections. parent_id is 0 at the top. place is the order among siblings. " +
				"holds_threads is 0 for a node that cannot contain threads. closed is 1 for a section that the forum does not list, because it is " +
				"inactive or has a password; it also closes all sections below. address is the section's URL, if it does not follow from the ID; at most " +
				"500 characters. It may begin with \"/\", after the forum's address.",
		},
		{
			name: "threads", params: words("ids"),
			columns: words("id section_id title starter_id starter_name started_at first_post_id state redirect? locked? address?"),
			about: "All of :ids, whatever their state: 0 visible, 1 awaits approval, 2 deleted, 3 hidden otherwise. redirect is 1 for the placeholder that a move leaves " +
				"behind, locked is 1 if the thread takes no replies. The starter is 0 for guests and deleted accounts; starter_name is then the name that the forum shows. " +
				"address is as in sections.",
		},
		{
			name: "thread_sections", params: words("ids"), columns: words("thread_id section_id"),
			about: "For a forum in which a thread may be in several sections: all sections of each thread. section_id in threads and arrivals " +
				"is one of them; a message shows the thread under it to members who watch none of them. A member needs the right to read every " +
				"one; a watch of any counts. For threads in no section, the query sections has a row, whose rights apply to them.",
			without: "A thread is in one section.", omitted: true,
		},
		{
			name: "posts", params: words("ids"),
			columns: words("id thread_id author_id author_name posted_at state version address?"),
			about: "All of :ids, whatever their state: 0 visible, 1 awaits approval, 2 deleted, 3 hidden otherwise. version is any text that changes whenever the post " +
				"would look different, for example the time of the last edit. The author is 0 for guests and deleted accounts. " +
				"address is as in sections; a post without one has that of its thread.",
		},
		{
			name: "bodies", params: words("ids"), columns: words("id author_id likes? body"),
			about: "The text as the forum stores it, cut to 262,144 characters, and the number of likes.",
		},
	}
}

// detailQueries are about what the forum shows next to a post.
func detailQueries() []querySpec {
	words := strings.Fields
	return []querySpec{
		{
			name: "numbers", params: words("ids"), columns: words("id thread_id earlier? number?"),
			about: "For each thread with a post of :ids, the posts that the forum counts, starting with the oldest post of :ids, ordered by thread and " +
				"position. earlier is the number of counted posts before these. Postrider continues counting from there. Or, if the forum " +
				"stores the numbers of posts, the posts of :ids, each with its number.",
			without: "Emails show no post numbers.",
		},
		{
			name: "likes", params: words("ids"), columns: words("id name"),
			about:   "Names of the members who like a post, by post, oldest first, without banned members.",
			without: "Emails show how many members like a post, and no names.", omitted: true,
		},
		{
			name: "titles", params: words("members"), columns: words("member_id title"),
			about:   "What the forum shows below an author's name; no row, or an empty text, for none.",
			without: "Emails show names only.", omitted: true,
		},
		{
			name: "badges", params: words("members"), columns: words("member_id badge"),
			about:   "Further titles of an author, such as groups, in the forum's order.",
			without: "Emails show no badges.", omitted: true,
		},
		{
			name: "codes", columns: words("name pattern page email"),
			about: "The forum's own BB codes, from add-ons or the administrator, as far as they are active. name is the tag's name, or pattern an " +
				"expression that matches the whole code (MyBB). page is the HTML that the forum shows in its place, with {text} and {option}, or $1, $2 " +
				"of the pattern; empty if a program decides. email is what the forum's own emails show; empty if that is the same as page.",
			without: "Codes whose names say that they hide something are hidden; other unknown codes stay as typed.", omitted: true,
		},
		{
			name: "word_filter", columns: words("word regex replacement"),
			about: "Words that the forum does not show, and what it shows instead. regex is 1 for a regular expression. Or one row that the forum " +
				"type decodes.",
			without: "No word is replaced.", omitted: true,
		},
	}
}

// extraQueries are about what hangs on threads and posts.
func extraQueries() []querySpec {
	words := strings.Fields
	return []querySpec{
		{
			name: "prefixes", params: words("ids"), columns: words("id prefix"),
			about:   "What the forum shows in front of the titles of threads, as plain text.",
			without: "Emails show titles only.", omitted: true,
		},
		{
			name: "solved", params: words("ids"), columns: words("id"),
			about:   "Those of :ids that are questions with an accepted answer.",
			without: "Emails mark no thread as solved.", omitted: true,
		},
		{
			name: "attachments", params: words("ids"), columns: words("post_id name"),
			about: "Names of the files that hang on posts, by post, in the forum's order. Leaves out those that the forum does not show, because " +
				"they await approval or are thumbnails of others.",
			without: "Emails do not say that a post has files.", omitted: true,
		},
		{
			name: "polls", params: words("ids"), columns: words("id question"),
			about:   "For each post of :ids that opens a thread with a poll, its question, in the form of a body.",
			without: "Emails do not say that a thread has a poll.", omitted: true,
		},
		{
			name: "site", columns: words("name url version"),
			about: "One row with the forum's name, its address and the version of its software. What the database does not hold is empty. version may " +
				"be any text that contains the version, such as \"SMF 2.1.4\".",
			without: "init asks for the address, and check does not name the version.", omitted: true,
		},
		{
			name: "counters", columns: words("thread_id stored counted"),
			about: "Of the 20 newest visible threads with at most 2,000 posts: how many visible posts the forum itself counted, and how many the " +
				"other queries would show.",
			without: "check cannot notice that the forum's flags mean something else.", omitted: true,
		},
		{
			name: "member_counters", columns: words("stored counted"),
			about: "How many members the forum itself counted, as text that the forum type may decode, and how many of those the other queries find. " +
				"No row if the forum has not counted.",
			without: "check cannot notice that the queries miss members.", omitted: true,
		},
		{
			name: "unknown_rights", columns: words("name"),
			about:   "Permissions for sections that an add-on brought, and that are not part of the forum's software. They may hide posts from some members.",
			without: "check cannot notice the permissions of add-ons.", omitted: true,
		},
		{
			name: "addons", columns: words("name"),
			about: "The active add-ons (extensions, plugins, mods), each by the name that the forum's software gives it, or lists of them that the forum type decodes. " +
				"Leave out those that you have examined.",
			without: "check cannot notice add-ons that limit who may read what.", omitted: true,
		},
	}
}
