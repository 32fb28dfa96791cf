package templates

import (
	"math"
	"strings"

	"github.com/rivo/uniseg"

	"postrider/digest"
	"postrider/forum"
	"postrider/internal/line"
)

// subjectLimit is the maximum length of a subject, in characters: about what mailboxes show.
const subjectLimit = 90

// countPhrase returns the counts as words, for example "3 new threads and 12 replies".
func (l *locale) countPhrase(c digest.Counts) string {
	threads := l.mustText("subject.threads", "n", c.NewThreads)
	replies := l.mustText("subject.replies", "n", c.Replies)
	switch {
	case c.Replies == 0:
		return threads
	case c.NewThreads == 0:
		return replies
	}
	return l.mustText("subject.both", "threads", threads, "replies", replies)
}

// subject returns the title of the best thread and the number of others. A title that says nothing gives way to the counts.
func (l *locale) subject(what string, d *digest.Digest) string {
	others := d.Counts().Threads - 1
	with := func(title string) string {
		title = l.isolate(title)
		if others > 0 {
			return l.mustText("subject.more", "title", title, "n", others)
		}
		return title
	}
	title := line.Clean(d.Best().Title)
	if line.IsBlank(title) {
		return what
	}
	return with(line.Fit(title, max(subjectLimit-uniseg.GraphemeClusterCount(with("")), 10)))
}

// likes returns a line that says who likes a post: the members with these names, or more.
func (l *locale) likes(known []string, count int) string {
	count = max(count, len(known))
	var names []any
	for _, name := range known {
		if name = line.Fit(name, nameLimit); name != "" && len(names) < 6 {
			names = append(names, string(rune('a'+len(names)/2)), l.isolate(name))
		}
	}
	named := len(names) / 2
	switch {
	case count == 0:
		return ""
	case named == 0:
		return l.mustText("likes.count", "n", count)
	case named == count && named <= 3:
		return l.mustText([]string{"likes.one", "likes.two", "likes.three"}[named-1], names...)
	case named == 1:
		return l.mustText("likes.one_more", append(names, "n", count-1)...)
	}
	return l.mustText("likes.two_more", append(names[:4], "n", count-2)...)
}

// unread returns how many private messages a member has not read, or "".
func (l *locale) unread(u forum.UnreadMessages) string {
	if u.Count == 0 {
		return ""
	}
	var names []string
	for _, name := range u.Senders {
		if name = line.Fit(name, nameLimit); name != "" {
			names = append(names, l.isolate(name))
		}
	}
	if u.MoreSenders {
		names = append(names, "…")
	}
	if len(names) == 0 || len(u.Senders) == 0 {
		return l.mustText("summary.unread", "n", u.Count)
	}
	return l.mustText("summary.unread_from", "n", u.Count, "names", strings.Join(names, l.comma()))
}

// longestForm returns the longest plural form of a message, filled with a number larger than any forum reaches.
func (l *locale) longestForm(key string) string {
	longest := ""
	for _, form := range l.messages[key] {
		var b strings.Builder
		for _, p := range form {
			b.WriteString(p.text)
			if p.placeholder != "" {
				b.WriteString(l.number(math.MaxInt64))
			}
		}
		if b.Len() > len(longest) {
			longest = b.String()
		}
	}
	return longest
}
