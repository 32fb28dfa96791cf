package mail

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// maxLine is the longest line that SMTP carries, without its CRLF (RFC 5321, 4.5.3.1.6).
const maxLine = 998

// validateRaw refuses bytes that a relay could read otherwise than we mean them. A lone CR or LF, or a dot at the start of
// a line, is what SMTP smuggling is made of (a second message hidden in the first); the other rules
// keep relays from rewriting a message on its way. All of them hold for what Compose writes, so it
// is a fault of ours that is stopped here, before a byte is sent.
func validateRaw(raw []byte) error {
	if !bytes.HasSuffix(raw, []byte("\r\n")) {
		return errors.New("the message does not end with CRLF")
	}
	if i := firstNonASCII(raw); i >= 0 {
		return fmt.Errorf("the message holds the byte %#x at %d: only ASCII may go", raw[i], i)
	}
	if i := bytes.IndexByte(raw, 0); i >= 0 {
		return fmt.Errorf("the message holds a NUL at %d", i)
	}
	lines := 0
	for rest := raw; len(rest) > 0; lines++ {
		end := bytes.IndexByte(rest, '\n')
		switch at := len(raw) - len(rest); {
		case end < 1 || rest[end-1] != '\r':
			return fmt.Errorf("the message holds a lone LF in the line at %d", at)
		case end-1 > maxLine:
			return fmt.Errorf("the message holds a line of %d bytes at %d", end-1, at)
		case rest[0] == '.':
			return fmt.Errorf("the message holds a line that starts with a dot at %d", at)
		}
		rest = rest[end+1:]
	}
	// Every line ends with a CR of its own; one more than lines stands alone somewhere.
	if bytes.Count(raw, []byte{'\r'}) != lines {
		return errors.New("the message holds a lone CR")
	}
	return nil
}

// firstNonASCII finds a byte beyond ASCII, eight at a time: it looks at every byte of every mail. -1: none.
func firstNonASCII(b []byte) int {
	i := 0
	for ; i+8 <= len(b); i += 8 {
		if binary.NativeEndian.Uint64(b[i:])&0x8080808080808080 != 0 {
			break
		}
	}
	for ; i < len(b); i++ {
		if b[i] >= 0x80 {
			return i
		}
	}
	return -1
}
