package bounce

import (
	"regexp"
	"slices"
	"strings"
)

// recipientsFromText reads the recipients of a report that has no standard format. Where it cannot tell them apart, it
// returns one, without an address.
func recipientsFromText(said string) []Recipient {
	if list := transcriptRecipients(said); len(list) > 1 || len(list) == 1 && list[0].Class() != ClassUnknown {
		return list
	}
	if list := blockRecipients(said); len(list) > 1 {
		return list
	}
	return []Recipient{recipientFromText("", said)}
}

var (
	// transcriptLine matches the line with which Sendmail ends what it tells about a recipient.
	transcriptLine = regexp.MustCompile(`^[45]\d\d(?: [45]\.\d{1,3}\.\d{1,3})? <?([^\s<>]+@[^\s<>]+?)>?\.\.\. `)
	// mailerFailed are Sendmail's own words for what the lines before explain.
	mailerFailed = phrases{"service unavailable", "remote protocol error", "unknown mailer error"}
)

// transcriptRecipients reads the recipients of Sendmail's transcript of its sessions. What the other server said counts:
// Sendmail calls every 550 "User unknown".
func transcriptRecipients(said string) (list []Recipient) {
	var command string
	var replies, notes []string // since the last recipient; to the command; lines outside of a session
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		sent, isCommand := strings.CutPrefix(line, ">>>")
		reply, isReply := strings.CutPrefix(line, "<<<")
		m := transcriptLine.FindStringSubmatch(line)
		switch {
		case line == "":
			command, replies, notes = "", nil, nil
		case isCommand:
			command, replies = strings.TrimSpace(sent), nil
		case isReply:
			replies = append(replies, strings.TrimSpace(reply))
		case m == nil:
			notes = append(notes, line)
		case !isListed(list, m[1]):
			list = append(list, transcriptRecipient(m[1], line, command, replies, notes))
			fallthrough
		default:
			replies, notes = nil, nil
		}
		if len(list) == maxRecipients {
			break
		}
	}
	return list
}

// transcriptRecipient reads a recipient from the lines about it: the last one, and those before.
func transcriptRecipient(address, last, command string, replies, notes []string) Recipient {
	if text := paragraph(strings.Join(replies, "\n")); replyCode.MatchString(text) {
		r := recipientFrom(address, text)
		r.stage, _, _ = strings.Cut("in reply to "+command, ":")
		return r
	}
	if mailerFailed.in(normalize(last[:min(len(last), maxReply)])) {
		last = paragraph(strings.Join(append(notes[max(0, len(notes)-maxParagraph+1):], last), "\n"))
	}
	return recipientFrom(address, last)
}

// blockStart matches the first line of what a report tells about a recipient: the address alone or before a colon (qmail, Yahoo,
// GMX, OpenSMTPD), with a time (Exchange), with an error (Zoho), or after a name (Oracle).
var blockStart = regexp.MustCompile(`^\s*(?:(?i:recipient(?: address)?:)\s*)?["<]?([^\s<>"@:,;()]+@[^\s<>":,;()]+)[">]?(?::|,|\s+on\s|\s+Invalid Address|\s*$)`)

// blockRecipients reads the recipients of a report that tells about one after the other.
func blockRecipients(said string) (list []Recipient) {
	address, text := "", []string(nil)
	end := func() {
		if r := recipientFrom(address, strings.TrimLeft(paragraph(strings.Join(text, "")), "> :;,.-()\"")); address != "" && !isListed(list, address) && r.Class() != ClassUnknown {
			list = append(list, r)
		}
		address, text = "", nil
	}
	for line := range strings.Lines(said) {
		m := blockStart.FindStringSubmatchIndex(line)
		switch {
		case m != nil:
			end()
			address, text = line[m[2]:m[3]], []string{line[m[3]:]}
		case address != "" && strings.TrimSpace(line) == "" && strings.TrimSpace(strings.Join(text, "")) != ">:":
			end()
		case address != "" && len(text) < maxParagraph:
			text = append(text, line)
		}
		if len(list) == maxRecipients {
			return list
		}
	}
	end()
	return list
}

func isListed(list []Recipient, address string) bool {
	return slices.ContainsFunc(list, func(r Recipient) bool { return strings.EqualFold(r.Address, address) })
}

// repliedStage matches what Postfix says about the moment of a rejection, in the text of its reports only.
var repliedStage = regexp.MustCompile(`\(in reply to (?:end of )?[A-Z]+(?: FROM| TO)? command\)`)

// stageOf returns at which moment a recipient was rejected, in a server's words; "": not in the text.
func stageOf(address, said string) string {
	i := strings.Index(said, "<"+address+">: ")
	if i < 0 || address == "" {
		return ""
	}
	return repliedStage.FindString(paragraph(said[i:]))
}
