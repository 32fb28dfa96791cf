package mail

import (
	netmail "net/mail"
	"net/url"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// autoHeaders are the fields that say: a machine wrote this, do not answer it. They hold no text from outside, so
// they are written as they stand.
const autoHeaders = "" +
	// For autoresponders that follow RFC 3834.
	"Auto-Submitted: auto-generated\r\n" +
	// For Exchange. Not "All": that would ask it to suppress bounces, too (MS-OXCMAIL 2.1.3.2.20).
	"X-Auto-Response-Suppress: OOF, AutoReply, DR, RN, NRN\r\n" +
	// For old vacation programs.
	"Precedence: "

func precedence(stream string) string {
	if stream == Announcement {
		return "bulk"
	}
	return "list"
}

// setList sets the fields by which mail is filed and judged as a list's.
func setList(msg *gomail.Msg, m Message) {
	if id := listID(m.List); id != "" {
		msg.SetGenHeader("List-Id", id)
	}
	if m.FeedbackID != "" {
		msg.SetGenHeader("Feedback-ID", truncate(singleLine(m.FeedbackID), maxName))
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
	// A phrase before an address is quoted or encoded by the same rule as one before a list.
	phrase := (&netmail.Address{Name: name, Address: "a@b"}).String()
	return strings.TrimSuffix(phrase, "<a@b>") + "<" + id + ">"
}

// maxReferences is how many messages a message refers to: its root, and the last before it. More only make the header
// grow (RFC 5322, 3.6.4 lets them go).
const maxReferences = 10

// setConversation sets the fields by which mail programs show the messages of a conversation together. All refer to the
// same root, which nobody ever gets: so they stay together whichever of them was deleted.
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

// setArchive tells where a conversation can be read (RFC 2369, 3.6).
func setArchive(msg *gomail.Msg, address string) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.ContainsAny(address, "<>, \t\r\n") {
		return
	}
	msg.SetGenHeader("List-Archive", "<"+u.String()+">")
}
