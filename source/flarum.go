package source

import (
	"fmt"
	"strings"

	"postrider/forum"
	"postrider/internal/sqlfile"
	"postrider/markup"
)

func flarum() forumType {
	return forumType{
		name:   "flarum",
		title:  "Flarum 1.8 and 2",
		markup: "s9e XML (BBCode and Markdown)",
		notes: "Sections are tags. A thread may have several: a member must be allowed to read all of them, and a watch of any counts. Threads without a " +
			"tag are shown under the forum's name. Reads viewForum of groups and tags, as Flarum does. Tags are watched with fof/follow-tags; " +
			"ignored and hidden tags, and ignored threads, bring nothing. Links to members are left out, because they need the name.",
		engines:    []sqlfile.Engine{sqlfile.MySQL, sqlfile.Postgres, sqlfile.SQLite},
		files:      []string{"flarum.sql"},
		versions:   []string{"1.8", "2"},
		links:      func(base string) forum.Links { return flarumLinks(base) },
		dialect:    markup.Dialect{NoMentions: true},
		body:       func(d markup.Dialect, stored string, l markup.Links) markup.Doc { return d.S9e(stored, l) },
		locale:     flarumLocale,
		addons:     flarumAddons,
		rights:     parseRightDigits,
		needParent: true,
		lost: map[string]string{
			"users": "without flarum/suspend, no member is suspended; without flarum/nicknames, members have their usernames; " +
				"without blomstra/digest, nobody has chosen digests",
			"discussion_user": "without flarum/subscriptions, nobody follows or ignores threads",
			"tags":            "without flarum/tags, all threads are in one section",
			"tag_user":        "without fof/follow-tags, nobody follows or ignores tags",
			"ignored_user":    "without fof/ignore-users, nobody ignores members",
			"post_likes":      "without flarum/likes, posts have no likes",
		},
	}
}

// flarumLinks are Flarum's own URLs, as far as they need only IDs: Flarum adds the slug of a thread. The queries sections and posts
// have the addresses of the others.
type flarumLinks string

// Section returns the list of all tags.
func (l flarumLinks) Section(forum.SectionID) string { return string(l) + "/tags" }

func (l flarumLinks) Thread(id forum.ThreadID) string { return fmt.Sprintf("%s/d/%d", string(l), id) }

// Post returns the page of the thread, if it is known.
func (l flarumLinks) Post(thread forum.ThreadID, _ forum.PostID) string {
	if thread == 0 {
		return ""
	}
	return l.Thread(thread)
}

// Member returns nothing: the address of a member is their name.
func (l flarumLinks) Member(forum.MemberID) string { return "" }

// Numbered returns the address of a post by its number in the thread.
func (l flarumLinks) Numbered(thread forum.ThreadID, number int64) string {
	return fmt.Sprintf("%s/d/%d/%d", string(l), thread, number)
}

// flarumLocale converts the name of a language pack: "de", "pt-BR", "zh_Hans".
func flarumLocale(name string) string { return strings.ReplaceAll(name, "_", "-") }
