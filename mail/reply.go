package mail

import (
	"bufio"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// Bounds of what is kept of a reply; RFC 5321, 4.5.3.1.5 grants a relay lines of 512 bytes.
const (
	maxReply      = 500
	maxReplyLine  = 1024
	maxReplyLines = 100
)

// reply is a relay's answer to one command.
type reply struct {
	code int
	text string // one line, printable
}

// errProtocol means that we and the relay have lost each other: no later answer can be trusted.
var errProtocol = errors.New("the relay does not answer as SMTP does")

// readReply reads one reply (RFC 5321, 4.2). A line that ends without its line break is no answer: it may
// be the first half of another one.
func readReply(r *bufio.Reader) (reply, error) {
	var p reply
	var text []byte
	for range maxReplyLines {
		line, err := readLine(r)
		if err != nil {
			return reply{}, err
		}
		code, rest, more, ok := splitReply(line)
		if !ok || p.code != 0 && code != p.code {
			return reply{}, errProtocol
		}
		p.code = code
		if len(text) < maxReply {
			text = append(append(text, rest...), ' ')
		}
		if !more {
			p.text = cleanReply(text)
			return p, nil
		}
	}
	return reply{}, errProtocol
}

// readLine reads a line and keeps its beginning.
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

// splitReply reads "250-text" and "250 text".
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

// cleanReply makes a short line for logs and tables out of what a relay wrote.
func cleanReply(b []byte) string { return singleLine(string(b[:min(len(b), maxReply)])) }

// enhancedCode is looked for in the text, because many relays send it without announcing it.
// What stands before it is "", "#" (IronPort), "(" or "["; an IP address is no code.
var enhancedCode = regexp.MustCompile(`(?:^|[\s#(\[:])([245]\.\d{1,3}\.\d{1,3})(?:[^.\d]|$|\.(?:\D|$))`)

// enhanced finds the enhanced code (RFC 3463) in a reply; its class must be the reply's (RFC 2034, 4).
func (p reply) enhanced() string {
	for _, m := range enhancedCode.FindAllStringSubmatch(p.text, 4) {
		if int(m[1][0]-'0') == p.code/100 {
			return m[1]
		}
	}
	return ""
}

// queueIDs are the ways in which relays name a message that they took, most common first.
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

// queueID finds the relay's own name for the message, by which its admin can ask for it.
func (p reply) queueID() string {
	for _, form := range queueIDs {
		if m := form.FindStringSubmatch(p.text); m != nil {
			return strings.TrimRight(truncate(m[1], 128), ".")
		}
	}
	return ""
}
