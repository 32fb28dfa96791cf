package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"postrider/forum"
	"postrider/internal/link"
)

// maxForumLink is the longest time that a link of the forum can be valid. It is in the member's browser, and in logs.
const maxForumLink = 24 * time.Hour

// forumLink leads a member from a page of the forum to their settings. The forum signs the link with the secret that it shares with us,
// see docs/forum-link.md.
func (s *Server) forumLink(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	member, err := strconv.ParseInt(q.Get("member"), 10, 64)
	expires, err2 := strconv.ParseInt(q.Get("expires"), 10, 64)
	want := forumLinkSignature(s.linkSecret, q.Get("member"), q.Get("expires"))
	if err != nil || err2 != nil || member <= 0 || !hmac.Equal([]byte(q.Get("signature")), []byte(want)) {
		s.middleware.PenalizeForged(r)
		s.messagePage(w, r, http.StatusNotFound, forum.Guest, "invalid_link")
		return
	}
	if left := time.Unix(expires, 0).Sub(s.Now()); left <= 0 || left > maxForumLink {
		s.messagePage(w, r, http.StatusGone, forum.Guest, "invalid_link")
		return
	}
	http.Redirect(w, r, s.path(link.Claims{Scope: link.Settings, Member: member}), http.StatusSeeOther)
}

// forumLinkSignature is the HMAC of a link, in hexadecimal digits. Its text names the purpose, so that a signature of another page with
// the same secret is not one of a link.
func forumLinkSignature(secret, member, expires string) string {
	h := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(h, "settings.%s.%s", member, expires)
	return hex.EncodeToString(h.Sum(nil))
}
