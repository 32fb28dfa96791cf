package markup

import (
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
)

// image adds an image by its name: [IMG alt="name"]address[/IMG]. Within a link it is the text of that
// link.
func (b *builder) image(t *token) {
	b.file(image, t.attr("alt"), b.links.absolute(t.content))
}

// attachment adds [ATTACH=full]12[/ATTACH] of XenForo or [attachment=12] of MyBB.
func (b *builder) attachment(t *token) {
	id := number(strings.TrimSpace(t.content))
	to := "index.php?attachments/" + strconv.FormatInt(id, 10) + "/"
	if id == 0 {
		id = number(t.value)
		to = "attachment.php?aid=" + t.value
	}
	switch name := t.attr("alt"); {
	case id == 0 && name != "": // phpBB stores only the name
		b.file(attachment, oneLine(name, maxLabel), "")
		return
	case id == 0:
		b.plain(t.content)
		return
	case b.links.Attachment != nil:
		to = b.links.Attachment(id)
	}
	b.file(attachment, oneLine(t.attr("alt"), maxLabel), b.links.absolute(to))
}

func (b *builder) file(k kind, name, to string) {
	if name = oneLine(name, maxLabel); name == "" && k == image {
		name = fileName(to)
	}
	n := node{kind: k, text: name, ref: b.link}
	if n.ref == 0 && to != "" {
		n.ref = b.ref(ref{url: to})
	}
	b.inline(n)
}

// fileName returns the last part of a URL's path.
func fileName(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	name := path.Base(u.Path)
	if name == "." || name == "/" {
		name = u.Host
	}
	return oneLine(sanitize(name), maxLabel)
}

// video adds [MEDIA=youtube]id[/MEDIA], or a MyBB video, whose content is the URL.
func (b *builder) video(t *token) {
	site := strings.ToLower(strings.TrimSpace(t.value))
	id := strings.TrimSpace(t.content)
	to := ""
	if decoded, err := url.PathUnescape(id); err == nil && !strings.Contains(id, "://") && strings.Contains(decoded, "://") {
		id = decoded
	}
	site, _, _ = strings.Cut(site, ";") // vBulletin puts the ID there, too
	if strings.Contains(id, "://") || looksLikeHost(id) && strings.Contains(id, "/") {
		to = b.links.absolute(id)
	} else if before := embedURL(site); before != "" {
		switch site {
		case "youtube":
			id, _, _ = strings.Cut(id, ":") // XenForo puts the start time after the ID
		case "spotify":
			id = strings.ReplaceAll(id, ":", "/") // "track:4uLU6h"
		}
		to = sanitizeURL(before + strings.ReplaceAll(url.PathEscape(id), "%2F", "/"))
	}
	n := node{kind: video, text: oneLine(site, maxLabel)}
	if to != "" {
		n.ref = b.ref(ref{url: to})
	} else { // a site whose URLs we do not know: its ID is all that there is
		n.text = oneLine(strings.Trim(site+": "+sanitize(id), ": "), maxLabel)
	}
	b.inline(n)
}

// embedURL returns the URL before the ID, for the XenForo 2.3 sites whose URLs need nothing but the ID.
func embedURL(site string) string {
	switch site {
	case "youtube":
		return "https://www.youtube.com/watch?v="
	case "vimeo":
		return "https://vimeo.com/"
	case "dailymotion":
		return "https://www.dailymotion.com/video/"
	case "twitter", "x":
		return "https://twitter.com/i/status/"
	case "facebook":
		return "https://www.facebook.com/watch/?v="
	case "instagram":
		return "https://www.instagram.com/p/"
	case "imgur":
		return "https://imgur.com/"
	case "twitch":
		return "https://www.twitch.tv/videos/"
	case "metacafe":
		return "https://www.metacafe.com/watch/"
	case "reddit":
		return "https://www.reddit.com/"
	case "spotify":
		return "https://open.spotify.com/"
	case "giphy":
		return "https://giphy.com/gifs/"
	case "flickr":
		return "https://flic.kr/p/"
	case "tiktok":
		return "https://www.tiktok.com/embed/"
	case "streamable":
		return "https://streamable.com/"
	case "soundcloud":
		return "https://soundcloud.com/"
	case "pinterest":
		return "https://www.pinterest.com/pin/"
	}
	return ""
}

// mention adds "@name". to is the address of the member's page, if the forum says it without an ID.
func (b *builder) mention(name string, id int64, to string) {
	r := ref{member: id, url: b.links.absolute(to)}
	if id != 0 && b.links.Member != nil {
		r.url = b.links.absolute(b.links.Member(id))
	}
	n := node{kind: mention, text: oneLine(name, maxAuthor), style: b.style}
	if n.text == "" {
		return
	}
	if r != (ref{}) {
		n.ref = b.ref(r)
	}
	b.inline(n)
}

// groupMention adds "@name", which stands for a group and for no member. Its reference says so, and leads nowhere.
func (b *builder) groupMention(name string) {
	if name = oneLine(name, maxAuthor); name != "" {
		b.inline(node{kind: mention, text: name, style: b.style, ref: b.ref(ref{})})
	}
}

// mentioned records a member or a group that a token outside of quotes mentions, once.
func (b *builder) mentioned(t *token) {
	list := &b.tree.mentions
	switch {
	case b.quotes > 0 || t.tag != tagUser && t.tag != tagGroup:
		return
	case t.tag == tagGroup:
		list = &b.tree.groups
	}
	if id := number(t.value); id != 0 && len(*list) < maxMentions && !slices.Contains(*list, id) {
		*list = append(*list, id)
	}
}

// maxMentions is how many members or groups a post can mention; XenForo alerts ten members.
const maxMentions = 100
