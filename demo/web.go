package demo

import (
	"cmp"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed page
var pageFiles embed.FS

const (
	// pagePolicy allows our own files only.
	pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
		"frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	// mailPolicy is for the HTML of a message: inline styles, no scripts, no forms, no remote images, and a separate
	// origin. Links open in a new tab.
	mailPolicy = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; " +
		"img-src data:; form-action 'none'; frame-ancestors 'self'"
)

// pages are the inbox's templates.
type pages struct{ *template.Template }

func newPages() *pages {
	return &pages{template.Must(template.New("").Funcs(template.FuncMap{
		"clock": formatTime,
		"size":  func(b []byte) string { return strconv.Itoa((len(b)+1023)/1024) + " kB" },
	}).ParseFS(pageFiles, "page/*.html"))}
}

// formatTime formats a time for the pages, in UTC because members live in many time zones.
func formatTime(t time.Time) string { return t.UTC().Format("Mon 2 Jan, 15:04") }

func (i *Inbox) routes() {
	files, _ := fs.Sub(pageFiles, "page") // "page" is embedded above
	i.mux.HandleFunc("GET /{$}", i.list)
	i.mux.HandleFunc("GET /mail/{id}", i.mail)
	i.mux.HandleFunc("GET /mail/{id}/body", i.body)
	i.mux.HandleFunc("GET /mail/{id}/source.eml", i.source)
	i.mux.HandleFunc("GET /events", i.events)
	for _, name := range []string{"inbox.css", "inbox.js", "icon.svg"} {
		i.mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, files, name) })
	}
}

// ServeHTTP shows the inbox.
func (i *Inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	i.mux.ServeHTTP(w, r)
}

// view is what a page shows.
type view struct {
	Now    time.Time
	Pace   int
	Member string // only messages to this address; empty: all
	People []Person
	Rows   []row
	Last   int // ID of the newest message
	Open   *Message
	As     string // html, text or source
	Forum  string
	Kept   int
}

// row is a message in the list.
type row struct {
	*Message
	Member  string // the filter, which links keep
	Current bool
}

func (i *Inbox) view(member string, open *Message) view {
	all := i.Messages()
	v := view{Now: i.clock(), Pace: i.pace(), Member: member, People: people(all), Open: open, Forum: Name, Kept: Kept}
	for _, m := range all {
		v.Last = max(v.Last, m.ID)
		if member == "" || m.To.Address == member {
			v.Rows = append(v.Rows, row{m, member, m == open})
		}
	}
	if member != "" && len(v.Rows) == 0 { // the form must still show the selected address
		v.People = append(v.People, Person{Address: member})
	}
	return v
}

// people lists the recipients, by name.
func people(all []*Message) []Person {
	var list []Person
	for _, m := range all {
		list = append(list, m.To)
	}
	slices.SortFunc(list, func(a, b Person) int {
		return cmp.Or(strings.Compare(a.String(), b.String()), strings.Compare(a.Address, b.Address))
	})
	return slices.CompactFunc(list, func(a, b Person) bool { return a.Address == b.Address })
}

func (i *Inbox) list(w http.ResponseWriter, r *http.Request) {
	i.show(w, i.view(r.FormValue("member"), nil))
}

func (i *Inbox) mail(w http.ResponseWriter, r *http.Request) {
	m, ok := i.find(w, r)
	if !ok {
		return
	}
	v := i.view(r.FormValue("member"), m)
	switch v.As = r.FormValue("as"); {
	case v.As == "source" || v.As == "text":
	case m.HTML == "":
		v.As = "text"
	default:
		v.As = "html"
	}
	i.show(w, v)
}

func (i *Inbox) show(w http.ResponseWriter, v view) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	// The only possible error is a disconnected browser: the templates were parsed at start, and accept any text.
	_ = i.pages.ExecuteTemplate(w, "inbox.html", v)
}

// find finds the message of a request, or responds with 404.
func (i *Inbox) find(w http.ResponseWriter, r *http.Request) (*Message, bool) {
	id, _ := strconv.Atoi(r.PathValue("id"))
	m, ok := i.Message(id)
	if !ok {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		_ = i.pages.ExecuteTemplate(w, "gone.html", Kept)
	}
	return m, ok
}

var head = regexp.MustCompile(`(?i)<head(\s[^>]*)?>`)

// body returns the HTML of a message, for a frame. Its links open in new tabs, because the frame blocks them.
func (i *Inbox) body(w http.ResponseWriter, r *http.Request) {
	m, ok := i.find(w, r)
	if !ok {
		return
	}
	html := m.HTML
	if at := head.FindStringIndex(html); at != nil {
		html = html[:at[1]] + `<base target="_blank">` + html[at[1]:]
	}
	w.Header().Set("Content-Security-Policy", mailPolicy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(html))
}

func (i *Inbox) source(w http.ResponseWriter, r *http.Request) {
	m, ok := i.find(w, r)
	if !ok {
		return
	}
	w.Header().Set("Content-Type", "message/rfc822")
	w.Header().Set("Content-Disposition", "attachment; filename=mail-"+strconv.Itoa(m.ID)+".eml")
	_, _ = w.Write(m.Raw)
}
