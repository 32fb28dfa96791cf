package source

import "strings"

// memberQueries are about members and their rights.
func memberQueries() []querySpec {
	words := strings.Fields
	return []querySpec{
		{
			name: "members", params: words("ids now"), columns: words("id name email zone? locale? roles no_mail no_mail_since? opt_outs? digest_choice?"),
			about: "roles are comma-separated words that rights accepts: groups, or one permission set. Members with the same roles are in the same " +
				"access class. no_mail is empty, or the reason why this member gets no email: 'banned', 'not confirmed', 'bouncing', 'disabled', " +
				"'awaiting approval', 'rejected', 'no address', 'address left, must be confirmed'. no_mail_since is when that began; 0: unknown. opt_outs are the kinds of email that the member declined in the forum's settings: " +
				"announcements, alerts, digests, comma-separated. digest_choice is what the member chose there about the forum's own digests: " +
				"hourly, daily, weekly, two_weeks, monthly or off, and then, if they chose one, the hour in UTC, such as 'weekly 7' (a fraction is left out). It is empty for no choice, and for " +
				"the value that the forum gives by default. A frequency that is not in this list becomes the next rarer one. zone and locale are as the forum stores them. Leave out deleted accounts.",
		},
		{
			name: "rights", params: words("roles"), columns: words("role section_id rights"),
			about: "The permissions of each role in each section: three digits 0 or 1 for \"may view it\", \"may read its threads\" and \"may read only " +
				"own threads\", such as '110'; or a text that the forum type decodes. A role has at most one row for a section. Without one, it may " +
				"not read the section, unless rights are inherited: then its row of the nearest ancestor applies, or else its row for section 0.",
		},
		{
			name: "find", params: words("name"), columns: words("id"),
			about: "The member with exactly this name, if there is one. Compare the column itself, not a converted one, so that the forum's index is used.",
		},
		{
			name: "roster", params: words("after limit"), columns: words("id"),
			about:   "All members, by ascending ID, after :after.",
			without: "The query watching must be there. Announcements reach only members who watch something.",
		},
		{
			name: "search", params: words("begins limit"), columns: words("id"),
			about:   "Members whose names are LIKE :begins, ignoring case, ordered by name. \"|\" is the escape character.",
			without: "The search of administrators finds whole names only.",
		},
		{
			name: "containing", params: words("part limit"), columns: words("id"),
			about: "Members whose names are LIKE :part, which begins with \"%\", ordered by name. Only a person who searches calls it, so it may read " +
				"all names.",
			without: "The query search is used.", omitted: true,
		},
		{
			name: "named", params: words("names"), columns: words("id name"),
			about: "Members with these names. The parameters are in lower case and as typed; the columns are as the forum stores them. Compare the " +
				"column itself.",
			without: "The query find is used, for each name.", omitted: true,
		},
		{
			name: "group_members", params: words("names"), columns: words("name member_id"),
			about: "Members of the groups with these names, if the forum itself tells them when a post mentions their group. The parameters and the " +
				"column name are as in the query named. A name that is a member's, too, means the member.",
			without: "The mention of a group alerts nobody.", omitted: true,
		},
		{
			name: "members_of_groups", params: words("groups"), columns: words("group_id member_id"),
			about:   "Members of these groups, which posts mention by ID in s9e XML, if the forum itself tells them.",
			without: "The mention of a group by ID alerts nobody.", omitted: true,
		},
		{
			name: "addressed", params: words("addresses"), columns: words("id email"),
			about:   "Members with these email addresses. As with named, the parameters are in lower case and as typed.",
			without: "Announcements cannot be addressed to a list of email addresses, only of names or IDs.",
		},
		{
			name: "recipients", params: words("ids"), columns: words("id"),
			about:   "Those of :ids who may get email, as far as members allows it. The others get none, of any kind. No forum type has it.",
			without: "All members that the query members allows get email.", omitted: true,
		},
	}
}

// audienceQueries are about who gets an announcement, and about numbers for the administrator.
func audienceQueries() []querySpec {
	words := strings.Fields
	return []querySpec{
		{
			name: "profiles", params: words("ids"), columns: words("id posts joined_at visited_at"),
			about: "posts is the post count that the forum shows. joined_at and visited_at (the last visit) are 0 if unknown.",
			without: "Announcements cannot be limited by post count, join date or last visit: such a limit excludes everyone, and says so for each " +
				"member.",
		},
		{
			name: "groups", columns: words("id title"),
			about:   "The permission groups, by ascending ID.",
			without: "Announcements cannot be limited to groups.",
		},
		{
			name: "memberships", params: words("members"), columns: words("member_id in_groups"),
			about:   "in_groups is one group ID, or several, comma-separated.",
			without: "Announcements cannot be limited to groups.",
		},
		{
			name: "mailable", params: words("now"), columns: words("members accepting_all?"),
			about: "Only for the administrator's information: members is the number of members who may get email of at least one kind, accepting_all " +
				"the number of those who opted out of nothing. It decides nothing: members and recipients do.",
			without: "postrider check counts among the first 1,000 members only.",
		},
		{
			name: "watch_counts", params: words("now"), columns: words("watching without_email"),
			about:   "Of the members who may get email, those who watch anything, and those of them whose watches all have mail 0 and no digests.",
			without: "postrider check does not count them.", omitted: true,
		},
		{
			name: "own_digests", columns: words("sends"),
			about:   "Only for postrider check: one row, with 1 if the forum itself sends digests. No row if that cannot be known.",
			without: "postrider check does not warn of them.", omitted: true,
		},
		{
			name: "unread_messages", params: words("members"), columns: words("member_id sender_id sender messages"),
			about: "How many private messages each member has not read, by sender, newest first. Asked only if private_messages in [digest] is set. " +
				"Texts and subjects of private messages are never read.",
			without: "Digests do not count private messages.", omitted: true,
		},
	}
}
