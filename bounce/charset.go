package bounce

import (
	"bytes"
	"io"
	"mime"
	"strings"

	"golang.org/x/text/encoding/htmlindex"
)

// toUTF8 converts the beginning of a text to UTF-8, as far as the character set is known.
func toUTF8(text []byte, charset string) []byte {
	text = text[:min(len(text), maxText)]
	switch strings.ToLower(charset) {
	case "", "utf-8", "us-ascii", "ascii":
		return text
	}
	r, err := charsetReader(charset, bytes.NewReader(text))
	if err != nil {
		return text
	}
	converted, _ := io.ReadAll(r) // keep what was read before an error
	return converted
}

func charsetReader(charset string, r io.Reader) (io.Reader, error) {
	encoding, err := htmlindex.Get(charset)
	if err != nil {
		return r, nil
	}
	return encoding.NewDecoder().Reader(r), nil
}

// decodeWords decodes the encoded words of a field (RFC 2047), as far as they are valid.
func decodeWords(value string) string {
	decoder := mime.WordDecoder{CharsetReader: charsetReader}
	decoded, err := decoder.DecodeHeader(value)
	if err != nil {
		return value
	}
	return decoded
}
