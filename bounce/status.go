package bounce

import (
	"regexp"
	"strings"
)

var statusCode = regexp.MustCompile(`[245]\.\d{1,3}\.\d{1,3}`)

// statusKind reads delivery statuses (RFC 3464, 2.3): that one mail failed counts more than that another is late.
func (w *mimeWalker) statusKind() (Kind, []Recipient) {
	var failed, late []Recipient
	for _, group := range w.statuses {
		action := strings.ToLower(firstWord(group.get("Action")))
		status := statusCode.FindString(group.get("Status"))
		r := readRecipient(group, status)
		switch {
		case action == "failed", action == "" && strings.HasPrefix(status, "5"):
			failed = append(failed, r)
		case action == "delayed", action == "" && strings.HasPrefix(status, "4"):
			late = append(late, r)
		}
	}
	switch {
	case len(failed) > 0:
		return Failure, failed
	case len(late) > 0:
		return Delay, late
	}
	return Other, nil // delivered, relayed, expanded
}

// readRecipient reads the group of one recipient. The address that we mailed is the original one; the final one is where it
// was forwarded to. What the other side said counts more than the status that was made of it.
func readRecipient(group header, status string) Recipient {
	r := Recipient{Enhanced: status, Text: typed(group.get("Diagnostic-Code"))}
	for _, name := range []string{"Original-Recipient", "X-Original-Recipient", "Final-Recipient", "X-Actual-Recipient"} {
		if address := typed(group.get(name)); r.Address == "" && strings.Contains(address, "@") {
			r.Address = strings.Trim(address, "<>")
		}
	}
	code, enhanced := codes(r.Text)
	r.Code = code
	if enhanced != "" {
		r.Enhanced = enhanced
	}
	return r
}

// typed is a value without its type: "rfc822; x@example.org", "smtp; 550 5.1.1 no".
func typed(value string) string {
	kind, rest, found := strings.Cut(value, ";")
	if !found || strings.ContainsAny(strings.TrimSpace(kind), " \t@") {
		return strings.TrimSpace(value)
	}
	return strings.TrimSpace(rest)
}
