package source

import (
	"fmt"
	"regexp"
	"strings"

	"postrider/forum"
	"postrider/internal/sqlfile"
	"postrider/markup"
)

func discourse() forumType {
	return forumType{
		name:   "discourse",
		title:  "Discourse 2.5 and later",
		markup: "HTML, as Discourse cooks it; its source where that is missing",
		notes: "Watching a category means all its posts, watching its first posts only new topics; tracking is no watch. A muted topic brings " +
			"nothing. Tags are sections, too: a topic is in its category and in its tags. Members are shown by their usernames. Categories, topics and posts are public or for " +
			"groups, as in Discourse; whispers and the texts of private messages are never read.",
		engines: []sqlfile.Engine{sqlfile.Postgres},
		files:   []string{"discourse.sql"},
		links:   func(base string) forum.Links { return discourseLinks(base) },
		dialect: markup.Dialect{ShortNames: true, NoMentions: true},
		body:    discourseBody,
		filter:  discourseFilter,
		locale:  discourseLocale,
		rights:  parseRightDigits,

		mailsDirect: true, // config/site_settings.yml: default_email_level is "only when away"
		tellsMuted:  true, // app/services/post_alerter.rb: those who muted the category or a tag leave after quotes and mentions
		lost: map[string]string{
			"site_settings": "the defaults of must_approve_users, bounce_score_threshold, disable_mailing_list_mode and the like apply, and plugins that " +
				"hide posts are not noticed",
			"ignored_users":   "posts of ignored members are shown",
			"muted_users":     "posts of muted members are shown",
			"anonymous_users": "accounts of the anonymous mode count as members",
			"shared_drafts":   "no topic counts as a shared draft",
			"user_options":    "members' time zones are unknown",
			"user_stats":      "Discourse's own bounce score is unknown",
			"tags":            "there are no tags",
			"topic_tags":      "no topic has tags",
			"tag_users":       "nobody watches or mutes tags",
			"groups":          "the mention of a group alerts nobody",

			"groups id user_count": lostMembers,

			"tag_group_memberships": "every tag counts as visible to everyone",
			"tag_group_permissions": "every tag in a tag group counts as hidden",

			"discourse_solved_solved_topics": lostSolved,
			"topic_allowed_users":            lostMessages,
		},
	}
}

// discourseLinks are addresses that Discourse completes itself: with the slug, and with the topic of a post (config/routes.rb).
type discourseLinks string

func (l discourseLinks) Section(id forum.SectionID) string {
	return fmt.Sprintf("%s/c/%d", string(l), id)
}

func (l discourseLinks) Thread(id forum.ThreadID) string {
	return fmt.Sprintf("%s/t/%d", string(l), id)
}

func (l discourseLinks) Post(_ forum.ThreadID, id forum.PostID) string {
	return fmt.Sprintf("%s/p/%d", string(l), id)
}

// Member returns nothing: the address of a member is their name, and posts hold the whole links.
func (l discourseLinks) Member(forum.MemberID) string { return "" }

// discourseBody parses a letter and a post: h and HTML, or m and Markdown.
func discourseBody(d markup.Dialect, stored string, l markup.Links) markup.Doc {
	d.ShortNames = false // they are images already, except where the author wanted none
	if html, cooked := strings.CutPrefix(stored, "h"); cooked {
		return d.Discourse(html, l)
	}
	raw := discoursePostNumber.ReplaceAllString(strings.TrimPrefix(stored, "m"), "$1")
	return d.BBCode(discourseDetails.Replace(raw), l) // its quotes and spoilers are BBCode; the rest stays as typed
}

// discoursePostNumber finds where a quote is from. The number is one within the topic, and must not pass for an ID.
var discoursePostNumber = regexp.MustCompile(`(\[quote="[^",\]\n]*)[^"\]\n]*`)

// discourseDetails makes folded text of the BBCode for a spoiler.
var discourseDetails = strings.NewReplacer("[details", "[spoiler", "[/details]", "[/spoiler]")

// discourseFilter reads a watched word. In it "+" is no wildcard.
func discourseFilter(w markup.FilteredWord) ([]markup.FilteredWord, error) {
	if !w.Regex && strings.Contains(w.Word, "+") {
		return nil, fmt.Errorf("the watched word %q has a +, and is not applied to titles", w.Word)
	}
	return []markup.FilteredWord{w}, nil
}

// discourseLocale converts the name of a translation: "pt_BR", "zh_CN".
func discourseLocale(name string) string { return strings.ReplaceAll(name, "_", "-") }
