package mail

import (
	netmail "net/mail"
	"net/url"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// autoHeaders mark the message as generated, so that no machine replies to it. They contain no text from
// outside, so they are written unchanged.
const autoHeaders = "" +
	// For autoresponders that follow RFC 3834.
	"Auto-Submitted: auto-generated\r\n" +
	// For Exchange. Not "All", which would ask it to suppress bounces, too (MS-OXCMAIL 2.1.3.2.20).
	"X-Auto-Response-Suppress: OOF, AutoReply, DR, RN, NRN\r\n" +
	// For old vacation programs.
	"Precedence: "

func precedence(stream string) string {
	if stream == Announcement {
		return "bulk"
	}
	return "list"
}

// setList sets the fields that mail programs and spam filters use to recognize list mail.
func setList(msg *gomail.Msg, m Message) {
	if id := listID(m.List); id != "" {
		msg.SetGenHeader("List-Id", id)
	}
	if m.Reason != "" {
		msg.SetGenHeader("X-Postrider-Reason", headerText(m.Reason, maxName))
	}
	if m.FeedbackID != "" {
		msg.SetGenHeader("Feedback-ID", headerText(m.FeedbackID, maxName))
	}
}

// listID writes `"Name" <id>` (RFC 2919, 3).
func listID(l List) string {
	id := strings.Trim(strings.Map(func(r rune) rune {
		if r < 0x80 && isAlnum(byte(r)) || r == '.' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, truncate(l.ID, maxName)), ".-")
	if id == "" {
		return ""
	}
	name := displayName(l.Name)
	if name == "" {
		return "<" + id + ">"
	}
	// A phrase before a list ID is quoted or encoded by the same rules as one before an address.
	phrase := (&netmail.Address{Name: name, Address: "a@b"}).String()
	return strings.TrimSuffix(phrase, "<a@b>") + "<" + id + ">"
}

// maxReferences is how many messages a message refers to: its root, and the latest before it. More would
// only make the header longer (RFC 5322, 3.6.4 allows fewer).
const maxReferences = 10

// setConversation sets the fields that mail programs use to group the messages of a conversation. All
// messages refer to the same root, which is never sent, so they stay together when any of them is deleted.
func (c *Composer) setConversation(msg *gomail.Msg, m Message) {
	if m.ThreadRoot == "" {
		return
	}
	ids := []string{c.MessageID(m.ThreadRoot)}
	for _, key := range m.InReplyTo[max(0, len(m.InReplyTo)-(maxReferences-1)):] {
		ids = append(ids, c.MessageID(key))
	}
	msg.SetGenHeader(gomail.HeaderInReplyTo, ids[len(ids)-1])
	msg.SetGenHeader(gomail.HeaderReferences, strings.Join(ids, " "))
}

// setArchive sets the URL where the conversation can be read (RFC 2369, 3.6).
func setArchive(msg *gomail.Msg, address string) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.ContainsAny(address, "<>, \t\r\n") {
		return
	}
	msg.SetGenHeader("List-Archive", "<"+u.String()+">")
}
