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
	"postrider/internal/inline"
	"postrider/internal/line"
	"postrider/internal/qp"
	"postrider/markup"
)

// CompiledAnnouncement is an announcement whose variants are parsed and rendered once, ready to fill for each member. It
// is immutable and safe for concurrent use.
type CompiledAnnouncement struct {
	layout   layoutForm
	variants []variant
	tags     languageTags // of the variants
}

// variant is an announcement in one language.
type variant struct {
	locale     *locale        // for its words and its dates
	dir        string         // direction of its text
	title      string         // with the placeholder runes of its merge fields
	preheader  string         // with the placeholder runes of its merge fields
	html, text compiled       // the body; its slots are the merge fields, by index
	fields     []markup.Field // each once, in the order of their slots
	images     []inline.Image // of the brand and of the body, each once
}

// Recipient is the member that an announcement is rendered for.
type Recipient struct {
	Member  forum.Member
	Profile forum.Profile
	Zone    *time.Location // nil: UTC
}

// CompileAnnouncement parses and checks an announcement. The error lists every fault with its variant, its line and how to
// fix it. A message has at most budget bytes of HTML.
func (p *Renderer) CompileAnnouncement(a *digest.Announcement, budget int) (*CompiledAnnouncement, error) {
	if len(a.Variants) == 0 {
		return nil, errors.New("the announcement is empty: write a title and a body")
	}
	n := &CompiledAnnouncement{}
	if a.Forced {
		n.layout = forcedNotice
	}
	var tags []language.Tag
	var errs []error
	for _, v := range a.Variants {
		tag, err := language.Parse(v.Locale)
		if err != nil {
			errs = append(errs, inField(FieldLocale, fmt.Errorf("invalid locale %q: must be a language tag, for example \"en\" or \"de\"", v.Locale)))
			continue
		}
		if slices.Contains(tags, tag) {
			errs = append(errs, inField(FieldLocale, fmt.Errorf("in %s: two variants have this language: remove one", v.Locale)))
			continue
		}
		tags = append(tags, tag)
		ready, err := p.variant(v)
		if err == nil {
			err = p.checkSize(ready, n.layout, budget)
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
	n.tags = newLanguageTags(tags)
	return n, nil
}

// Field is a merge field of an announcement, with the fallback for members without a value.
type Field struct{ Name, Fallback string }

// Fields returns the fields of all variants, each once.
func (n *CompiledAnnouncement) Fields() []Field {
	var list []Field
	for _, v := range n.variants {
		for _, g := range v.fields {
			if f := (Field{g.Name, g.Fallback}); !slices.Contains(list, f) {
				list = append(list, f)
			}
		}
	}
	return list
}

// variant parses a variant and renders its body.
func (p *Renderer) variant(v digest.Variant) (*variant, error) {
	out := &variant{locale: p.locale(v.Locale), dir: direction(language.Make(v.Locale))}
	images := pictures{files: p.set.files, images: p.set.brandImages()}
	doc, err := markup.Markdown(v.Body, markup.Links{Base: p.site.URL, Picture: images.read})
	out.images = images.images
	title, inTitle := out.placeholders(line.Fit(v.Title, titleLimit))
	errs := []error{err}
	switch {
	case title == "":
		errs = append(errs, inField(FieldTitle, errors.New("the title is empty: write one")))
	case doc.Empty() && err == nil:
		errs = append(errs, errors.New("the body is empty: write one"))
	}
	errs = append(errs, inField(FieldTitle, checkFields(inTitle)), checkFields(doc.Fields()))
	out.title = title
	words := out.locale.words
	words.Field = func(g markup.Field) string { return out.placeholder(g) }
	out.preheader = line.Shorten(doc.Summary(words, 4*preheaderLimit), preheaderLimit)
	body := announcementData[htmltemplate.HTML]{Title: title, Body: htmltemplate.HTML(doc.HTML(words)), Lang: v.Locale, Dir: out.dir}
	words.Field = func(g markup.Field) string { return padPlaceholders(out.placeholder(g)) }
	plain := announcementData[string]{Title: padPlaceholders(title), Body: doc.Text(words, textWidth), Lang: body.Lang, Dir: body.Dir}
	if len(out.fields) > maxFields {
		errs = append(errs, fmt.Errorf("%d different merge fields: use at most %d; a field counts again for each fallback", len(out.fields), maxFields))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	html, text, err := p.render(out.locale, announcementMail, "announcement", body, plain)
	if err != nil {
		return nil, err
	}
	out.html, out.text = compile(html), compile(strings.ReplaceAll(text, string(paddingRune), ""))
	return out, nil
}

// announcementData is the data of the template "announcement". Title and Body hold placeholder runes for merge fields, so a
// template can print them but not compare them.
type announcementData[T string | htmltemplate.HTML] struct {
	Title     string
	Body      T // rendered: safe HTML, or lines of text
	Lang, Dir string
}

// valueReserve is the space for the values of the slots and merge fields of one message, in bytes. A name takes a few
// hundred bytes at most.
const valueReserve = 4 << 10

// checkSize returns an error if a message of a variant exceeds a budget of bytes of HTML, in any language of its layout.
func (p *Renderer) checkSize(v *variant, form layoutForm, budget int) error {
	size := v.html.size + valueReserve
	for _, l := range p.set.locales {
		sh, err := p.layouts[layoutKey{announcementMail, l.index, form, true}]()
		if err != nil {
			return err
		}
		if all := size + sh.html.head.size + sh.html.foot.size; all > budget {
			return fmt.Errorf("the message would have %d bytes, more than digest.max_bytes (%d): shorten the text, because mailboxes clip longer messages", all, budget)
		}
	}
	return nil
}

// Announcement renders an announcement for one member: the variant that fits their language, in a layout in their language.
func (p *Renderer) Announcement(n *CompiledAnnouncement, r Recipient, f Footer) (Content, error) {
	l := p.locale(r.Member.Locale)
	sh, err := p.layouts[layoutKey{announcementMail, l.index, n.layout, f.View != ""}]()
	if err != nil {
		return Content{}, err
	}
	w := render{renderer: p, kind: announcementMail, locale: l, layout: sh, zone: r.Zone}
	if w.zone == nil {
		w.zone = time.UTC
	}
	if err := w.fillFooter(r.Member, f); err != nil {
		return Content{}, err
	}
	v := n.pick(r.Member.Locale)
	own := v.memberValues(p, r, w.zone)
	subject := v.fill(v.title, own)
	w.fill(slotSubject, subject, subject)
	w.fill(slotPreheader, v.fill(v.preheader, own), "")
	c := Content{Subject: subject, Images: v.images}
	c.HTML = w.wrapInLayout(sh.html, &w.values.html, &v.html, encoded(own, escape))
	c.Text = w.wrapInLayout(sh.text, &w.values.text, &v.text, encoded(own, func(s string) string { return s }))
	return c, nil
}

// pick returns the variant in a language, or else the first one.
func (n *CompiledAnnouncement) pick(locale string) *variant {
	return &n.variants[max(n.tags.match(locale), 0)]
}

// wrapInLayout puts a body between the header and the footer of a layout.
func (w *render) wrapInLayout(f layoutParts, personal *slotValues, body *compiled, words []qp.Text) qp.Pieces {
	out := make(qp.Pieces, 0, 2*(len(f.head.slots)+len(f.foot.slots)+len(body.slots))+3)
	out = f.head.execute(out, personal)
	for i, h := range body.slots {
		out = append(out, body.parts[i], words[h.index()])
	}
	out = append(out, body.parts[len(body.parts)-1])
	return f.foot.execute(out, personal)
}
