package templates

import (
	"errors"
	"fmt"
	htmltemplate "html/template"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"

	"postrider/digest"
	"postrider/forum"
	"postrider/internal/qp"
	"postrider/markup"
)

// CompiledAnnouncement is an announcement ready to be laid: each of its variants is read and rendered once. It is immutable and safe
// for concurrent use.
type CompiledAnnouncement struct {
	forced   bool
	variants []variant
	matcher  language.Matcher
}

// variant is a notice in one language.
type variant struct {
	locale     *locale        // whose words stand in it, and who writes its dates
	dir        string         // in which it is written
	title      string         // with the signs of gaps
	preheader  string         // the same
	html, text compiled       // the row of the body; its holes are gaps, by their index
	gaps       []markup.Field // each once
}

// Recipient is whom an announcement is laid for.
type Recipient struct {
	Member  forum.Member
	Profile forum.Profile
	Zone    *time.Location // nil: UTC
}

// CompileAnnouncement makes an announcement ready. The error names all that is wrong with it, each fault with its variant, its line
// and its cure. A mail of it has at most budget bytes of HTML.
func (p *Renderer) CompileAnnouncement(a *digest.Announcement, budget int) (*CompiledAnnouncement, error) {
	if len(a.Variants) == 0 {
		return nil, errors.New("the announcement says nothing: give it a title and a body")
	}
	n := &CompiledAnnouncement{forced: a.Forced}
	var tags []language.Tag
	var errs []error
	for _, v := range a.Variants {
		tag, err := language.Parse(v.Locale)
		if err != nil {
			errs = append(errs, fmt.Errorf("locale %q is no language: give one such as \"en\" or \"de\"", v.Locale))
			continue
		}
		if slices.Contains(tags, tag) {
			errs = append(errs, fmt.Errorf("in %s: there are two variants in this language", v.Locale))
			continue
		}
		tags = append(tags, tag)
		ready, err := p.variant(v)
		if err == nil {
			err = p.checkSize(ready, a.Forced, budget)
		}
		if err != nil {
			errs = append(errs, withLocale(v.Locale, err))
			continue
		}
		n.variants = append(n.variants, *ready)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	n.matcher = language.NewMatcher(tags)
	return n, nil
}

// Field is what an announcement says of each reader himself, and what stands there of whom it is not known.
type Field struct{ Name, Fallback string }

// Fields are the fields of all variants, each once.
func (n *CompiledAnnouncement) Fields() []Field {
	var list []Field
	for _, v := range n.variants {
		for _, g := range v.gaps {
			if f := (Field{g.Name, g.Fallback}); !slices.Contains(list, f) {
				list = append(list, f)
			}
		}
	}
	return list
}

// withLocale says for each of the errors in which variant it is.
func withLocale(locale string, err error) error {
	var errs []error
	for line := range strings.SplitSeq(err.Error(), "\n") {
		errs = append(errs, fmt.Errorf("in %s: %s", locale, line))
	}
	return errors.Join(errs...)
}

// variant reads a variant and renders its body.
func (p *Renderer) variant(v digest.Variant) (*variant, error) {
	out := &variant{locale: p.locale(v.Locale), dir: direction(language.Make(v.Locale))}
	doc, err := markup.Markdown(v.Body, markup.Links{Base: p.site.URL})
	title, inTitle := out.placeholders(safeLine(v.Title, titleLimit))
	errs := []error{err}
	switch {
	case title == "":
		errs = append(errs, errors.New("the title is empty: write one"))
	case doc.Empty():
		errs = append(errs, errors.New("the body is empty: write one"))
	}
	for _, g := range append(inTitle, doc.Fields()...) {
		errs = append(errs, checkField(g))
	}
	out.title = title
	words := out.locale.words
	words.Field = func(g markup.Field) string { return out.placeholder(g) }
	out.preheader = shorten(strings.Join(strings.Fields(doc.Text(words, textWidth)), " "), preheaderLimit)
	body := noticeData[htmltemplate.HTML]{Title: title, Body: htmltemplate.HTML(doc.HTML(words)), Lang: v.Locale, Dir: out.dir}
	words.Field = func(g markup.Field) string { return padPlaceholders(out.placeholder(g)) }
	plain := noticeData[string]{Title: padPlaceholders(title), Body: doc.Text(words, textWidth), Lang: body.Lang, Dir: body.Dir}
	if len(out.gaps) > maxFields {
		errs = append(errs, fmt.Errorf("%d different gaps: use at most %d, counting the same field with another fallback as another", len(out.gaps), maxFields))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	html, text, err := p.render(out.locale, noticeMail, "announcement", body, plain)
	if err != nil {
		return nil, err
	}
	out.html, out.text = compile(html), compile(strings.ReplaceAll(text, string(paddingRune), ""))
	return out, nil
}

// noticeData is what the template "announcement" is given. Title and Body hold signs for what is the member's own, so
// they can be printed, but not compared.
type noticeData[T string | htmltemplate.HTML] struct {
	Title     string
	Body      T // ready-made: safe HTML, or lines of text
	Lang, Dir string
}

// valueReserve is what may fill the holes and gaps of one mail, in bytes: a name comes to some hundred at most.
const valueReserve = 4 << 10

// checkSize tells whether a mail of a variant stays within a budget of bytes of HTML, in every language of its shell.
func (p *Renderer) checkSize(v *variant, forced bool, budget int) error {
	size := v.html.size + valueReserve
	for _, l := range p.set.locales {
		sh, err := p.shells[shellKey{noticeMail, l.index, forced, true}]()
		if err != nil {
			return err
		}
		if all := size + sh.html.head.size + sh.html.foot.size; all > budget {
			return fmt.Errorf("the mail would have %d bytes, and digest.max_bytes is %d: shorten the text, for mailboxes cut off what is longer", all, budget)
		}
	}
	return nil
}

// Announcement lays a notice for one reader: in the variant that he can read, within a shell that speaks his language.
func (p *Renderer) Announcement(n *CompiledAnnouncement, r Recipient, f Footer) (Content, error) {
	l := p.locale(r.Member.Locale)
	sh, err := p.shells[shellKey{noticeMail, l.index, n.forced, f.View != ""}]()
	if err != nil {
		return Content{}, err
	}
	w := render{press: p, kind: noticeMail, locale: l, shell: sh, zone: r.Zone}
	if w.zone == nil {
		w.zone = time.UTC
	}
	if err := w.fillFooter(r.Member, f); err != nil {
		return Content{}, err
	}
	v := n.pick(r.Member.Locale)
	own := v.memberValues(p, r, w.zone)
	subject := v.fill(v.title, own)
	w.fill(holeSubject, subject, subject)
	w.fill(holePreheader, v.fill(v.preheader, own), "")
	c := Content{Subject: subject}
	c.HTML = w.wrapInLayout(sh.html, &w.values.html, &v.html, encoded(own, escape))
	c.Text = w.wrapInLayout(sh.text, &w.values.text, &v.text, encoded(own, func(s string) string { return s }))
	return c, nil
}

// pick is the variant for a language, else the first.
func (n *CompiledAnnouncement) pick(locale string) *variant {
	if tag, err := language.Parse(locale); err == nil {
		if _, i, confidence := n.matcher.Match(tag); confidence != language.No {
			return &n.variants[i]
		}
	}
	return &n.variants[0]
}

// wrapInLayout lays a body between masthead and footer.
func (w *render) wrapInLayout(f layoutParts, personal *slotValues, body *compiled, words []qp.Text) qp.Pieces {
	rope := make(qp.Pieces, 0, 2*(len(f.head.holes)+len(f.foot.holes)+len(body.holes))+3)
	rope = f.head.execute(rope, personal)
	for i, h := range body.holes {
		rope = append(rope, body.parts[i], words[h.index()])
	}
	rope = append(rope, body.parts[len(body.parts)-1])
	return f.foot.execute(rope, personal)
}
