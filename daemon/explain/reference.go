package explain

import (
	"fmt"
	"strconv"
	"strings"

	"postrider/forum"
)

// How many posts may be explained at once: on a page, and by the command.
const (
	MaxPosts        = 20
	MaxCommandPosts = 1000
)

// Reference is how someone names posts: the ID of a post (4711 or #4711), that of a thread (T66), or a link. One field is set.
type Reference struct {
	Post   forum.PostID
	Thread forum.ThreadID
	Link   string
}

// ReferenceFault is what is wrong with a reference.
type ReferenceFault string

// The faults.
const (
	NoReference    ReferenceFault = "post"        // neither an ID nor a link
	TooManyPosts   ReferenceFault = "too_many"    // more than the limit
	OtherSite      ReferenceFault = "other_site"  // the link does not lead to the forum
	UnknownAddress ReferenceFault = "address"     // the link leads to no post or thread
	UnseenThread   ReferenceFault = "unseen"      // no post of the thread was sighted
	UnseenNumber   ReferenceFault = "unseen_post" // the link has the position of a post in its thread, which was not sighted
)

// ReferenceError says why a reference leads to no post.
type ReferenceError struct {
	Text  string // as given
	Fault ReferenceFault
	Limit int // for TooManyPosts
}

// Error returns the text of the error, in English.
func (e *ReferenceError) Error() string {
	switch e.Fault {
	case TooManyPosts:
		return fmt.Sprintf("at most %d posts can be explained at once", e.Limit)
	case OtherSite:
		return fmt.Sprintf("%q does not begin with the forum's address ([forum] url)", e.Text)
	case UnknownAddress:
		return fmt.Sprintf("%q leads to no post or thread that Postrider knows: give the ID of the post", e.Text)
	case UnseenThread:
		return fmt.Sprintf("%q leads to a thread of which Postrider has seen no post", e.Text)
	case UnseenNumber:
		return fmt.Sprintf("%q leads to a post that Postrider has not seen: if it is old, give its ID", e.Text)
	}
	return fmt.Sprintf("invalid post %q: must be the ID of a post, as in its link, or the link of a post or thread", e.Text)
}

// ParseReferences reads references that are separated by spaces, commas or semicolons. A link can contain commas and semicolons: it
// ends at a space. The error is a [ReferenceError], also if there are more than limit.
func ParseReferences(text string, limit int) (list []Reference, err error) {
	for _, word := range strings.Fields(text) {
		if isLink(word) {
			list = append(list, Reference{Link: withScheme(strings.TrimRight(word, ",;"))})
			continue
		}
		for part := range strings.FieldsFuncSeq(word, func(r rune) bool { return r == ',' || r == ';' }) {
			r, ok := parseID(part)
			if !ok {
				return nil, &ReferenceError{Text: part, Fault: NoReference}
			}
			list = append(list, r)
		}
	}
	switch {
	case len(list) == 0:
		return nil, &ReferenceError{Text: text, Fault: NoReference}
	case len(list) > limit:
		return nil, &ReferenceError{Text: text, Fault: TooManyPosts, Limit: limit}
	}
	return list, nil
}

func isLink(word string) bool {
	return strings.Contains(word, "/") && strings.Contains(word, ".") || strings.Contains(word, "://")
}

func withScheme(link string) string {
	if strings.Contains(link, "://") {
		return link
	}
	return "https://" + link // copied from a browser that hides it
}

func parseID(text string) (r Reference, ok bool) {
	number, thread := strings.CutPrefix(text, "T")
	id, err := strconv.ParseInt(strings.TrimPrefix(number, "#"), 10, 64)
	if err != nil || id < 1 {
		return r, false
	}
	if thread {
		return Reference{Thread: forum.ThreadID(id)}, true
	}
	return Reference{Post: forum.PostID(id)}, true
}
