package mail

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	gomessage "github.com/emersion/go-message"

	"postrider/internal/inline"
)

// Gmail, Outlook and Apple Mail show an image in its place only if it is beside the HTML, within one alternative.
func TestCompose_BringsImagesBesideTheHTML(t *testing.T) {
	m := sample()
	logo := inline.New("logo.png", "image/png", bytes.Repeat([]byte{0, 13, 10, '.', 255}, 100))
	m.Images = []inline.Image{logo}
	raw := mustCompose(t, m)
	if again := mustCompose(t, m); !bytes.Equal(raw, again) {
		t.Error("equal messages are different bytes")
	}
	e, err := gomessage.Read(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	err = e.Walk(func(path []int, part *gomessage.Entity, err error) error {
		if err != nil {
			return err
		}
		kind, _, err := part.Header.ContentType()
		found = append(found, strings.Repeat(" ", len(path))+kind)
		if kind == "image/png" {
			body, err := io.ReadAll(part.Body)
			if err != nil || !bytes.Equal(body, logo.Data) || part.Header.Get("Content-ID") != "<"+logo.ID+">" {
				return errors.New("the image is damaged, or has another content ID")
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(found, "\n"), "multipart/alternative\n text/plain\n multipart/related\n  text/html\n  image/png"; got != want {
		t.Errorf("the parts are\n%s\nwant\n%s", got, want)
	}
	m.HTML = nil
	if bytes.Contains(mustCompose(t, m), []byte("image/png")) {
		t.Error("a message without HTML brings images")
	}
}
