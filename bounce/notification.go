package bounce

import (
	"encoding/json"
	"regexp"
	"strings"
)

// notification is what Amazon SES reports through SNS, which can send it by email ("Amazon SNS notification contents for
// Amazon SES", docs.aws.amazon.com, 2025).
type notification struct {
	Message string `json:"Message"` // SNS may wrap the notification as text
	Type    string `json:"notificationType"`
	Event   string `json:"eventType"` // instead of Type, from configuration sets
	Bounce  struct {
		SubType    string                  `json:"bounceSubType"`
		Recipients []notificationRecipient `json:"bouncedRecipients"`
	} `json:"bounce"`
	Delay struct {
		Type       string                  `json:"delayType"`
		Recipients []notificationRecipient `json:"delayedRecipients"`
	} `json:"deliveryDelay"`
	Complaint struct {
		Feedback string `json:"complaintFeedbackType"`
	} `json:"complaint"`
	Mail struct {
		Source  string `json:"source"` // the return path
		Headers []struct {
			Name  string `json:"name"`
			Value string `json:"value"`
		} `json:"headers"`
	} `json:"mail"`
}

type notificationRecipient struct {
	Address    string `json:"emailAddress"`
	Status     string `json:"status"`
	Diagnostic string `json:"diagnosticCode"`
}

// brokenLine is what Sendmail inserts into lines of more than 990 bytes.
const brokenLine = "!\n "

// readNotification finds a notification at the start of a text. SNS appends a footer.
func readNotification(text string) (n notification, found bool) {
	text = strings.TrimSpace(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), brokenLine, ""))
	for range 2 { // the second is what the first wraps
		if !strings.HasPrefix(text, "{") {
			return n, false
		}
		n = notification{}
		if err := json.NewDecoder(strings.NewReader(text)).Decode(&n); err != nil {
			return n, false
		}
		if n.Type == "" {
			n.Type = n.Event
		}
		if n.Type != "" {
			return n, true
		}
		text = strings.TrimSpace(n.Message)
	}
	return n, false
}

// report returns what a notification says. Those of deliveries and clicks are [Other].
func (n notification) report(r Report) Report {
	r.Form = "notification"
	switch n.Type {
	case "Bounce":
		r.Recipients = n.recipients(n.Bounce.Recipients, n.Bounce.SubType)
		r.Kind = Failure
	case "DeliveryDelay":
		r.Recipients = n.recipients(n.Delay.Recipients, n.Delay.Type)
		r.Kind = Delay
	case "Complaint":
		r.Kind = Complaint
		if n.Complaint.Feedback == "not-spam" {
			r.Kind = NotSpam
		}
	}
	h := make(header, 0, len(n.Mail.Headers))
	for _, f := range n.Mail.Headers {
		h = append(h, field{strings.ToLower(f.Name), f.Value})
	}
	o := readOriginal(h)
	if path := addresses(n.Mail.Source); len(path) > 0 {
		o.ReturnPath = path[0]
	}
	if o != (Original{}) && len(r.Originals) < maxOriginals {
		r.Originals = append(r.Originals, o)
	}
	return r
}

// wordStart matches where a word begins in a name such as "MailboxFull".
var wordStart = regexp.MustCompile(`([a-z])([A-Z])`)

// recipients returns at least one recipient. kind is the reason where a recipient has none.
func (n notification) recipients(given []notificationRecipient, kind string) (list []Recipient) {
	for _, g := range given[:min(len(given), maxRecipients)] {
		text := withoutType(g.Diagnostic)
		if text == "" {
			text = wordStart.ReplaceAllString(kind, "$1 $2")
		}
		r := recipientFrom(g.Address, text)
		if r.Enhanced == "" {
			r.Enhanced = statusCode.FindString(g.Status)
		}
		list = append(list, r)
	}
	if list == nil {
		list = []Recipient{{Text: kind}}
	}
	return list
}
