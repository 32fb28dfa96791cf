package mirror

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// The maximum size of a request.
const (
	MaxRequest = 5 << 20 // bytes
	MaxThings  = 20_000  // sections, threads, posts, members, watches and deletions in all
	// maxRequestParts is how many objects and fields such a request can have. More are not parsed: empty ones would take a gigabyte.
	maxRequestParts = 10 * MaxThings
)

// ErrTooManyThings means that a request has more than [MaxThings], so that it would take too long to store.
var ErrTooManyThings = fmt.Errorf("more than %d sections, threads, posts, members, watches and deletions", MaxThings)

// Request is what a site sends: what is new or has changed, and what is deleted. Everything is named by IDs of the site, which may be
// any text of up to 200 characters.
type Request struct {
	// AsOf is when the site read what it sends; zero: unknown. What was deleted at this time or later stays deleted.
	AsOf      time.Time  `json:"as_of"`
	Sections  []Section  `json:"sections"`
	Threads   []Thread   `json:"threads"`
	Posts     []Post     `json:"posts"`
	Members   []Member   `json:"members"`
	Watches   []Watch    `json:"watches"`
	Deletions []Deletion `json:"deletions"`
}

// Section holds threads.
type Section struct {
	ID     string `json:"id"`
	Parent string `json:"parent"` // empty: at the top
	Title  string `json:"title"`
	Place  int64  `json:"place"` // order among its siblings
	URL    string `json:"url"`
	// Read are the groups that may read it, or "*" for everyone; not given: as before, and everyone if it is new.
	Read Groups `json:"read"`
}

// Thread is a topic or an article with its comments.
type Thread struct {
	ID         string    `json:"id"`
	Section    string    `json:"section"`
	Title      string    `json:"title"`
	Author     string    `json:"author"` // ID of a member, who may be unknown
	AuthorName string    `json:"author_name"`
	At         time.Time `json:"at"`
	State      string    `json:"state"` // visible (also if empty) or moderated
	Locked     bool      `json:"locked"`
	URL        string    `json:"url"`
}

// Post is one post, with its text as HTML or BBCode.
type Post struct {
	ID         string    `json:"id"`
	Thread     string    `json:"thread"`
	Author     string    `json:"author"`
	AuthorName string    `json:"author_name"`
	At         time.Time `json:"at"`
	State      string    `json:"state"`
	HTML       string    `json:"html"`
	BBCode     string    `json:"bbcode"`
	URL        string    `json:"url"`

	fresh bool // new, whatever its date: it has just appeared in a feed
}

// Member is a person who gets email. The site has their consent.
type Member struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Email    string    `json:"email"`
	Zone     string    `json:"zone"`   // IANA name; empty: the site's default
	Locale   string    `json:"locale"` // BCP 47 tag; empty: the site's default
	JoinedAt time.Time `json:"joined_at"`
	Groups   Groups    `json:"groups"` // not given: as before
}

// Watch is a member's watch of a section or a thread.
type Watch struct {
	Member  string `json:"member"`
	Section string `json:"section"`
	Thread  string `json:"thread"`
	Level   string `json:"level"` // of a section: posts (also if empty) or threads
}

// Deletion names one thing that is deleted: a section, thread, post, member, watch, or the item of a feed.
type Deletion struct {
	AsOf    time.Time `json:"as_of"` // when it was deleted; zero: as of the request, or else now. Not for a watch.
	Section string    `json:"section"`
	Thread  string    `json:"thread"`
	Post    string    `json:"post"`
	Member  string    `json:"member"`
	Watch   *Watch    `json:"watch"`
	Feed    string    `json:"feed"` // URL, as in the configuration
	Item    string    `json:"item"` // its guid (RSS) or id (Atom, JSON Feed), or else its link
}

// FieldError is a mistake of the sender.
type FieldError struct {
	Path string // "posts[3].thread"
	Text string // what is wrong, and what is expected
}

// Error returns the path and the text.
func (e *FieldError) Error() string {
	if e.Path == "" {
		return e.Text
	}
	return e.Path + ": " + e.Text
}

func fieldError(path, format string, a ...any) error {
	return &FieldError{path, fmt.Sprintf(format, a...)}
}

// ParseRequest reads the JSON of a request. It returns [ErrTooManyThings]; every other error is a [FieldError], several are joined.
func ParseRequest(text []byte) (*Request, error) {
	if jsonParts(text) > maxRequestParts {
		return nil, ErrTooManyThings
	}
	var r Request
	if err := json.Unmarshal(text, &r, json.RejectUnknownMembers(true)); err != nil {
		return nil, syntaxError(err)
	}
	if len(r.Sections)+len(r.Threads)+len(r.Posts)+len(r.Members)+len(r.Watches)+len(r.Deletions) > MaxThings {
		return nil, ErrTooManyThings
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	return &r, nil
}

// syntaxError says where JSON is malformed or of the wrong type, without repeating it.
func syntaxError(err error) error {
	var wrong *json.SemanticError
	var broken *jsontext.SyntacticError
	switch {
	case errors.As(err, &wrong) && errors.Is(err, json.ErrUnknownName):
		return fieldError(path(wrong.JSONPointer), "unknown field; see docs/mirror.md")
	case errors.As(err, &wrong) && wrong.GoType != nil && wrong.GoType.String() == "time.Time":
		return fieldError(path(wrong.JSONPointer), "must be a time like \"2026-05-04T08:00:00Z\" (RFC 3339)")
	case errors.As(err, &wrong) && wrong.GoType == reflect.TypeFor[Groups]():
		return fieldError(path(wrong.JSONPointer), "must be an array of names of groups")
	case errors.As(err, &wrong) && wrong.GoType != nil:
		return fieldError(path(wrong.JSONPointer), "must be %s, is %s", kindName(wrong.GoType.Kind().String()), wrong.JSONKind)
	case errors.As(err, &broken) && errors.Is(err, jsontext.ErrDuplicateName):
		return fieldError(path(broken.JSONPointer), "is given twice")
	case errors.As(err, &broken):
		return fieldError(path(broken.JSONPointer), "malformed JSON at byte %d", broken.ByteOffset)
	}
	return fieldError("", "malformed JSON")
}

func kindName(kind string) string {
	switch kind {
	case "slice":
		return "an array"
	case "struct", "ptr":
		return "an object"
	case "int64":
		return "a whole number"
	case "bool":
		return "true or false"
	}
	return "a string"
}

// path turns "/posts/3/thread" into "posts[3].thread".
func path(p jsontext.Pointer) string {
	var out strings.Builder
	for token := range p.Tokens() {
		switch {
		case token != "" && strings.Trim(token, "0123456789") == "":
			out.WriteString("[" + token + "]")
		case out.Len() > 0:
			out.WriteString("." + token)
		default:
			out.WriteString(token)
		}
	}
	return out.String()
}
