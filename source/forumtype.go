package source

import (
	"embed"
	"slices"

	"postrider/forum"
	"postrider/internal/sqlfile"
	"postrider/markup"
)

// TypeInfo tells an owner about a forum type.
type TypeInfo struct {
	Name    string   // as [forum] type takes it
	Title   string   // "XenForo 2.1 to 2.3"
	Engines []string // "mysql", "sqlite"
	Prefix  string   // of table names, if the owner names none
	Markup  string   // in which posts are written
	Notes   string   // what an owner should know
}

// Types lists the forum types that can be read.
func Types() []TypeInfo {
	var infos []TypeInfo
	for _, k := range forumTypes() {
		info := TypeInfo{Name: k.name, Title: k.title, Prefix: k.prefix, Markup: k.markup, Notes: k.notes}
		for _, e := range k.engines {
			info.Engines = append(info.Engines, string(e))
		}
		infos = append(infos, info)
	}
	return infos
}

//go:embed *.sql
var queryFiles embed.FS

// forumType is a forum type: all that its SQL cannot say.
type forumType struct {
	name, title, markup, notes string
	engines                    []sqlfile.Engine
	prefix                     string
	files                      []string // its queries, which no two of them share

	links      func(base string) forum.Links
	body       func(text string, l markup.Links) markup.Doc
	zone       func(stored string) string // IANA name; nil: stored is one
	locale     func(stored string) string // BCP 47 tag; nil: stored is one
	rights     func(stored []byte) (grant, error)
	inherits   bool // rights come from ancestors, and from the role itself
	offsetOnly bool // a member's zone changes without him, with summer time
}

func forumTypes() []forumType { return []forumType{xenforo2(), xenforo1(), mybb(), sample()} }

func forumTypeNamed(name string) (forumType, bool) {
	for _, k := range forumTypes() {
		if k.name == name {
			return k, true
		}
	}
	return forumType{}, false
}

func typeNames() []string {
	var names []string
	for _, k := range forumTypes() {
		names = append(names, k.name)
	}
	return names
}

func (k forumType) supports(e sqlfile.Engine) bool { return slices.Contains(k.engines, e) }
