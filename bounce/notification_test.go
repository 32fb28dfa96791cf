package bounce

import (
	"encoding/json"
	"strings"
	"testing"
)

const sesBounce = `{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bounceSubType":"General","bouncedRecipients":[{"emailAddress":"anna@one.example","action":"failed","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user unknown"},` +
	`{"emailAddress":"bert@one.example"}]},"mail":{"source":"b-16-` + token + `@bounce.forum.example.org","headers":[{"name":"Message-ID","value":"<1@forum.example>"},{"name":"List-Unsubscribe","value":"<https://forum.example/u/1>"}]}}`

func parseNotification(body string) Report {
	return Parse([]byte("From: SES <no-reply@sns.amazonaws.example>\nSubject: AWS Notification Message\n\n" + body + "\n\n--\nIf you wish to stop receiving notifications, visit https://sns.example/\n"))
}

func TestParse_NotificationOfAmazonSES(t *testing.T) {
	wrapped, err := json.Marshal(map[string]string{"Type": "Notification", "Message": sesBounce})
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{
		"plain": sesBounce, "wrapped": string(wrapped), "broken lines": sesBounce[:100] + "!\n " + sesBounce[100:], "event": strings.Replace(sesBounce, "notificationType", "eventType", 1),
	} {
		r := parseNotification(body)
		if r.Kind != Failure || r.Form != "notification" || len(r.Recipients) != 2 || r.Recipients[0].Address != "anna@one.example" || r.Recipients[0].Class() != ClassUnknownUser {
			t.Errorf("%s: %+v, want that anna@one.example is unknown", name, r)
		}
		want := Original{MessageID: "<1@forum.example>", Unsubscribe: "<https://forum.example/u/1>", ReturnPath: "b-16-" + token + "@bounce.forum.example.org"}
		if len(r.Originals) != 1 || r.Originals[0] != want {
			t.Errorf("%s: originals %+v, want %+v", name, r.Originals, want)
		}
	}
}

func TestParse_NotificationWithoutDiagnostic(t *testing.T) {
	for kind, want := range map[string]Class{"MailboxFull": ClassMailboxFull, "MessageTooLarge": ClassContent, "ContentRejected": ClassPolicy, "Undetermined": ClassUnknown} {
		r := parseNotification(`{"notificationType":"Bounce","bounce":{"bounceSubType":"` + kind + `","bouncedRecipients":[{"emailAddress":"anna@one.example"}]}}`)
		if len(r.Recipients) != 1 || r.Recipients[0].Class() != want {
			t.Errorf("%s: %+v, want %s", kind, r.Recipients, want)
		}
	}
}

func TestParse_OtherNotifications(t *testing.T) {
	for body, want := range map[string]Kind{
		`{"notificationType":"Complaint","complaint":{"complaintFeedbackType":"abuse"}}`:                                                 Complaint,
		`{"notificationType":"Complaint","complaint":{}}`:                                                                                Complaint,
		`{"notificationType":"Complaint","complaint":{"complaintFeedbackType":"not-spam"}}`:                                              NotSpam,
		`{"eventType":"DeliveryDelay","deliveryDelay":{"delayType":"MailboxFull","delayedRecipients":[{"emailAddress":"a@b.example"}]}}`: Delay,
		`{"notificationType":"Delivery"}`:                                                                                                Other,
	} {
		if r := parseNotification(body); r.Kind != want || r.Letter != nil {
			t.Errorf("%s: kind %s, letter %v, want %s and no letter", body, r.Kind, r.Letter, want)
		}
	}
}
