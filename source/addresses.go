package source

import (
	"net/url"
	"strings"
	"unicode"

	lru "github.com/hashicorp/golang-lru/v2"

	"postrider/forum"
	"postrider/internal/line"
)

// addressLimit is the maximum length of an address that a forum stores. A longer one is not used.
const addressLimit = 500

// keptAddresses is how many addresses of each kind are remembered, at about 200 bytes each. A round reads the posts of its batch right
// before it renders them.
const keptAddresses = 1 << 15

// addresses are the links of a forum that stores some of its addresses, because they do not follow from the IDs. They are remembered
// when the sections, threads and posts are read. For all others, the links of the forum type apply.
type addresses struct {
	forum.Links
	sections *lru.Cache[forum.SectionID, string]
	threads  *lru.Cache[forum.ThreadID, string]
	posts    *lru.Cache[forum.PostID, string]
}

func newAddresses(links forum.Links) *addresses {
	return &addresses{links, newKept[forum.SectionID](), newKept[forum.ThreadID](), newKept[forum.PostID]()}
}

func newKept[K comparable]() *lru.Cache[K, string] {
	kept, err := lru.New[K, string](keptAddresses)
	if err != nil {
		panic(err) // only for a size below one
	}
	return kept
}

// keep remembers an address that was read. It may contain what members wrote, for example a title: one that is no address of the web is
// not used.
func keep[K comparable](kept *lru.Cache[K, string], id K, address string) {
	if address = webAddress(address); address != "" {
		kept.Add(id, address)
	} else {
		kept.Remove(id)
	}
}

// absolute returns an address that begins with "/" below that of the forum.
func (db *DB) absolute(address string) string {
	if strings.HasPrefix(address, "/") {
		return db.base + address
	}
	return address
}

// escapeUnsafe escapes the characters that an address must not contain (RFC 3986, appendix A), as browsers do. Letters of other scripts stay.
var escapeUnsafe = strings.NewReplacer(" ", "%20", `"`, "%22", "<", "%3C", ">", "%3E", `\`, "%5C", "^", "%5E", "`", "%60", "{", "%7B", "|", "%7C", "}", "%7D")

// webAddress returns an address in a form that a message can link to, or "" if it is none: too long, with another scheme such as
// javascript, or with line ends.
func webAddress(address string) string {
	if len(address) > addressLimit || strings.ContainsFunc(address, unicode.IsControl) || strings.ContainsFunc(address, line.IsHarmful) {
		return ""
	}
	address = escapeUnsafe.Replace(address)
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return ""
	}
	return address
}

// Section implements forum.Links.
func (a *addresses) Section(id forum.SectionID) string {
	if address, known := a.sections.Get(id); known {
		return address
	}
	return a.Links.Section(id)
}

// Thread implements forum.Links.
func (a *addresses) Thread(id forum.ThreadID) string {
	if address, known := a.threads.Get(id); known {
		return address
	}
	return a.Links.Thread(id)
}

// Post implements forum.Links. A post without an address has that of its thread.
func (a *addresses) Post(thread forum.ThreadID, id forum.PostID) string {
	if address, known := a.posts.Get(id); known {
		return address
	}
	if address, known := a.threads.Get(thread); known {
		return address
	}
	return a.Links.Post(thread, id)
}
