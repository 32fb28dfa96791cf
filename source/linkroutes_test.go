package source

import (
	"regexp"
	"strings"
	"testing"
)

// forumRoute is what the forum's own router does with an address.
type forumRoute struct {
	pattern string // the address below the base; the group is the ID that it reads
	id      string
}

// forumRoutes are the forums' own routes to the section 3, the thread 12, the post 456 in it, and the member 5. "" as ID: the link leads to a page without one.
// An empty pattern: there is no link. The live trials open the links of MyBB and FluxBB on the forums themselves.
var forumRoutes = map[string]map[string]forumRoute{
	// viewforum.php, viewtopic.php and memberlist.php of phpBB 3.3.9: $request->variable('f', 0), 't', 'p', 'mode' and 'u'. The topic of a post is found by it.
	"phpbb3": {
		"section": {`^/viewforum\.php\?f=(\d+)$`, "3"}, "thread": {`^/viewtopic\.php\?t=(\d+)$`, "12"},
		"post": {`^/viewtopic\.php\?p=(\d+)#p456$`, "456"}, "member": {`^/memberlist\.php\?mode=viewprofile&u=(\d+)$`, "5"},
	},
	// cleanRequest in Sources/QueryString.php of SMF 2.1 was run with these: ";" separates, and what follows the dot is the start. loadBoard in Sources/Load.php
	// redirects a message that comes without board, topic and action. Profile.php reads u.
	"smf2": {
		"section": {`^/index\.php\?board=(\d+)\.0$`, "3"}, "thread": {`^/index\.php\?topic=(\d+)\.0$`, "12"},
		"post": {`^/index\.php\?msg=(\d+)$`, "456"}, "member": {`^/index\.php\?action=profile;u=(\d+)$`, "5"},
	},
	// framework/core/src/Forum/routes.php and extensions/tags/extend.php of Flarum 1.8.7 were run with these, in Flarum's RouteCollection on FastRoute 1.3; 2.x has
	// the same. The addresses of sections and posts come from the database: flarum.sql.
	"flarum": {
		"section": {`^/tags$`, ""}, "thread": {`^/d/(\d+(?:-[^/]*)?)(?:/[^/]*)?$`, "12"}, "post": {`^/d/(\d+(?:-[^/]*)?)(?:/[^/]*)?$`, "12"}, "member": {},
	},
	// src/routes/index.js and src/routes/user.js of NodeBB 4.15.1: /category/:category_id/:slug?, /topic/:topic_id/:slug?, /post/:pid and /uid/:uid*, which redirect.
	"nodebb": {
		"section": {`^/category/([^/]+)(?:/[^/]+)?$`, "3"}, "thread": {`^/topic/([^/]+)(?:/[^/]+)?$`, "12"}, "post": {`^/post/([^/]+)$`, "456"}, "member": {`^/uid/([^/]+)`, "5"},
	},
	// config/routes.rb of Discourse (commit 00392f17, of 2022): "c/*category_slug_path_with_id", whose last part is the ID, "t/:id" and "p/:post_id(/:user_id)".
	"discourse": {
		"section": {`^/c/(?:[^/]+/)*(\d+)$`, "3"}, "thread": {`^/t/([^/.]+)$`, "12"}, "post": {`^/p/([^/.]+)(?:/[^/.]+)?$`, "456"}, "member": {},
	},
	// XenForo is proprietary: its public routes have a title that may be missing, a dot and the ID. "posts" redirects.
	"xenforo2": xenforoRoutes,
	"xenforo1": xenforoRoutes,
}

var xenforoRoutes = map[string]forumRoute{
	"section": {`^/forums/(?:[^/]*\.)?(\d+)/$`, "3"}, "thread": {`^/threads/(?:[^/]*\.)?(\d+)/$`, "12"},
	"post": {`^/posts/(\d+)/$`, "456"}, "member": {`^/members/(?:[^/]*\.)?(\d+)/$`, "5"},
}

func TestLinks_LeadWhereTheForumsRoutesDo(t *testing.T) {
	for _, base := range []string{"https://forum.example", "https://forum.example/board"} {
		for kind, routes := range forumRoutes {
			k, _ := forumTypeNamed(kind)
			links := k.links(base)
			for what, link := range map[string]string{"section": links.Section(3), "thread": links.Thread(12), "post": links.Post(12, 456), "member": links.Member(5)} {
				route := routes[what]
				if route.pattern == "" {
					if link != "" {
						t.Errorf("%s: the link to a %s is %s, want none", kind, what, link)
					}
					continue
				}
				path, below := strings.CutPrefix(link, base)
				m := regexp.MustCompile(route.pattern).FindStringSubmatch(path)
				if !below || m == nil || len(m) > 1 && m[1] != route.id {
					t.Errorf("%s: the forum reads %v from the link %s to a %s, want %s", kind, m, link, what, route.id)
				}
			}
		}
	}
}
