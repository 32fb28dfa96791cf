package templates

import (
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"postrider/digest"
)

// digestHeight is the most height of a digest, in pixels at a width of 600. Longer ones are not read to their end.
const digestHeight = 5000

// Heights of the parts of a message, in pixels at a width of 600, as the templates set them. They are estimates: fonts differ.
const (
	lineHeight    = 26
	layoutHeight  = 440 // header and footer
	sectionHeight = 60
	threadHeight  = 72 // with a title of one line
	titleHeight   = 27 // each further line of the title
	postHeight    = 52 // without text
	extraHeight   = 26 // files, likes or a poll
	moreHeight    = 32
	briefHeight   = 28
	titleColumns  = 46 // characters in a line of a thread's title
	briefColumns  = 66
)

// Layout implements digest.Sizes.
func (w *render) Layout() digest.Size {
	s := &w.layout.html
	size := digest.Size{Bytes: s.head.filledSize(&w.values.html) + s.foot.filledSize(&w.values.html), Height: layoutHeight + w.renderer.set.brand.height()}
	if w.contents {
		size.Bytes += w.sizeOf(w.frame("contents"))
		size.Height += lineHeight
	}
	return size
}

// Section implements digest.Sizes.
func (w *render) Section(g *digest.Group) digest.Size {
	if w.kind != digestMail {
		return digest.Size{} // an alert shows the section in the thread's heading
	}
	size := digest.Size{Bytes: w.section(g).html.size, Height: sectionHeight}
	if w.contents {
		size.Bytes += w.entry(g, false).html.size
		size.Height += lineHeight / 2
	}
	if len(g.Threads) > 1 || w.excerpts[0] == digest.TitlesOnly {
		size.Bytes += w.sizeOf(w.frame("briefs"))
	}
	return size
}

// Thread implements digest.Sizes.
func (w *render) Thread(t *digest.Thread) digest.Size {
	size := digest.Size{Bytes: w.sizeOf(w.thread(t)), Height: threadHeight + titleHeight*(columns(t.Title)/titleColumns)}
	if w.kind == digestMail {
		size.Bytes += w.layout.actionBytes + w.muteSize
		size.Height += moreHeight
	}
	for _, f := range w.trailer(t) {
		size.Bytes += w.sizeOf(f.fragment)
	}
	return size
}

// Brief implements digest.Sizes.
func (w *render) Brief(t *digest.Thread) digest.Size {
	if w.kind != digestMail { // an alert shows the heading, and how many posts there are
		size := w.Thread(t)
		size.Bytes += w.layout.moreBytes
		return size
	}
	return digest.Size{Bytes: w.brief(t).html.size, Height: briefHeight * (1 + (columns(t.Title)+20)/briefColumns)}
}

// Post implements digest.Sizes.
func (w *render) Post(p *digest.Post, excerpt int) digest.Size {
	f := w.post(p, excerpt)
	size := digest.Size{Bytes: w.sizeOf(f), Height: f.height}
	if q := w.quoted(p, excerpt); q != nil {
		size.Bytes += w.sizeOf(q)
	}
	return size
}

// columns returns the width of a text. Most titles are ASCII, and the sizes of all threads are asked for again and again.
func columns(s string) int {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return uniseg.StringWidth(s)
		}
	}
	return len(s)
}

// More implements digest.Sizes.
func (w *render) More() digest.Size {
	return digest.Size{Bytes: w.layout.moreBytes, Height: moreHeight}
}

// Folded implements digest.Sizes. In a digest, the line with what a reader can do about the thread counts its other posts, too.
func (w *render) Folded() digest.Size {
	if w.kind == digestMail {
		return digest.Size{Bytes: w.layout.moreBytes}
	}
	return w.More()
}

// sizeOf returns the size of a fragment with the longest time in its slots.
func (w *render) sizeOf(f *fragment) int {
	size := f.html.size
	for _, h := range f.html.slots {
		if h == slotMute {
			size += w.muteSize
		} else {
			size += w.layout.timeBytes
		}
	}
	if f.rest != nil {
		size += w.sizeOf(f.rest)
	}
	return size
}

// heightOf estimates the height of a post with an excerpt, by its lines as text.
func heightOf(excerpt string, p *digest.Post) int {
	height := postHeight
	if excerpt != "" {
		height += lineHeight * (1 + strings.Count(excerpt, "\n"))
	}
	if p.Content.Poll != "" {
		height += extraHeight
	}
	if len(p.Content.Attachments) > 0 {
		height += extraHeight
	}
	if p.Content.LikeCount > 0 {
		height += extraHeight
	}
	return height
}
