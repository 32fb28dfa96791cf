package mail

import (
	netmail "net/mail"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// setList sets the fields that say: this is list mail, made by a machine, do not answer it.
func setList(msg *gomail.Msg, m Message) {
	if id := listID(m.List); id != "" {
		msg.SetGenHeader("List-Id", id)
	}
	if m.FeedbackID != "" {
		msg.SetGenHeader("Feedback-ID", clip(line(m.FeedbackID), maxName))
	}
	// Autoresponders that follow RFC 3834 keep still for the first, old vacation programs for the second.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader(gomail.HeaderPrecedence, precedence(m.Stream))
	// For Exchange. Not "All": that would ask it to suppress bounces, too (MS-OXCMAIL 2.1.3.2.20).
	msg.SetGenHeader("X-Auto-Response-Suppress", "OOF, AutoReply, DR, RN, NRN")
}

func precedence(stream string) string {
	if stream == Announcement {
		return "bulk"
	}
	return "list"
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
