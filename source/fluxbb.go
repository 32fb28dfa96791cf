package source

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"postrider/forum"
	"postrider/internal/sqlfile"
	"postrider/markup"
)

func fluxbb() forumType {
	return forumType{
		name:   "fluxbb",
		title:  "FluxBB 1.5",
		markup: "BBCode",
		notes: "FluxBB has no ignore lists, no likes, no approval of posts, and keeps what members have read in a cookie only. A watched forum " +
			"means all its posts. It stores UTC offsets, not time zones. Table names usually have no prefix.",
		engines:    []sqlfile.Engine{sqlfile.MySQL, sqlfile.Postgres, sqlfile.SQLite},
		versions:   []string{"1.5"},
		files:      []string{"fluxbb.sql"},
		links:      func(base string) forum.Links { return fluxbbLinks(base) },
		dialect:    markup.Dialect{NoMentions: true},
		zone:       fluxbbZone,
		locale:     mybbLocale,
		rights:     parseRightDigits,
		offsetOnly: true,
	}
}

// fluxbbZone converts "12.8 0", hours and a flag as in MyBB. FluxBB's column has one decimal on some databases, so 12.75 is 12.8 there.
func fluxbbZone(stored string) string {
	hours, dst, _ := strings.Cut(stored, " ")
	offset, err := strconv.ParseFloat(hours, 64)
	if err != nil {
		return ""
	}
	return mybbZone(strconv.FormatFloat(math.Round(4*offset)/4, 'f', -1, 64) + " " + dst)
}

// fluxbbLinks are FluxBB's own URLs. It finds the topic of a post.
type fluxbbLinks string

func (l fluxbbLinks) Section(id forum.SectionID) string {
	return fmt.Sprintf("%s/viewforum.php?id=%d", string(l), id)
}

func (l fluxbbLinks) Thread(id forum.ThreadID) string {
	return fmt.Sprintf("%s/viewtopic.php?id=%d", string(l), id)
}

func (l fluxbbLinks) Post(_ forum.ThreadID, id forum.PostID) string {
	return fmt.Sprintf("%s/viewtopic.php?pid=%d#p%d", string(l), id, id)
}

func (l fluxbbLinks) Member(id forum.MemberID) string {
	return fmt.Sprintf("%s/profile.php?id=%d", string(l), id)
}
