package bounce

import (
	"regexp"
	"slices"
	"strings"
)

var statusCode = regexp.MustCompile(`[245]\.\d{1,3}\.\d{1,3}`)

// namesRecipients reports whether the delivery statuses are about recipients. Some servers report only themselves (Reporting-MTA), and
// name the recipients in the text.
func (w *mimeWalker) namesRecipients() bool {
	return slices.ContainsFunc(w.statuses, func(group header) bool {
		return group.get("Action") != "" || group.get("Status") != "" || group.get("Final-Recipient") != ""
	})
}

// statusKind reads delivery statuses (RFC 3464, 2.3). If any recipient failed, delays of others are ignored.
func (w *mimeWalker) statusKind() (Kind, []Recipient) {
	var failed, late []Recipient
	for _, group := range w.statuses {
		action := strings.ToLower(firstWord(group.get("Action")))
		status := statusCode.FindString(group.get("Status"))
		r := readRecipient(group, status)
		switch {
		case strings.HasPrefix(action, "fail"), action == "" && strings.HasPrefix(status, "5"):
			failed = append(failed, r)
		case action == "delayed", action == "" && strings.HasPrefix(status, "4"):
			late = append(late, r)
		}
	}
	switch {
	case len(failed) > 0:
		w.complete(failed)
		return Failure, failed
	case len(late) > 0:
		return Delay, late
	}
	return Other, nil // delivered, relayed, expanded
}

// complete adds what the text part says about each recipient, if the status itself gives no reason: OpenSMTPD never writes
// a Diagnostic-Code, and Exim only for replies of other servers.
func (w *mimeWalker) complete(failed []Recipient) {
	said, _ := splitCopy(w.plainText())
	if strings.TrimSpace(said) == "" {
		return
	}
	transcript := transcriptRecipients(said)
	for i, r := range failed {
		failed[i].stage = stageOf(r.Address, said)
		vague := r.Class() == ClassUnspecified || r.Class() == ClassUnknown
		if r.Text != "" && !vague {
			continue
		}
		found, ok := find(transcript, r.Address)
		if !ok {
			found, ok = paragraphOf(r.Address, said)
		}
		if !ok {
			found, ok = paragraphOf(r.final, said)
		}
		if !ok && len(failed) == 1 && r.Text == "" && vague {
			found, ok = recipientFromText("", said), true
			ok = found.Class() != ClassUnknown
		}
		if !ok {
			continue
		}
		if found.Enhanced == "" {
			found.Enhanced = r.Enhanced
		}
		found.Address, found.final, found.stage, found.host = r.Address, r.final, failed[i].stage, r.host
		failed[i] = found
	}
}

// find returns the recipient with an address, if the text about it identifies a class.
func find(list []Recipient, address string) (Recipient, bool) {
	i := slices.IndexFunc(list, func(r Recipient) bool { return strings.EqualFold(r.Address, address) })
	if i < 0 || list[i].Class() == ClassUnspecified || list[i].Class() == ClassUnknown {
		return Recipient{}, false
	}
	return list[i], true
}

// readRecipient reads the fields of one recipient. The original recipient is the address we sent to; the final one is
// where it was forwarded. The server's reply takes precedence over the status derived from it.
func readRecipient(group header, status string) Recipient {
	r := Recipient{Enhanced: status, Text: withoutType(group.get("Diagnostic-Code")), host: withoutType(group.get("Remote-MTA"))}
	for _, name := range []string{"Original-Recipient", "X-Original-Recipient", "Final-Recipient", "X-Actual-Recipient"} {
		if address := withoutType(group.get(name)); r.Address == "" && strings.Contains(address, "@") {
			r.Address = strings.Trim(address, "<>")
		}
		if name == "Final-Recipient" {
			r.final = strings.Trim(withoutType(group.get(name)), "<>")
		}
	}
	if status == "" && r.Text == "" {
		r.Text = group.get("Status") // a reply instead of a code
	}
	code, enhanced := codes(r.Text)
	r.Code = code
	if enhanced != "" {
		r.Enhanced = enhanced
	}
	return r
}

// withoutType returns a value without its type: "rfc822; x@example.org", "smtp; 550 5.1.1 no".
func withoutType(value string) string {
	kind, rest, found := strings.Cut(value, ";")
	if !found || strings.ContainsAny(strings.TrimSpace(kind), " \t@") {
		return strings.TrimSpace(value)
	}
	return strings.TrimSpace(rest)
}
