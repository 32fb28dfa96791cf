package source

import (
	"strconv"

	"postrider/forum"
	"postrider/internal/sqlfile"
)

// sample is the forum of the demo, and an example for custom forums: a schema, an .sql file and this function.
func sample() forumType {
	return forumType{
		name:    "sample",
		title:   "the sample forum of the demo",
		markup:  "BBCode",
		notes:   "A small forum in SQLite. Its schema (demo/schema.sql) and its queries are an example for custom forums.",
		engines: []sqlfile.Engine{sqlfile.SQLite},
		files:   []string{"sample.sql"},
		links:   func(base string) forum.Links { return sampleLinks(base) },
		rights:  parseRightDigits,

		mailsDirect: true,
	}
}

// sampleLinks are made-up URLs: the sample forum has no pages.
type sampleLinks string

func (l sampleLinks) Section(id forum.SectionID) string { return l.to("sections", int64(id)) }
func (l sampleLinks) Thread(id forum.ThreadID) string   { return l.to("threads", int64(id)) }
func (l sampleLinks) Member(id forum.MemberID) string   { return l.to("members", int64(id)) }

func (l sampleLinks) Post(_ forum.ThreadID, id forum.PostID) string {
	return l.to("posts", int64(id))
}

func (l sampleLinks) to(what string, id int64) string {
	return string(l) + "/" + what + "/" + strconv.FormatInt(id, 10) + "/"
}
