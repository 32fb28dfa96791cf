package source

import "strings"

// watchQueries are about what members watch, ignore and have read.
func watchQueries() []querySpec {
	words := strings.Fields
	return []querySpec{
		{
			name: "section_watches", params: words("members"), columns: words("member_id section_id level mail? digests?"),
			about: "level is 1 for new threads only, 2 for all posts. Leave out watches that ask for nothing. mail is the level of the posts that the " +
				"forum itself would email; 0: none. Without the column, it is the same as level. digests is 1 if the member asked the forum for digests of " +
				"the watch in place of single emails: it stays in digests whatever [forum] mail_flag_off is. Without the column, it is 0.",
			without: "Nobody watches sections. The query thread_watches must be there.",
		},
		{
			name: "thread_watches", params: words("members"), columns: words("member_id thread_id mail? digests?"),
			about: "mail is 1 if the forum itself would email the posts, 0 if not. Without the column, it is 1. digests is as in section_watches. Leave out " +
				"watches that ask for nothing.",
			without: "Nobody watches threads. The query section_watches must be there.",
		},
		{
			name: "mutes", params: words("members"), columns: words("member_id thread_id section_id?"),
			about: "Threads about which a member wants to hear nothing, even if they watch the section or are mentioned; and sections, for which the " +
				"same holds, except for the threads in them that the member watches. A row has a thread or a section; the other is 0.",
			without: "Nobody muted anything.", omitted: true,
		},
		{
			name: "watching", params: words("after limit"), columns: words("id"),
			about: "Members who watch anything, by ascending ID, after :after. Deleted accounts may be among them.",
			without: "Postrider reads the watches of all members of the query roster, 1,000 at a time. That finds the same members, and costs more on a " +
				"large forum.",
		},
		{
			name: "watchers", params: words("threads sections after limit"), columns: words("member_id thread_id section_id level"),
			about: "The watches of these threads and sections for which the forum itself would send an email, by ascending member, after :after. A row " +
				"has a thread or a section; the other is 0. level is the level of the section's watch.",
			without: "Postrider reads the watches of everyone who watches anything, 1,000 at a time, for each batch of alerts. That finds the same members, " +
				"and costs more on a large forum.",
		},
		{
			name: "ignores", params: words("members"), columns: words("member_id ignored"),
			about:   "ignored is one member, or several, comma-separated.",
			without: "Nobody ignores anyone.", omitted: true,
		},
		{
			name: "read_days", columns: words("days"),
			about:   "For how many days the forum records what was read.",
			without: "Read marks are kept forever (ten years), if there are any.", omitted: true,
		},
		{
			name: "section_reads", params: words("members since"), columns: words("member_id section_id read_at"),
			about:   "Until when the member has read the section. It may leave out marks older than :since.",
			without: "No section counts as read.", omitted: true,
		},
		{
			name: "thread_reads", params: words("members since"), columns: words("member_id thread_id read_at"),
			about:   "Until when the member has read the thread. It may leave out marks older than :since.",
			without: "No thread counts as read.", omitted: true,
		},
		{
			name: "visits", params: words("members"), columns: words("member_id visited_at"),
			about:   "When each member last opened any page of the forum; 0 if unknown. The mode \"first\" of alerts waits until then.",
			without: "The mode \"first\" of alerts relies on read marks. If the forum has none either, each reply causes an alert.",
			omitted: true,
		},
		{
			name: "took_part", params: words("members threads"), columns: words("member_id thread_id"),
			about:   "Threads that the member started or wrote a visible post in; a pair may appear twice.",
			without: "Only the member who started a thread took part in it. This affects the order in digests.",
		},
	}
}

// scanQueries are about which posts are new.
func scanQueries() []querySpec {
	words := strings.Fields
	arrival := words("id thread_id section_id author_id posted_at visible")
	return []querySpec{
		{
			name: "arrivals", params: words("after limit"), columns: arrival,
			about: "Posts after :after, by ascending ID, whatever their state. visible is 1 if the post and its thread are visible and the thread is not " +
				"a redirect. Permissions do not matter here.",
		},
		{
			name: "first_since", params: words("from"), columns: words("id"),
			about: "The smallest ID of a post created at or after :from, or 0. Add zero to the ID: otherwise some databases look for it among all posts, from the oldest on.",
		},
		{
			name: "newest", columns: words("id"),
			about: "The largest ID of a post, or 0.",
		},
		{
			name: "arrivals_of", params: words("ids"), columns: arrival,
			about:   "The same as arrivals, for :ids.",
			without: "Postrider uses the queries posts and threads. The result is the same.",
		},
		{
			name: "created", params: words("from until"), columns: words("id"),
			about: "All posts created in [:from, :until), whatever their state, by ascending ID.",
			without: "Postrider reads all posts since the one that first_since returns. The result is the same, but a preview of an old week reads all " +
				"posts since then.",
		},
	}
}
