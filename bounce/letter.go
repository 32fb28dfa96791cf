package bounce

import (
	"regexp"
	"strings"
)

// isPersonal reports whether no machine seems to have written a message: reports, lists and forwarded messages are excluded.
// Automatic replies have a Kind of their own.
func isPersonal(head header) bool {
	for _, name := range []string{"List-Id", "List-Unsubscribe", "Feedback-ID", LoopField, "X-Loop"} {
		if head.get(name) != "" {
			return false
		}
	}
	from := decodeWords(head.get("From"))
	return strings.Contains(from, "@") && !hasNullSender(head) && !daemonSender.MatchString(from)
}

// messageID matches a Message-ID.
var messageID = regexp.MustCompile(`<[^<>\s]+@[^<>\s]+>`)

func (w *mimeWalker) letter(head header) *Letter {
	answers := append(head.all("In-Reply-To"), head.all("References")...)
	ids := messageID.FindAllString(strings.Join(answers, " "), -1)
	return &Letter{
		From: decodeWords(head.get("From")), ReplyTo: decodeWords(head.get("Reply-To")), Subject: decodeWords(head.get("Subject")),
		MessageID: head.get("Message-ID"), AnswerTo: ids[max(0, len(ids)-maxTo):], Text: w.plainText(),
	}
}
