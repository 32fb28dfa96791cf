package markup

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/net/html"
)

// allowed lists all tags and attributes that a message may contain.
var allowed = map[string][]string{
	"div": {"style", "class", "dir"}, "p": {"style", "class", "dir"}, "span": {"style", "class", "aria-hidden"}, "br": nil,
	"a": {"href", "style", "class", "dir"}, "blockquote": {"style", "class"}, "pre": {"style", "class", "dir"},
	"h3": {"style", "dir"}, "b": nil, "i": nil, "u": nil, "s": nil, "sub": nil, "sup": nil, "code": {"style", "class"}, "hr": {"class", "style"},
	"ul": {"style", "dir"}, "ol": {"style", "dir"}, "li": {"dir"},
	"table": {"style", "border", "cellpadding", "cellspacing", "role"}, "tr": nil, "img": {"src", "alt", "width", "height", "style"},
	"td": {"class", "style", "dir", "bgcolor"}, "th": {"class", "style", "dir"},
}

// checkDoc fails unless the document renders to safe and well-formed output, whatever the input was.
func checkDoc(t *testing.T, d Doc) {
	t.Helper()
	if !d.Empty() {
		checkTree(t, d.t, 0, len(d.t.nodes), nil)
	}
	checkHTML(t, d.HTML(Labels{}))
	checkText(t, d, d.Text(Labels{}, 72), 72)
}

// checkTree checks that every node is allowed in its parent.
func checkTree(t *testing.T, tr *tree, i, end int, in *node) {
	t.Helper()
	for i < end {
		n := &tr.nodes[i]
		if int(n.end) <= i || int(n.end) > end {
			t.Fatalf("node %d ends at %d, in a parent that ends at %d", i, n.end, end)
		}
		var ok bool
		switch {
		case n.kind == omittedLink:
			ok = in == nil && i >= tr.body() && len(tr.nodes)-tr.body() <= maxOmittedLinks
		case in == nil, in.kind == quote, in.kind == item, in.kind == cell:
			ok = n.kind.block() && n.kind != item && n.kind != row && n.kind != cell
		case in.kind == para, in.kind == heading:
			ok = !n.kind.block() && int(n.end) == i+1
		case in.kind == list:
			ok = n.kind == item
		case in.kind == table:
			ok = n.kind == row
		case in.kind == row:
			ok = n.kind == cell
		}
		if !ok {
			t.Fatalf("node %d of kind %d is not allowed in %+v", i, n.kind, in)
		}
		checkTree(t, tr, i+1, int(n.end), n)
		i = int(n.end)
	}
}

func checkHTML(t *testing.T, got string) {
	t.Helper()
	if !utf8.ValidString(got) || strings.ContainsAny(got, "\x00\r\u202e\u202d") {
		t.Fatalf("HTML has characters that it must not have: %q", got)
	}
	var open, order []string
	z := html.NewTokenizer(strings.NewReader(got))
	for tt := z.Next(); tt != html.ErrorToken; tt = z.Next() {
		switch tok := z.Token(); tt {
		case html.StartTagToken:
			checkTag(t, tok)
			order = append(order, tok.Data)
			if tok.Data != "br" && tok.Data != "hr" && tok.Data != "img" {
				open = append(open, tok.Data)
			}
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != tok.Data {
				t.Fatalf("</%s> closes %v in %s", tok.Data, open, got)
			}
			open = open[:len(open)-1]
		case html.TextToken:
		default:
			t.Fatalf("HTML has a %v: %s", tt, got)
		}
	}
	if len(open) > 0 {
		t.Fatalf("%v stay open in %s", open, got)
	}
	// A browser must parse the same structure: nothing moved, nothing closed early.
	root, err := html.Parse(strings.NewReader("<!doctype html><body>" + got))
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && !slices.Contains([]string{"html", "head", "body", "tbody"}, n.Data) {
			seen = append(seen, n.Data)
		}
	}
	if !slices.Equal(seen, order) {
		t.Fatalf("a browser parses %v, want %v", seen, order)
	}
}

func checkTag(t *testing.T, tok html.Token) {
	t.Helper()
	attrs, ok := allowed[tok.Data]
	if !ok {
		t.Fatalf("tag %s is not allowed", tok)
	}
	for _, a := range tok.Attr {
		if !slices.Contains(attrs, a.Key) {
			t.Fatalf("attribute %s of %s is not allowed", a.Key, tok)
		}
		if a.Key == "src" && a.Val != "cid:pict" {
			t.Fatalf("%s loads an image", tok)
		}
		if a.Key != "href" {
			continue
		}
		u, err := url.Parse(a.Val)
		if err != nil || !slices.Contains([]string{"http", "https", "mailto"}, u.Scheme) || u.Scheme != "mailto" && u.Host == "" || !isASCII(a.Val) {
			t.Fatalf("address %q is not allowed (%v)", a.Val, err)
		}
	}
}

func checkText(t *testing.T, d Doc, got string, width int) {
	t.Helper()
	if !utf8.ValidString(got) {
		t.Fatalf("text is not UTF-8: %q", got)
	}
	if strings.ContainsAny(got, "\x00\r\t\u202e\u202d") || strings.HasSuffix(got, "\n") {
		t.Fatalf("text contains forbidden characters: %q", got)
	}
	for line := range strings.SplitSeq(got, "\n") {
		if len(line) > width { // no character has more columns than bytes
			if w := uniseg.StringWidth(line); w > width && !isAddressLine(line) && !isCodeWord(d, line) {
				t.Fatalf("line has %d columns: %q", w, line)
			}
		}
		if line == "-- " || line == "--" || strings.HasSuffix(line, " ") {
			t.Fatalf("line looks like a signature, or ends with a space: %q", line)
		}
		if strings.HasPrefix(line, ">") && !hasQuote(d) {
			t.Fatalf("line looks like a quote: %q", line)
		}
	}
}

func hasQuote(d Doc) bool {
	return slices.ContainsFunc(d.t.nodes, func(n node) bool { return n.kind == quote })
}

// isCodeWord reports whether a line holds one word of code, which is never broken.
func isCodeWord(d Doc, line string) bool {
	for i := range d.t.nodes {
		if n := &d.t.nodes[i]; n.kind == code || n.style&mono != 0 {
			return len(strings.Fields(strings.TrimLeft(line, "> *.0123456789"))) <= 1
		}
	}
	return false
}

// isAddressLine reports whether a line contains only an address and its prefix.
func isAddressLine(line string) bool {
	fields := strings.Fields(line)
	last := fields[len(fields)-1]
	for _, f := range fields[:len(fields)-1] {
		if strings.Trim(f, ">*.[]→0123456789") != "" {
			return false
		}
	}
	return strings.Contains(last, "://") || strings.Contains(last, "@")
}
