package bounce

import (
	"bytes"
	"io"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"
)

// toUTF8 converts the beginning of a text to UTF-8, as far as the character set is known.
func toUTF8(text []byte, charset string) []byte {
	text = text[:min(len(text), maxText)]
	switch strings.ToLower(charset) {
	case "", "utf-8", "us-ascii", "ascii":
		if charset = undeclared(text); charset == "" {
			return text
		}
	}
	r, err := charsetReader(charset, bytes.NewReader(text))
	if err != nil {
		return text
	}
	converted, _ := io.ReadAll(r) // keep what was read before an error
	return converted
}

// undeclared guesses the character set of a text that names none, or a wrong one; "": UTF-8. Only ISO-2022-JP contains its
// escape sequences (RFC 1468).
func undeclared(text []byte) string {
	switch {
	case bytes.Contains(text, []byte("\x1b$B")), bytes.Contains(text, []byte("\x1b$@")):
		return "iso-2022-jp"
	case !utf8.Valid(text) && !utf8.Valid(text[:max(0, len(text)-utf8.UTFMax)]): // it may be cut within a letter
		return "windows-1252"
	}
	return ""
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
