package mail

import (
	netmail "net/mail"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// machineMade are the fields that say: a machine wrote this, do not answer it. They hold no text from outside, so
// they are written as they stand.
const machineMade = "" +
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
		msg.SetGenHeader("Feedback-ID", clip(line(m.FeedbackID), maxName))
	}
}

// listID writes `"Name" <id>` (RFC 2919, 3).
func listID(l List) string {
	id := strings.Trim(strings.Map(func(r rune) rune {
		if r < 0x80 && isAlnum(byte(r)) || r == '.' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, clip(l.ID, maxName)), ".-")
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
