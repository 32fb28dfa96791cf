package admin

import (
	"strconv"
	"time"

	"postrider/digest"
)

// criterionNames are the names of all criteria.
var criterionNames = []string{
	"groups", "except_groups", "sections", "locales", "min_posts", "max_posts",
	"joined_after", "joined_before", "visited_after", "visited_before", "only", "except",
}

// criteria describes an audience.
func criteria(a digest.Audience, p forumOptions, zone *time.Location) (list []criterion) {
	add := func(word string, items ...string) {
		if len(items) > 0 && items[0] != "" {
			list = append(list, criterion{word, items})
		}
	}
	add("groups", titles(a.Groups, p.Groups)...)
	add("except_groups", titles(a.ExceptGroups, p.Groups)...)
	add("sections", titles(a.Sections, p.Sections)...)
	add("locales", a.Locales...)
	add("min_posts", intOrEmpty(a.MinPosts))
	add("max_posts", intOrEmpty(a.MaxPosts))
	add("joined_after", formatDay(a.JoinedAfter, zone))
	add("joined_before", formatDay(a.JoinedBefore, zone))
	add("visited_after", formatDay(a.VisitedAfter, zone))
	add("visited_before", formatDay(a.VisitedBefore, zone))
	add("only", intOrEmpty(len(a.Only)))
	add("except", intOrEmpty(len(a.Except)))
	return list
}

// titles returns the titles of groups or sections, or the ID of one that no longer exists.
func titles[ID ~int64](ids []ID, all []option) []string {
	known := make(map[int64]string, len(all))
	for _, n := range all {
		known[n.ID] = n.Title
	}
	list := make([]string, len(ids))
	for i, id := range ids {
		if list[i] = known[int64(id)]; list[i] == "" {
			list[i] = strconv.FormatInt(int64(id), 10)
		}
	}
	return list
}
