package bounce

import (
	"strings"
	"testing"
)

// wantRecipients checks the recipients of a report without a standard format: "address class, address class".
func wantRecipients(t *testing.T, body, want string) {
	t.Helper()
	var got []string
	r := Parse([]byte("Return-Path: <>\nFrom: MAILER-DAEMON@relay.example\nSubject: Undelivered mail\n\n" + body))
	for _, x := range r.Recipients {
		got = append(got, x.Address+" "+string(x.Class()))
	}
	if r.Kind != Failure || strings.Join(got, ", ") != want {
		t.Errorf("kind %s, recipients %s\nwant %s", r.Kind, strings.Join(got, ", "), want)
	}
}

func TestParse_SeveralRecipientsInATranscript(t *testing.T) {
	wantRecipients(t, `   ----- Transcript of session follows -----
While talking to mx.one.example:
>>> MAIL From:<b@bounce.forum.example>
<<< 501 no access from mail server [192.0.2.9], which is an open relay
554 <anna@one.example>... Remote protocol error
550 two.example (smtp)... 550 Host unknown
554 <bert@two.example>... 550 Host unknown (Authoritative answer from name server)
While talking to mx.three.example:
>>> RCPT To:<cora@three.example>
<<< 550 <cora@three.example>... No such user here
550 <cora@three.example>... User unknown
>>> RCPT To:<dora@three.example>
<<< 550 5.2.2 over quota
550 5.1.1 <dora@three.example>... User unknown
mail.local: unknown user: emil
554 <emil@four.example>... Service unavailable

   ----- Unsent message follows -----
To: anna@one.example
`, "anna@one.example policy, bert@two.example nowhere, cora@three.example dead, dora@three.example full, emil@four.example dead")
}

func TestParse_SeveralRecipientsInBlocks(t *testing.T) {
	for name, body := range map[string]string{
		"address and colon":  "<anna@one.example>:\nThis user doesn't have an account (anna@one.example) [0]\n\n<bert@one.example>:\nThis account is over quota.\n\n",
		"quoted address":     "failed:\n\n\"anna@one.example\":\nSMTP error from remote server after RCPT command:\nhost: mx.one.example\n5.1.1 <anna@one.example>... User unknown\n\"bert@one.example\":\nhost: mx.one.example\n5.2.2 Mailbox full\n",
		"address and reason": "recipients:\n\nanna@one.example: 550 5.1.1 no such user\nbert@one.example: 550 5.2.2 mailbox full\n",
		"address and time":   "did not reach:\n\nanna@one.example on Thu, 29 Apr 2007 16:51:51 -0500\n    The recipient name is not recognized\nbert@one.example on Thu, 29 Apr 2007 16:51:52 -0500\n    The mailbox is full\n",
		"address and error":  "permanent error.\n\nanna@one.example Invalid Address, ERROR_CODE :550, ERROR_CODE :5.1.1 User unknown\nbert@one.example Invalid Address, ERROR_CODE :550, ERROR_CODE :5.2.2 Mailbox full\n",
		"names":              "recipients:\n\n  Recipient address: anna@one.example\n  Reason: rejected\n  Diagnostic code: smtp; 550 User unknown\n  Recipient address: bert@one.example\n  Reason: quota exceeded\n",
	} {
		t.Run(name, func(t *testing.T) { wantRecipients(t, body, "anna@one.example dead, bert@one.example full") })
	}
}

func TestParse_StatusInTextInAnyCase(t *testing.T) {
	wantRecipients(t, "Reporting-MTA: dns; one.example\n\nAction: failed\nFinal-recipient: rfc822;anna@one.example\nStatus: 5.0.0\nDiagnostic-code: smtp; 550 User unknown\n\nAction: failed\nFinal-recipient: rfc822;bert@one.example\nStatus: 5.2.2\n\n", "anna@one.example dead, bert@one.example full")
}

// status is a delivery status with a text part.
func deliveryStatus(text, fields string) string {
	return "From: MAILER-DAEMON@relay.example\nContent-Type: multipart/report; boundary=b\n\n--b\n" + text + "\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example\n\n" +
		"Final-Recipient: rfc822; anna@one.example\nAction: failed\n" + fields + "\n\n--b--\n"
}

func TestParse_CommandInTextOfPostfix(t *testing.T) {
	for command, want := range map[string]Class{"RCPT TO": ClassUnspecified, "end of DATA": ClassContent, "MAIL FROM": ClassPolicy} {
		text := "\n<anna@one.example>: host mx.one.example[192.0.2.1] said: 550\n    no (in reply to " + strings.Replace(command, " ", "\n    ", 1) + " command)\n"
		r := Parse([]byte(deliveryStatus(text, "Status: 5.0.0\nDiagnostic-Code: smtp; 550 no")))
		if len(r.Recipients) != 1 || r.Recipients[0].Class() != want {
			t.Errorf("after %s: %+v, want %s", command, r.Recipients, want)
		}
	}
	text := "\n<anna@one.example>: host mfsmax.docomo.ne.jp[192.0.2.1] said: 550 Unknown user anna@one.example (in reply to end of DATA command)\n"
	r := Parse([]byte(deliveryStatus(text, "Status: 5.0.0\nRemote-MTA: dns; mfsmax.docomo.ne.jp\nDiagnostic-Code: smtp; 550 Unknown user anna@one.example")))
	if len(r.Recipients) != 1 || r.Recipients[0].Class() != ClassPolicy {
		t.Errorf("%+v, want policy", r.Recipients)
	}
}

