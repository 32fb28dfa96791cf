package admin

import (
	"strconv"
	"time"

	"postrider/digest"
)

// traits are the words for all by which an audience can be chosen.
var traits = []string{
	"groups", "except_groups", "sections", "locales", "min_posts", "max_posts",
	"joined_after", "joined_before", "visited_after", "visited_before", "only", "except",
}

// traitsOf tells for whom an audience is.
func traitsOf(a digest.Audience, p places, zone *time.Location) (list []trait) {
	add := func(word string, items ...string) {
		if len(items) > 0 && items[0] != "" {
			list = append(list, trait{word, items})
		}
	}
	add("groups", titles(a.Groups, p.Groups)...)
	add("except_groups", titles(a.ExceptGroups, p.Groups)...)
	add("sections", titles(a.Sections, p.Sections)...)
	add("locales", a.Locales...)
	add("min_posts", unlessZero(a.MinPosts))
	add("max_posts", unlessZero(a.MaxPosts))
	add("joined_after", dayOf(a.JoinedAfter, zone))
	add("joined_before", dayOf(a.JoinedBefore, zone))
	add("visited_after", dayOf(a.VisitedAfter, zone))
	add("visited_before", dayOf(a.VisitedBefore, zone))
	add("only", unlessZero(len(a.Only)))
	add("except", unlessZero(len(a.Except)))
	return list
}

// titles are those of groups or sections; a number where there is none.
func titles[ID ~int64](ids []ID, all []named) []string {
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
