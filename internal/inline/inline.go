// Package inline holds images that messages bring with them and show by their content ID (RFC 2392): mail programs then load nothing
// from outside.
package inline

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// Image is an image, encoded once for all messages that bring it.
type Image struct {
	ID      string // content ID, without angle brackets; the same for the same bytes
	Type    string // "image/png"
	Name    string // a file name
	Data    []byte
	Encoded string // Data as base64, in lines of 76 columns that end with CRLF (RFC 2045, 6.8)
}

// lineBytes is how many bytes fill a line of base64.
const lineBytes = 57

// New encodes an image. name is a file name of ASCII letters, digits and dots.
func New(name, contentType string, data []byte) Image {
	sum := sha256.Sum256(data)
	var lines strings.Builder
	lines.Grow(len(data)*4/3 + len(data)/lineBytes*2 + 8)
	for rest := data; len(rest) > 0; {
		n := min(lineBytes, len(rest))
		lines.WriteString(base64.StdEncoding.EncodeToString(rest[:n]) + "\r\n")
		rest = rest[n:]
	}
	return Image{ID: hex.EncodeToString(sum[:10]) + "@postrider", Type: contentType, Name: name, Data: data, Encoded: lines.String()}
}

// URL is the address of the image in the HTML of a message that brings it.
func (i Image) URL() string { return "cid:" + i.ID }

// DataURL is the address that holds the image itself, for a browser.
func (i Image) DataURL() string {
	return "data:" + i.Type + ";base64," + strings.ReplaceAll(i.Encoded, "\r\n", "")
}
