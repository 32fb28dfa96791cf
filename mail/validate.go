package mail

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// maxLine is the longest line that SMTP allows, without its CRLF (RFC 5321, 4.5.3.1.6).
const maxLine = 998

// validateRaw rejects bytes that a relay could interpret differently than we do. SMTP smuggling, which
// hides a second message in the first, uses a bare CR or LF, or a dot at the start of a line. The other
// rules keep relays from rewriting the message. Compose always follows these rules, so this catches a bug
// of ours before a byte is sent.
func validateRaw(raw []byte) error {
	if !bytes.HasSuffix(raw, []byte("\r\n")) {
		return errors.New("message does not end with CRLF")
	}
	if i := firstNonASCII(raw); i >= 0 {
		return fmt.Errorf("message contains byte %#x at offset %d: must be ASCII", raw[i], i)
	}
	if i := bytes.IndexByte(raw, 0); i >= 0 {
		return fmt.Errorf("message contains a NUL at offset %d", i)
	}
	lines := 0
	for rest := raw; len(rest) > 0; lines++ {
		end := bytes.IndexByte(rest, '\n')
		switch at := len(raw) - len(rest); {
		case end < 1 || rest[end-1] != '\r':
			return fmt.Errorf("message contains a bare LF in the line at offset %d", at)
		case end-1 > maxLine:
			return fmt.Errorf("message contains a line of %d bytes at offset %d", end-1, at)
		case rest[0] == '.':
			return fmt.Errorf("message contains a line that starts with a dot at offset %d", at)
		}
		rest = rest[end+1:]
	}
	// Every line ends with its own CR; an additional one must be bare.
	if bytes.Count(raw, []byte{'\r'}) != lines {
		return errors.New("message contains a bare CR")
	}
	return nil
}

// firstNonASCII returns the index of the first byte beyond ASCII, or -1. It checks eight bytes at a time,
// because it sees every byte of every message.
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
