package admin

import (
	"strings"

	"postrider/templates"
)

// serveMessage serves a message for our frame, in one of the previewModes.
func (v *request) serveMessage(c templates.Content, look string) {
	if look != "text" {
		v.serveFramed(c.Standalone(), strings.HasSuffix(look, "dark"))
		return
	}
	h := v.w.Header()
	h.Set("Content-Security-Policy", messagePolicy)
	h.Set("X-Frame-Options", "SAMEORIGIN")
	h.Set("Content-Type", "text/plain; charset=utf-8")
	v.w.Write([]byte(c.Text.Plain()))
}
