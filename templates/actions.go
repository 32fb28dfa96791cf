package templates

import (
	"math"

	"postrider/digest"
	"postrider/forum"
	"postrider/internal/qp"
)

// actionsData is the data of the template "actions": what a reader can do about a thread of a digest, below its posts.
type actionsData struct {
	More, MoreURL string // counts the posts that are not shown; empty: all are
	Reply         string // the newest post that is shown; empty: the thread is locked
	Mute          slot   // mutes the thread; 0: there is no link
}

// buttonData is the data of the template "button": the same for a thread of an alert.
type buttonData struct {
	URL  string // the first new post
	Only bool   // it is the only post of the alert, whose address is shown already
	Mute slot
}

// actions renders what a reader can do about a thread of a digest; nil: nothing. folded is the first post that is not shown; nil: all
// are.
func (w *render) actions(t *digest.Thread, folded *digest.Post) *fragment {
	links := w.renderer.site.Links
	data, key := actionsData{Mute: w.muteSlot()}, headingKey{
		kind: w.locale.pageOwner(w.kind, "actions"), template: "actions", locale: w.locale.index, id: int64(t.ID), mute: w.mute != nil,
		marks: highlights(0).with(markLocked, t.Locked),
	}
	if newest := t.LastShown(); newest != nil && !t.Locked { // a reply continues what the reader has seen
		data.Reply, key.first = links.Post(t.ID, newest.ID), int64(newest.ID)
	}
	if folded != nil {
		key.title, key.n = moreKey(t, folded), t.HiddenPosts()
		data.More, data.MoreURL = w.locale.mustText(key.title, "n", key.n), links.Post(t.ID, folded.ID)
		key.name = data.MoreURL
	}
	if data == (actionsData{}) {
		return nil
	}
	return w.head(key, func() any { return data })
}

// longestActions returns the maximum size of what a reader can do about a thread of a digest, without the line that counts its other
// posts and without the address that mutes it.
func (w *render) longestActions() int {
	data := actionsData{Reply: w.renderer.site.Links.Post(math.MaxInt64, math.MaxInt64), Mute: slotMute}
	return w.renderLinks(headingKey{kind: w.locale.pageOwner(w.kind, "actions"), template: "actions"}, data).html.size
}

// renderLinks renders a template with a link in a slot. It must print no forum text: that could contain what html/template writes for
// the slot.
func (w *render) renderLinks(key headingKey, data any) *fragment {
	html, text := w.execute(key.kind, key.template, data, data)
	return frameOf(unescapeSlotsInURLs(html), text)
}

// setMute remembers the links that mute threads. A site without pages has none: they would all open emails.
func (w *render) setMute(mute func(forum.ThreadID) string) {
	if mute != nil && !w.renderer.site.NoPages {
		w.mute, w.muteSize = mute, qp.Encode(escape(mute(0))).Size
	}
}

func (w *render) muteSlot() slot {
	if w.mute == nil {
		return 0
	}
	return slotMute
}

// fillMute fills in the link that mutes a thread.
func (w *render) fillMute(t *digest.Thread) {
	if w.mute != nil {
		w.fillLink(slotMute, w.mute(t.ID))
	}
}
