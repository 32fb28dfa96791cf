//go:build live

package live

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// mybbKind is MyBB 1.8.37.
var mybbKind = forumKind{
	name:     "mybb",
	postLink: regexp.MustCompile(`showthread\.php\?pid=(\d+)#pid`),
	anchor:   func(post int64) string { return fmt.Sprintf("pid%d", post) },
	notice:   mybbNotice,
	failure:  mybbFailure,
	watched:  mybbWatched,
}

// mybb is a MyBB forum and the people who use its pages.
type mybb struct {
	*world
	members map[string]int64 // IDs by name
	away    map[string]bool  // members who do not visit the board at present
	sendURL string           // the page that runs the task that sends queued email
}

// TestLive_MyBB installs MyBB, uses it through its pages, and compares each email of Postrider with MyBB's own.
func TestLive_MyBB(t *testing.T) {
	kind := mybbKind
	f := &mybb{world: newWorld(t, kind), members: map[string]int64{}, away: map[string]bool{}}
	f.kind.flush = func(*world) { f.sendQueue() }
	f.install()
	f.setUp()
	f.startPostrider()
	f.play()
	f.reopenLinks(func(post int64) bool {
		return f.queryInt(fmt.Sprintf("SELECT COUNT(*) FROM mybb_posts WHERE pid = %d", post)) > 0
	})
	f.report()
}

var (
	mybbReplyMail  = regexp.MustCompile(`(?m)^(.+) has just replied to a thread which you have subscribed to at .*\. This thread is titled (.*)\.\r?$`)
	mybbThreadMail = regexp.MustCompile(`(?s)^.*?\n\r?\n(.+?) has just started a new thread in .*?The thread is titled ([^\r\n]*)`)
	mybbThreadLink = regexp.MustCompile(`(?m)^http\S*/showthread\.php\?tid=(\d+)`)
)

// mybbNotice reads a notification (inc/languages/english/messages.lang.php, email_subscription and email_forumsubscription). It
// names no post: a reply is the newest post in its thread of the one who wrote it.
func mybbNotice(w *world, text string) (notice, bool) {
	link := mybbThreadLink.FindStringSubmatch(text)
	if link == nil {
		return notice{}, false
	}
	if found := mybbThreadMail.FindStringSubmatch(text); found != nil {
		return notice{post: w.queryInt("SELECT firstpost FROM mybb_threads WHERE tid = " + link[1]), title: found[2], author: found[1]}, true
	}
	found := mybbReplyMail.FindStringSubmatch(text)
	if found == nil {
		return notice{}, false
	}
	post := w.queryInt(fmt.Sprintf("SELECT MAX(pid) FROM mybb_posts WHERE tid = %s AND username = '%s'", link[1], found[1]))
	return notice{post: post, title: found[2], author: found[1]}, true
}

// mybbFailure returns what a page complains about. MyBB answers many errors with the status 200.
func mybbFailure(p *page) string {
	for n := range p.elements("div") {
		if strings.Contains(" "+attribute(n, "class")+" ", " error ") {
			return textOf(n)
		}
	}
	for n := range p.elements("title") {
		// The template "error" repeats the title of the page as the head of a box.
		_, message, found := strings.Cut(p.text, `<td class="thead"><span class="smalltext"><strong>`+n.FirstChild.Data+`</strong>`)
		if found {
			return strings.Join(strings.Fields(message[:min(len(message), 500)]), " ")
		}
		break
	}
	return ""
}

// step lets everybody who is not away visit the board, and then does what act does: MyBB sends no more email about a thread or a
// forum to those who were not on the board since its newest post.
func (f *mybb) step(what string, do func(), expected ...difference) {
	f.Helper()
	nextSecond()
	for name := range f.members {
		if !f.away[name] {
			f.browser(name).open("/index.php")
		}
	}
	f.act(what, do, expected...)
}

func ours(why string, names ...string) (list []difference) {
	for _, name := range names {
		list = append(list, difference{onlyOurs, name, why})
	}
	return list
}

func theirs(why string, names ...string) (list []difference) {
	for _, name := range names {
		list = append(list, difference{onlyForum, name, why})
	}
	return list
}
