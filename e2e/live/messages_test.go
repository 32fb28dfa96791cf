//go:build live

package live

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"

	"postrider/internal/smtptest"
)

// notice is what a message of the forum is about.
type notice struct {
	post   int64
	title  string // of the thread
	author string // who wrote the post; empty: the message does not say so
}

// delivery is a post that reached an address.
type delivery struct {
	to   string
	post int64
}

// brought is a post that reached a member, at any address.
type brought struct {
	member string
	post   int64
}

// ourNew returns the new messages of Postrider by what they brought. It fails the test for a message to a member who must get none.
func (w *world) ourNew() map[delivery]smtptest.Letter {
	w.Helper()
	all := w.ourMail.Messages()
	found := map[delivery]smtptest.Letter{}
	for _, m := range all[w.ourRead:] {
		letter := must(smtptest.ReadLetter(m.Data))(w)
		if why := w.barred[w.nameOf(m.To)]; why != "" {
			w.Errorf("%s got a message, but must get none: %s\n%s", m.To, why, letter.Text)
		}
		posts := w.linkedPosts(quoteLine.ReplaceAllString(letter.Text, ""))
		if len(posts) == 0 {
			w.Errorf("a message to %s has no link to a post:\n%s", m.To, letter.Text)
		}
		for _, post := range posts {
			d := delivery{strings.ToLower(m.To), post}
			if _, twice := found[d]; twice {
				w.Errorf("%s got post %d twice", m.To, post)
			}
			found[d] = letter
			w.brought[brought{w.nameOf(d.to), d.post}] = true
		}
		w.latest[w.nameOf(m.To)] = letter
	}
	w.ourMessages += len(all) - w.ourRead
	w.ourRead = len(all)
	return found
}

// quoteLine is a line of a quote, whose head links to the post that it is from.
var quoteLine = regexp.MustCompile(`(?m)^>.*$`)

// wantLatest checks that the latest message to a member has a text in both parts, or does not.
func (w *world) wantLatest(member, text string, want bool) {
	w.Helper()
	letter := w.latest[member]
	for kind, part := range map[string]string{"text": letter.Text, "HTML": letter.HTML} {
		if has := strings.Contains(strings.Join(strings.Fields(part), " "), text); has != want {
			w.Errorf("the %s of the latest message to %s has %q: %v, want %v:\n%s", kind, member, text, has, want, letter.Text)
		}
	}
}

// linkedPosts returns the posts that a text links to, each once.
func (w *world) linkedPosts(text string) (posts []int64) {
	w.Helper()
	for _, found := range w.kind.postLink.FindAllStringSubmatch(text, -1) {
		id := must(strconv.ParseInt(found[1], 10, 64))(w)
		if !slices.Contains(posts, id) {
			posts = append(posts, id)
		}
	}
	return posts
}

// forumNew returns the new messages of the forum by the post that they are about, and counts the others.
func (w *world) forumNew() map[delivery]notice {
	w.Helper()
	all := w.forumMail.Messages()
	found := map[delivery]notice{}
	for _, m := range all[w.forumRead:] {
		letter := must(smtptest.ReadLetter(m.Data))(w)
		n, about := w.kind.notice(w, letter.Text)
		if !about {
			w.otherMessages++
			continue
		}
		w.forumMessages++
		found[delivery{strings.ToLower(m.To), n.post}] = n
	}
	w.forumRead = len(all)
	return found
}

// nameOf returns the name of the member with an address, or the address.
func (w *world) nameOf(address string) string {
	if name := w.addresses[strings.ToLower(address)]; name != "" {
		return name
	}
	return address
}

// links returns the addresses of all links in the HTML of a message, each once.
func links(w *world, text string) (list []string) {
	root := must(html.Parse(strings.NewReader(text)))(w)
	for n := range root.Descendants() {
		if href := attribute(n, "href"); n.Data == "a" && strings.HasPrefix(href, "http") && !slices.Contains(list, href) {
			list = append(list, href)
		}
	}
	return list
}

// openLinks opens all links of a message as its reader does. The page of a post must have that post. This is a visit on the forum.
// Lazy members do not open links: the administrator does, who may read everything.
func (w *world) openLinks(d delivery, letter smtptest.Letter) {
	w.Helper()
	reader := w.browser(w.nameOf(d.to))
	if w.lazy[reader.name] {
		reader = w.browser(admin)
	}
	for _, address := range links(w, letter.HTML) {
		switch {
		case strings.HasPrefix(address, w.postrider.web):
			if w.postrider.process == nil {
				continue
			}
			if _, err := fetch(address); err != nil {
				w.Errorf("a message to %s has a link that does not work: %v", d.to, err)
			}
			w.linksOpened++
			continue
		case !strings.HasPrefix(address, w.url): // in a post
			continue
		}
		w.linksOpened++
		p := reader.try(address)
		if why := w.kind.failure(p); p.status != 200 || why != "" {
			w.Errorf("a message to %s links to %s, where the forum answers %s with %d: %s", d.to, address, reader.name, p.status, why)
		}
		for _, post := range w.linkedPosts(address) {
			if !p.has(w.kind.anchor(post)) {
				w.Errorf("a message to %s links to %s, but the page does not have %q", d.to, address, w.kind.anchor(post))
			}
		}
	}
}
