package source

import (
	"context"
	"embed"
	"slices"

	"postrider/forum"
	"postrider/internal/finding"
	"postrider/internal/sqlfile"
	"postrider/markup"
)

// TypeInfo describes a forum type for operators.
type TypeInfo struct {
	Name    string   // the value of [forum] type
	Title   string   // "XenForo 2.1 to 2.3"
	Engines []string // "mysql", "sqlite"
	Prefix  string   // default prefix of table names
	Markup  string   // markup language of posts
	Notes   string   // requirements and limitations

	Unsupported string
	Certainties []Certainty // by version
	Compared    Comparison  // by the self-check
	Grants      []Grants    // of a read-only account, by database
}

// Types lists the supported forum types.
func Types() []TypeInfo {
	var infos []TypeInfo
	for _, k := range forumTypes() {
		info := TypeInfo{Name: k.name, Title: k.title, Prefix: k.prefix, Markup: k.markup, Notes: k.notes,
			Unsupported: unsupported[k.name], Certainties: certainties[k.name], Compared: comparisons[k.name]}
		if !k.own {
			info.Grants = grantsOf(k)
		}
		for _, e := range k.engines {
			info.Engines = append(info.Engines, string(e))
		}
		infos = append(infos, info)
	}
	return infos
}

//go:embed *.sql
var queryFiles embed.FS

// forumType is a forum type: everything that its SQL cannot express.
type forumType struct {
	name, title, markup, notes string
	engines                    []sqlfile.Engine
	prefix                     string
	versions                   []string                 // that it is made for: "3.1", "3.2"; nil: all
	files                      []string                 // files with its queries; each query is in only one of them
	macros                     map[string]sqlfile.Macro // what its queries and those of the administrator can write in braces, too

	links       func(base string) forum.Links
	dialect     markup.Dialect
	body        func(d markup.Dialect, stored string, l markup.Links) markup.Doc // parses a post; nil: BBCode
	code        func(name, pattern, page string) ([]string, markup.Code)         // decodes a row of codes with a pattern; nil: as in MyBB
	escape      func(name string) string                                         // a member's name as the forum stores it; nil: unchanged
	filter      func(row markup.FilteredWord) ([]markup.FilteredWord, error)     // decodes a row of word_filter; nil: as it is
	section     func(title string) string                                        // the title of a section as plain text; nil: it is
	zone        func(stored string) string                                       // returns an IANA name; nil: the forum stores one
	locale      func(stored string) string                                       // returns a BCP 47 tag; nil: the forum stores one
	rights      func(stored []byte) (grant, error)                               // decodes a row of rights; nil only if all is public
	lost        map[string]string                                                // what is lost without an optional table, by its name, or by its name and columns
	either      [][2]string                                                      // optional tables of which the forum must have one
	zonesIn     string                                                           // the optional table with time zones; without it, zone gets UTC offsets
	inherits    bool                                                             // sections inherit permissions from ancestors and from the role's default
	counted     func(stored string) (int64, error)                               // decodes a row of member_counters; nil: a number
	addons      func(stored string) ([]string, error)                            // decodes a row of addons; nil: a name
	leftOut     func(ctx context.Context, s *Snapshot) []finding.Finding         // what check says about posts that the type cannot read; nil: nothing
	params      func(p params) params                                            // the parameters of a query, with more that the type's queries use; nil: as they are
	overlap     int64                                                            // how many IDs of posts each scan reads again; 0: as many as fit IDs that are counted
	homemade    bool                                                             // its queries come from the administrator's file alone
	public      bool                                                             // everyone may read every section, so there is no query rights
	schedules   bool                                                             // hidden posts can have a time that is still to come
	visitReads  bool                                                             // with a visit, a member has read everything until then
	needParent  bool                                                             // a section may be read only with the right to read all sections above it, too
	mailsDirect bool                                                             // members who watch nothing get email about quotes and mentions from the forum itself, unless they turn it off
	tellsMuted  bool                                                             // quotes and mentions in sections that a member muted count, too
	own         bool                                                             // the database is ours: we write to it, and it may be empty
	wordList    bool                                                             // word_filter returns all words in one row
	offsetOnly  bool                                                             // the forum stores UTC offsets, so a member's zone changes with daylight saving time
}

func forumTypes() []forumType {
	return []forumType{xenforo2(), xenforo1(), mybb(), phpbb3(), fluxbb(), smf2(), discourse(), nodebb(), flarum(), vanilla(), mirror(), custom(), sample()}
}

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

// readCode decodes a row of codes that has a pattern.
func (k forumType) readCode(name, pattern, page string) ([]string, markup.Code) {
	if k.code != nil {
		return k.code(name, pattern, page)
	}
	return patternCode(pattern, page)
}

// stored returns a member's name as the forum stores it.
func (k forumType) stored(name string) string {
	if k.escape == nil {
		return name
	}
	return k.escape(name)
}

func (k forumType) supports(e sqlfile.Engine) bool { return slices.Contains(k.engines, e) }
