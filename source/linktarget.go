package source

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"postrider/forum"
)

// LinkTarget is what a link of the forum leads to, as far as its text says. Zeros: it does not say.
type LinkTarget struct {
	Post   forum.PostID
	Thread forum.ThreadID
	Number int // position of the post in its thread, from 1: Discourse, Flarum and NodeBB have it in their links
}

// linkPatterns are the forum types' addresses of posts and threads, without the address of the forum before them. All of a type are
// tried. The sources are the routes of the forums: they also accept addresses that they no longer write.
var linkPatterns = map[string][]*regexp.Regexp{
	// XF's route "threads" ends a title with a dot; the title can be missing. Without friendly addresses it is in the query.
	"xenforo2": xenforoPatterns,
	"xenforo1": xenforoPatterns,
	// MyBB's inc/settings.php and inc/functions.php: get_thread_link, get_post_link, with and without friendly addresses.
	"mybb": patterns(`[?&;]pid=(?<post>\d+)`, `#pid(?<post>\d+)`, `/(?:thread-\d+-)?post-(?<post>\d+)\.html`,
		`/showthread\.php\?(?:[^#]*[&;])?tid=(?<thread>\d+)`, `/thread-(?<thread>\d+)(?:-|\.html)`),
	"phpbb3": patterns(`/viewtopic\.php\?(?:[^#]*[&;])?p=(?<post>\d+)`, `/viewtopic\.php[^#]*#p(?<post>\d+)`,
		`/viewtopic\.php\?(?:[^#]*[&;])?t=(?<thread>\d+)`),
	// In FluxBB, p is the page.
	"fluxbb": patterns(`/viewtopic\.php\?(?:[^#]*[&;])?pid=(?<post>\d+)`, `/viewtopic\.php[^#]*#p(?<post>\d+)`,
		`/viewtopic\.php\?(?:[^#]*[&;])?id=(?<thread>\d+)`),
	// SMF separates with ";". With its "search engine friendly URLs", "=" is a comma and the query is a part of the path.
	"smf2": patterns(`[?&;/]msg[=,](?<post>\d+)`, `[?&;/]topic[=,]\d+\.msg(?<post>\d+)`, `#msg(?<post>\d+)`, `[?&;/]topic[=,](?<thread>\d+)`),
	// Discourse's config/routes.rb. A title of digits alone gets no place in the address (lib/slug.rb).
	"discourse": patterns(`^/p/(?<post>\d+)`, `^/t/(?<thread>\d+)(?:/(?<number>\d+))?(?:[/?#.]|$)`,
		`^/t/[^/?#]*[^/?#\d][^/?#]*/(?<thread>\d+)(?:/(?<number>\d+))?(?:[/?#.]|$)`),
	"flarum": patterns(`^(?:/index\.php)?/d/(?<thread>\d+)(?:-[^/?#]*)?(?:/(?<number>\d+))?(?:[/?#]|$)`),
	"nodebb": patterns(`^/post/(?<post>\d+)(?:[/?#]|$)`, `^/topic/(?<thread>\d+)(?:/[^/?#]*(?:/(?<number>\d+))?)?(?:[/?#]|$)`),
	// An ID of a post has its time, which no address has: vanilla.go.
	"vanilla": patterns(`^(?:/index\.php)?(?:\?p=)?/discussion/(?<thread>\d+)(?:[/?#]|$)`),
	"sample":  patterns(`^/posts/(?<post>\d+)(?:[/?#]|$)`, `^/threads/(?<thread>\d+)(?:[/?#]|$)`),
}

var xenforoPatterns = patterns(`[/?]posts/(?<post>\d+)(?:[/?&#]|$)`, `[/#]post-(?<post>\d+)(?:[/?&#]|$)`, `[/?]goto/post[?&]id=(?<post>\d+)`,
	`[/?]threads/(?:[^/?&#]*\.)?(?<thread>\d+)(?:[/?&#]|$)`)

func patterns(texts ...string) []*regexp.Regexp {
	list := make([]*regexp.Regexp, len(texts))
	for i, text := range texts {
		list[i] = regexp.MustCompile(text)
	}
	return list
}

// ReadLink reads the IDs in a link of the forum. Ours is false if it does not lead to the forum at all. The target is empty if the link
// has no IDs: see [SameAddress].
func (db *DB) ReadLink(text string) (t LinkTarget, ours bool) {
	rest, ours := belowBase(db.base, text)
	if !ours {
		return t, false
	}
	list := linkPatterns[db.kind.name]
	if custom, ok := db.links.Links.(customLinks); ok {
		list = custom.patterns()
	}
	for _, p := range list {
		found := p.FindStringSubmatch(rest)
		if found == nil {
			continue
		}
		for i, name := range p.SubexpNames() {
			id, err := strconv.ParseInt(found[i], 10, 64)
			switch {
			case err != nil || id < 1:
			case name == "post" && t.Post == 0:
				t.Post = forum.PostID(id)
			case name == "thread" && t.Thread == 0:
				t.Thread = forum.ThreadID(id)
			case name == "number" && t.Number == 0 && id <= int64(1<<31-1):
				t.Number = int(id)
			}
		}
	}
	return t, true
}

// patterns are the addresses in the administrator's file that are below that of the forum.
func (l customLinks) patterns() (list []*regexp.Regexp) {
	for name, address := range map[string]string{"post": l.post, "thread": l.thread} {
		rest, below := strings.CutPrefix(address, "{url}")
		if !below {
			continue
		}
		text := strings.ReplaceAll(regexp.QuoteMeta(rest), regexp.QuoteMeta("{thread}"), `(?<thread>\d+)`)
		list = append(list, regexp.MustCompile("^"+strings.ReplaceAll(text, regexp.QuoteMeta("{id}"), "(?<"+name+`>\d+)`)+`(?:\D|$)`))
	}
	return list
}

// belowBase returns what follows the forum's address in a link. The scheme and "www." do not count: people copy both.
func belowBase(base, text string) (rest string, below bool) {
	link, err := url.Parse(text)
	if err != nil || link.Host == "" {
		return "", false
	}
	root, err := url.Parse(strings.TrimSuffix(base, "?"))
	if err != nil || plainHost(link) != plainHost(root) {
		return "", false
	}
	path := strings.TrimRight(strings.TrimSuffix(root.EscapedPath(), "index.php"), "/")
	rest, below = strings.CutPrefix(link.EscapedPath(), path)
	if !below || rest != "" && rest[0] != '/' {
		return "", false
	}
	if link.RawQuery != "" {
		rest += "?" + link.RawQuery
	}
	if link.Fragment != "" {
		rest += "#" + link.EscapedFragment()
	}
	return rest, true
}

func plainHost(u *url.URL) string { return strings.TrimPrefix(strings.ToLower(u.Host), "www.") }

// SameAddress reports whether a link that someone gave is an address of the forum's pages, such as those of [DB.Links].
func SameAddress(link, address string) bool {
	if address == "" {
		return false
	}
	return plainAddress(link) == plainAddress(address)
}

func plainAddress(text string) string {
	_, rest, _ := strings.Cut(text, "://")
	return strings.TrimPrefix(strings.TrimRight(rest, "/"), "www.")
}