func TestParse_LinesOfAnyEnding(t *testing.T) {
	report := deliveryStatus("\nno\n", "Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 user unknown")
	for name, end := range map[string]string{"LF": "\n", "CRLF": "\r\n", "CR": "\r"} {
		r := Parse([]byte(strings.ReplaceAll(report, "\n", end)))
		if len(r.Recipients) != 1 || r.Recipients[0].Address != "anna@one.example" || r.Recipients[0].Class() != ClassUnknownUser {
			t.Errorf("with %s: %+v, want that anna@one.example is unknown", name, r.Recipients)
		}
	}
}

func TestParse_CodeCountsMoreThanOtherText(t *testing.T) {
	r := Parse([]byte(deliveryStatus("\nDelivery to the following recipients failed.\n\n   anna@one.example\n\n\nThis email was scanned for spam by our provider.\n", "Status: 5.1.1")))
	if len(r.Recipients) != 1 || r.Recipients[0].Class() != ClassUnknownUser {
		t.Errorf("%+v, want an unknown user", r.Recipients)
	}
}

func TestParse_CharacterSetOfStatusNotNamed(t *testing.T) {
	const japanese = "\x1b$B%f!<%6!<\x1b(B Anna \x1b$B$O\x1b(B Domino \x1b$B%G%#%l%/%H%j$K$O8+$D$+$j$^$;$s!#\x1b(B" // ISO-2022-JP
	for _, diagnostic := range []string{japanese, "Empf\xe4nger ung\xfcltig"} {
		r := Parse([]byte(deliveryStatus("\nno\n", "Status: 5.0.0\nDiagnostic-Code: x-unix; "+diagnostic)))
		if len(r.Recipients) != 1 || r.Recipients[0].Class() != ClassUnknownUser {
			t.Errorf("%+v, want an unknown user", r.Recipients)
		}
	}
}

func TestParse_FailureFromAddressThatTakesNoMail(t *testing.T) {
	for _, from := range []string{"no-reply@app.dest.example", "post_master@dest.example"} {
		r := Parse([]byte("From: " + from + "\nSubject: Re: News\n\nError: Invalid user address\n\nError message below:\n550 - Requested action not taken: no such user here\n"))
		if r.Kind != Failure || len(r.Recipients) != 1 || r.Recipients[0].Class() != ClassUnknownUser {
			t.Errorf("from %s: kind %s, %+v, want an unknown user", from, r.Kind, r.Recipients)
		}
		r = Parse([]byte("From: " + from + "\nSubject: Re: News\nAuto-Submitted: auto-replied\n\nWe have received your message.\n\n500 Main Street\nSpringfield\n"))
		if r.Kind != AutoReply {
			t.Errorf("from %s: kind %s, want an automatic reply", from, r.Kind)
		}
	}
}

func TestParse_ReportFromOtherSenderBySubjectAndReason(t *testing.T) {
	const rejected = "\n\nCould not deliver the message to:\n\n<anna@one.example>: no such user here\n"
	for _, tt := range []struct {
		head string
		want Kind
	}{
		{"From: imss@one.example\nSubject: Mail could not be delivered", Failure},
		{"From: System Administrator <admin@one.example>\nSubject: Delivery Failure", Failure},
		{"From: <>\nSubject: Your message", Failure},
		{"From: MDaemon@one.example\nSubject: Warning: anna@one.example - User unknown!", Failure},
		{"From: bert@one.example\nSubject: Re: Mail could not be delivered", Other},
		{"From: bert@one.example\nSubject: Fwd: Returned mail: User unknown", Other},
		{"From: bert@one.example\nSubject: Hello", Other},
	} {
		if r := Parse([]byte(tt.head + rejected)); r.Kind != tt.want {
			t.Errorf("%q: kind %s, want %s", tt.head, r.Kind, tt.want)
		}
	}
}

func TestParse_StatusThatNamesNoRecipient(t *testing.T) {
	report := "From: postmaster@relay.example\nSubject: Failed mail\nContent-Type: multipart/report; boundary=b\n\n--b\n\nYour message was not delivered to\n\n   anna@one.example\n\nThis user is unknown. Unknown user.\n" +
		"\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example\n\n--b--\n"
	if r := Parse([]byte(report)); r.Kind != Failure || r.Recipients[0].Class() != ClassUnknownUser {
		t.Errorf("%+v, want an unknown user", r)
	}
	report = strings.Replace(report, "dns; relay.example\n", "dns; relay.example\n\nFinal-Recipient: rfc822;anna@one.example\nAction: failure\nStatus: 553 mailbox is full\n", 1)
	if r := Parse([]byte(report)); r.Kind != Failure || r.Recipients[0].Class() != ClassMailboxFull {
		t.Errorf("%+v, want a full mailbox", r)
	}
}
