//go:build live

package live

import "postrider/internal/smtptest"

// reopenLinks opens all links to posts in Postrider's messages again, as the administrator: since then, threads were moved, merged and
// split. It leaves out posts that no longer exist.
func (w *world) reopenLinks(exists func(post int64) bool) {
	w.Helper()
	opened := map[string]bool{}
	for _, m := range w.ourMail.Messages() {
		letter := must(smtptest.ReadLetter(m.Data))(w)
		for _, address := range links(w, letter.HTML) {
			posts := w.linkedPosts(address)
			if len(posts) == 0 || opened[address] || !exists(posts[0]) {
				continue
			}
			opened[address] = true
			p := w.browser(admin).try(address)
			if why := w.kind.failure(p); p.status != 200 || why != "" {
				w.Errorf("at the end, %s answers with %d: %s", address, p.status, why)
			} else if anchor := w.kind.anchor(posts[0]); !p.has(anchor) {
				w.Errorf("at the end, %s does not have %q", address, anchor)
			}
		}
	}
	w.linksOpened += len(opened)
	w.Logf("%d links to posts opened again", len(opened))
}
