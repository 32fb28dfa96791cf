package mirror

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/text/language"
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

// Limits of texts, in characters.
const (
	maxID      = 200
	maxTitle   = 500
	maxAddress = 500
	maxBody    = 200000
)

// Request is what a site sends: what is new or has changed, and what is deleted. Everything is named by IDs of the site, which may be
// any text of up to 200 characters.
type Request struct {
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
}

// Watch is a member's watch of a section or a thread.
type Watch struct {
	Member  string `json:"member"`
	Section string `json:"section"`
	Thread  string `json:"thread"`
	Level   string `json:"level"` // of a section: posts (also if empty) or threads
}

// Deletion names one thing that is deleted.
type Deletion struct {
	Section string `json:"section"`
	Thread  string `json:"thread"`
	Post    string `json:"post"`
	Member  string `json:"member"`
	Watch   *Watch `json:"watch"`
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

// checker collects mistakes.
type checker struct{ errs []error }

// maxMistakes is how many mistakes of a request are reported.
const maxMistakes = 20

func (c *checker) add(path, format string, a ...any) {
	if len(c.errs) < maxMistakes {
		c.errs = append(c.errs, fieldError(path, format, a...))
	}
}

// check reports what is wrong with the values, apart from references.
func (r *Request) check() error {
	var c checker
	for i, s := range r.Sections {
		at := fmt.Sprintf("sections[%d]", i)
		c.id(at+".id", s.ID, true)
		c.id(at+".parent", s.Parent, false)
		c.line(at+".title", s.Title, true)
		c.url(at+".url", s.URL)
	}
	for i, t := range r.Threads {
		at := fmt.Sprintf("threads[%d]", i)
		c.id(at+".id", t.ID, true)
		c.id(at+".section", t.Section, true)
		c.line(at+".title", t.Title, true)
		c.author(at, t.Author, t.AuthorName, t.State)
		c.url(at+".url", t.URL)
	}
	for i, p := range r.Posts {
		at := fmt.Sprintf("posts[%d]", i)
		c.id(at+".id", p.ID, true)
		c.id(at+".thread", p.Thread, true)
		c.author(at, p.Author, p.AuthorName, p.State)
		c.url(at+".url", p.URL)
		c.text(at, p)
	}
	for i, m := range r.Members {
		c.member(fmt.Sprintf("members[%d]", i), m)
	}
	for i, w := range r.Watches {
		c.watch(fmt.Sprintf("watches[%d]", i), w)
	}
	for i, d := range r.Deletions {
		c.deletion(fmt.Sprintf("deletions[%d]", i), d)
	}
	return errors.Join(c.errs...)
}

func (c *checker) id(path, id string, required bool) {
	switch {
	case id == "" && required:
		c.add(path, "missing: must be a text of 1 to %d characters", maxID)
	case utf8.RuneCountInString(id) > maxID || strings.ContainsFunc(id, unicode.IsControl):
		c.add(path, "must have at most %d characters, without line breaks", maxID)
	}
}

func (c *checker) line(path, s string, required bool) {
	switch {
	case required && strings.TrimSpace(s) == "":
		c.add(path, "missing: must be plain text of 1 to %d characters", maxTitle)
	case utf8.RuneCountInString(s) > maxTitle || strings.ContainsRune(s, 0):
		c.add(path, "must be plain text of at most %d characters", maxTitle)
	}
}

func (c *checker) url(path, s string) {
	if s == "" {
		return
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || len(s) > maxAddress || strings.ContainsFunc(s, unicode.IsControl) {
		c.add(path, "must be an http or https URL of at most %d characters", maxAddress)
	}
}

func (c *checker) author(path, id, name, state string) {
	c.id(path+".author", id, false)
	c.line(path+".author_name", name, false)
	if state != "" && state != "visible" && state != "moderated" {
		c.add(path+".state", "must be \"visible\" or \"moderated\"; to delete something, use deletions")
	}
}

func (c *checker) text(path string, p Post) {
	if (p.HTML == "") == (p.BBCode == "") {
		c.add(path, "must have either html or bbcode")
	}
	if utf8.RuneCountInString(p.HTML+p.BBCode) > maxBody {
		c.add(path, "the text has more than %d characters", maxBody)
	}
	if strings.ContainsRune(p.HTML+p.BBCode, 0) {
		c.add(path, "the text must not contain the character U+0000")
	}
}

func (c *checker) member(path string, m Member) {
	c.id(path+".id", m.ID, true)
	c.line(path+".name", m.Name, true)
	if m.Email != "" && !validAddress(m.Email) {
		c.add(path+".email", "must be an address like \"ann@example.org\", or empty")
	}
	if m.Zone != "" {
		if _, err := time.LoadLocation(m.Zone); err != nil || m.Zone == "Local" {
			c.add(path+".zone", "must be a time zone like \"Europe/Berlin\", or empty")
		}
	}
	if m.Locale != "" {
		if _, err := language.Parse(m.Locale); err != nil {
			c.add(path+".locale", "must be a language like \"de\" or \"pt-BR\", or empty")
		}
	}
}

// validAddress reports whether s is a bare email address.
func validAddress(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && len(s) <= 254
}

func (c *checker) watch(path string, w Watch) {
	c.id(path+".member", w.Member, true)
	c.id(path+".section", w.Section, false)
	c.id(path+".thread", w.Thread, false)
	if (w.Section == "") == (w.Thread == "") {
		c.add(path, "must have either section or thread")
	}
	if w.Level != "" && (w.Level != "posts" && w.Level != "threads" || w.Thread != "") {
		c.add(path+".level", "must be \"posts\" or \"threads\", and only for a section")
	}
}

func (c *checker) deletion(path string, d Deletion) {
	named := 0
	for _, f := range []struct{ name, id string }{{"section", d.Section}, {"thread", d.Thread}, {"post", d.Post}, {"member", d.Member}} {
		if f.id != "" {
			named++
		}
		c.id(path+"."+f.name, f.id, false)
	}
	if d.Watch != nil {
		named++
		c.watch(path+".watch", *d.Watch)
	}
	if named != 1 {
		c.add(path, "must name one section, thread, post, member or watch")
	}
}
