package mail

import (
	"bufio"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"postrider/internal/line"
)

// Limits of a reply; RFC 5321, 4.5.3.1.5 allows lines of 512 bytes.
const (
	maxReply      = 500
	maxReplyLine  = 1024
	maxReplyLines = 100
)

// reply is a relay's reply to one command.
type reply struct {
	code int
	text string // one line, printable
}

// errProtocol means that we are out of step with the relay, and no later reply can be trusted.
var errProtocol = errors.New("the relay's reply is not valid SMTP")

// readReply reads one reply (RFC 5321, 4.2). A line without a line break is invalid, because it may be only
// the first half.
func readReply(r *bufio.Reader) (reply, error) {
	lines, code, err := readReplyLines(r, false)
	if err != nil {
		return reply{}, err
	}
	return reply{code, joinLines(lines)}, nil
}

// readReplyLines reads one reply and returns the text of each line. All lines must have the same code, unless
// lastCode is set: then the last one counts.
func readReplyLines(r *bufio.Reader, lastCode bool) (lines []string, code int, err error) {
	for range maxReplyLines {
		line, err := readLine(r)
		if err != nil {
			return nil, 0, err
		}
		c, rest, more, ok := splitReply(line)
		if !ok || !lastCode && code != 0 && c != code {
			return nil, 0, errProtocol
		}
		code = c
		lines = append(lines, string(rest))
		if !more {
			return lines, code, nil
		}
	}
	return nil, 0, errProtocol
}

// joinLines returns the lines of a reply as a short line.
func joinLines(lines []string) string {
	var text []byte
	for _, line := range lines {
		if len(text) >= maxReply {
			break
		}
		text = append(append(text, line...), ' ')
	}
	return cleanReply(text)
}

// readLine reads a line and keeps its first maxReplyLine bytes.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part[:min(len(part), maxReplyLine-len(line))]...)
		switch {
		case err == nil:
			return line, nil
		case errors.Is(err, io.EOF):
			return nil, io.ErrUnexpectedEOF
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// splitReply parses "250-text" and "250 text".
func splitReply(line []byte) (code int, text []byte, more, ok bool) {
	if len(line) < 4 {
		return 0, nil, false, false
	}
	code, err := strconv.Atoi(string(line[:3]))
	if err != nil || code < 200 || code > 599 {
		return 0, nil, false, false
	}
	switch line[3] {
	case ' ', '-':
		return code, line[4:], line[3] == '-', true
	case '\r', '\n':
		return code, nil, false, true
	}
	return 0, nil, false, false
}

// cleanReply returns a relay's text as a short line for logs and tables.
func cleanReply(b []byte) string { return line.Clean(string(b[:min(len(b), maxReply)])) }

// enhancedCode searches the text, because many relays send the code without announcing it. It comes after
// "", "#" (IronPort), "(" or "["; an IP address does not match.
var enhancedCode = regexp.MustCompile(`(?:^|[\s#(\[:])([245]\.\d{1,3}\.\d{1,3})(?:[^.\d]|$|\.(?:\D|$))`)

// enhanced finds the enhanced code (RFC 3463) in a reply. Its class must match the reply's (RFC 2034, 4).
func (p reply) enhanced() string {
	for _, m := range enhancedCode.FindAllStringSubmatch(p.text, 4) {
		if int(m[1][0]-'0') == p.code/100 {
			return m[1]
		}
	}
	return ""
}

// queueIDs match the ways in which relays return the ID of an accepted message, most common first.
var queueIDs = []*regexp.Regexp{
	regexp.MustCompile(`(?i)\bqueued as:? ([\w.+-]+)`),                                  // Postfix, SendGrid, Mailpit
	regexp.MustCompile(`(?i)\bOK:? id=([\w.+-]+)`),                                      // Exim
	regexp.MustCompile(`\[InternalId=(\d+)`),                                            // Exchange
	regexp.MustCompile(`([\w.-]+) - gsmtp$`),                                            // Gmail
	regexp.MustCompile(`(?i)^(?:2\.\d\.\d:? )?([\w.-]+) Message accepted for delivery`), // Sendmail, OpenSMTPD
	regexp.MustCompile(`(?i)\bqueued \(([\w.-]+)\)`),                                    // Haraka
	regexp.MustCompile(`(?i)^ok \d+ (qp \d+)`),                                          // qmail
	regexp.MustCompile(`(?i)^(?:2\.0\.0 )?ok:? ([\w-]{20,100})$`),                       // Amazon SES
}

// queueID finds the relay's own ID of the message, for its administrator.
func (p reply) queueID() string {
	for _, form := range queueIDs {
		if m := form.FindStringSubmatch(p.text); m != nil {
			return strings.TrimRight(truncate(m[1], 128), ".")
		}
	}
	return ""
}
