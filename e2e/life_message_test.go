package e2e

import (
	"regexp"
	"slices"
	"strconv"
	"testing"

	"postrider/internal/smtptest"
)

var mybbPostLink = regexp.MustCompile(`#pid(\d+)`)

// readDelivered returns the Message-ID of a message, and the posts that its text part links to, each once.
func readDelivered(t *testing.T, raw []byte) (d delivered) {
	letter, err := smtptest.ReadLetter(raw)
	if err != nil {
		t.Error(err)
		return d
	}
	d.id = letter.Header.Get("Message-ID")
	for _, link := range mybbPostLink.FindAllStringSubmatch(letter.Text, -1) {
		id, _ := strconv.ParseInt(link[1], 10, 64)
		if !slices.Contains(d.posts, id) {
			d.posts = append(d.posts, id)
		}
	}
	return d
}
