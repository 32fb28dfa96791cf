package bounce

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// token is the token of the message that all files in testdata/mail are about.
const token = "f7q2mzk5w3jx6y4tbn2cdv7h"

// TestParse_ReadsEveryFormat checks each file of testdata/mail: the result for the first recipient, and whether our
// Message-ID and List-Unsubscribe were found. "-" stands for nothing.
func TestParse_ReadsEveryFormat(t *testing.T) {
	const want = `
postfix-unknown-user             failure           delivery-status  anna@members.example 550 5.1.1   dead      original
postfix-no-such-domain           failure           delivery-status  anna@members.example 0   5.4.4   nowhere   original
postfix-null-mx                  failure           delivery-status  anna@members.example 0   5.1.0   dead      original
postfix-expired                  failure           delivery-status  anna@members.example 0   4.4.1   expired   original
postfix-policy-expired           failure           delivery-status  anna@members.example 450 4.7.1   policy    original
postfix-mailbox-full-whole-mail  failure           delivery-status  anna@members.example 552 5.2.2   full      original
postfix-delayed                  delay             delivery-status  anna@members.example 0   4.4.1   expired   original
postfix-delivered                other             delivery-status  -                    -   -       -         original
postfix-smtputf8                 failure           delivery-status  jörg@müller.example  550 5.1.1   dead      original
exim-unknown-user                failure           delivery-status  anna@members.example 550 5.0.0   dead      original
exim-text-unrouteable            failure           exim             anna@members.example 0   -       nowhere   original
exim-text-said                   failure           exim             anna@members.example 550 5.2.1   disabled  original
exim-text-delayed                delay             text             -                    0   -       expired   -
sendmail-unknown-user            failure           delivery-status  anna@members.example 550 5.1.1   dead      original
sendmail-made-up-code            failure           delivery-status  anna@members.example 550 5.1.1   policy    original
sendmail-warning                 delay             delivery-status  anna@members.example 0   4.4.1   expired   original
sendmail-old-text                failure           text             anna@members.example 550 -       dead      original
exchange-online-unknown-user     failure           delivery-status  anna@members.example 550 5.1.10  dead      original
exchange-online-access-denied    failure           delivery-status  anna@members.example 550 5.4.1   dead      original
exchange-online-full             failure           delivery-status  anna@members.example 554 5.2.2   full      original
exchange-online-authentication   failure           delivery-status  anna@members.example 550 5.7.515 policy    original
exchange-2003-text               failure           text             -                    0   5.1.1   dead      -
gmail-unknown-user               failure           delivery-status  anna@gmail.example   550 5.1.1   dead      original
gmail-dmarc                      failure           delivery-status  anna@gmail.example   550 5.7.26  policy    original
gmail-incomplete                 delay             delivery-status  anna@members.example 0   4.4.1   expired   original
qmail-no-mailbox                 failure           qmail            anna@members.example 0   5.1.1   dead      original
qmail-remote                     failure           qmail            anna@members.example 550 -       dead      original
qmail-descendant                 failure           qmail            anna@members.example 0   -       disabled  original
text-only-html                   failure           text             -                    550 5.1.1   dead      -
status-as-text                   failure           delivery-status  anna@members.example 550 5.2.1   disabled  -
status-base64                    failure           delivery-status  anna@members.example 550 5.1.1   dead      original
status-remarks                   failure           delivery-status  anna@members.example 552 5.2.2   full      original
status-without-end               failure           delivery-status  anna@members.example 0   5.1.1   dead      original
status-without-blank-lines       failure           delivery-status  bert@members.example 0   5.1.1   dead      original
status-crlf                      failure           delivery-status  anna@members.example 550 5.1.1   dead      original
status-passed-on                 failure           delivery-status  anna@members.example 550 5.1.1   dead      original
status-bad-content-type          failure           delivery-status  anna@members.example 550 5.1.1   dead      original
mbox-line-before-the-header      failure           delivery-status  anna@members.example 550 5.1.1   dead      original
opensmtpd-policy                 failure           delivery-status  anna@members.example 554 5.7.1   policy    -
opensmtpd-unknown-user           failure           delivery-status  anna@members.example 550 5.1.1   dead      -
opensmtpd-two-recipients         failure           delivery-status  anna@members.example 550 5.1.1   dead      -
exim-own-spam                    failure           delivery-status  anna@members.example 0   5.0.0   policy    -
exim-many-lines                  failure           exim             anna@members.example 550 -       policy    -
sendmail-transcript-lines        failure           text             anna@members.example 550 -       policy    -
null-sender-other-subject        failure           text             -                    550 5.1.1   dead      -
encoded-subject                  failure           text             -                    550 5.1.1   dead      -
subject-windows-1252             failure           text             -                    0   -       dead      -
answer-null-sender               auto-reply        -                -                    -   -       -         -
arf-abuse                        complaint         feedback         -                    -   -       -         original
arf-opt-out                      complaint         feedback         -                    -   -       -         original
arf-not-spam                     not-spam          feedback         -                    -   -       -         original
arf-authentication               other             feedback         -                    -   -       -         original
junk-mail-report                 complaint         junk-mail-report -                    -   -       -         original
answer-rfc3834                   auto-reply        -                -                    -   -       -         -
answer-exchange                  auto-reply        -                -                    -   -       -         -
answer-old-vacation              auto-reply        -                -                    -   -       -         -
answer-receipt                   auto-reply        -                -                    -   -       -         original
other-person                     other             -                -                    -   -       -         -
other-spam                       other             -                -                    -   -       -         -
other-nothing                    other             -                -                    -   -       -         -
`
	listed := make(map[string]bool)
	for line := range strings.Lines(strings.TrimSpace(want)) {
		want := strings.Fields(line)
		listed[want[0]] = true
		t.Run(want[0], func(t *testing.T) {
			got := append(want[:1:1], formatReport(Parse(readMail(t, want[0])))...)
			if strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("got  %s\nwant %s", strings.Join(got, " "), strings.Join(want, " "))
			}
		})
	}
	files, err := filepath.Glob("testdata/mail/*.eml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if name := strings.TrimSuffix(filepath.Base(file), ".eml"); !listed[name] {
			t.Errorf("%s has no expectation", file)
		}
	}
}

// formatReport formats a report like the table of the test above.
func formatReport(r Report) []string {
	one := func(text string) string {
		if text == "" {
			return "-"
		}
		return strings.ReplaceAll(text, " ", "-")
	}
	list := []string{one(string(r.Kind)), one(r.Form), "-", "-", "-", "-", "-"}
	if len(r.Recipients) > 0 {
		first := r.Recipients[0]
		list = append(list[:2], one(first.Address), fmt.Sprint(first.Code), one(first.Enhanced), string(first.Class()), "-")
	}
	for _, o := range r.Originals {
		if o.MessageID == "<"+token+"@forum.example.org>" && strings.Contains(o.Unsubscribe, "<https://forum.example.org/postrider/u/AgAB") {
			list[6] = "original"
		}
	}
	return list
}

func readMail(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "mail", name+".eml"))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestParse_FindsRecipientsAndReturnPath(t *testing.T) {
	const path = "b-16-" + token + "@bounce.forum.example.org"
	r := Parse(readMail(t, "postfix-unknown-user"))
	if got, want := strings.Join(r.To, " "), path+" postrider@relay.forum.example.org "+path; got != want {
		t.Errorf("recipients = %s, want %s", got, want)
	}
	for _, name := range []string{"arf-abuse", "exim-unknown-user", "qmail-no-mailbox"} {
		if r := Parse(readMail(t, name)); len(r.Originals) == 0 || r.Originals[0].ReturnPath != path {
			t.Errorf("%s: originals = %+v, want a return path", name, r.Originals)
		}
	}
}

func TestParse_ReadsEachRecipient(t *testing.T) {
	r := Parse(readMail(t, "qmail-remote"))
	if len(r.Recipients) != 2 || r.Recipients[1].Address != "bert@members.example" || r.Recipients[1].Class() != ClassMailboxFull {
		t.Errorf("recipients = %+v, want two, the second with a full mailbox", r.Recipients)
	}
}

func TestParse_ReadsReasonOfEachRecipientInText(t *testing.T) {
	r := Parse(readMail(t, "opensmtpd-two-recipients"))
	if len(r.Recipients) != 2 || r.Recipients[0].Class() != ClassUnknownUser || r.Recipients[1].Class() != ClassMailboxFull {
		t.Errorf("recipients = %+v, want an unknown user and a full mailbox", r.Recipients)
	}
}

func TestParse_IgnoresWordsOfOriginal(t *testing.T) {
	for _, name := range []string{"exim-text-unrouteable", "qmail-descendant"} {
		for _, rec := range Parse(readMail(t, name)).Recipients {
			if strings.Contains(rec.Text, "words of a thread") || rec.Code != 0 {
				t.Errorf("%s: recipient = %+v, want no text from our own message", name, rec)
			}
		}
	}
}

func TestParse_IgnoresOurSubjectInReport(t *testing.T) {
	for _, subject := range []string{"User unknown on the spamhaus blacklist", "Is your mailbox full?", "550 5.1.1 no such user"} {
		report := "Return-Path: <>\nFrom: System Administrator <postmaster@members.example>\nSubject: Undeliverable: " + subject +
			"\n\nYour message\n\n  To:      anna@members.example\n  Subject: " + subject + "\n\ndid not reach the following recipient:\n\nanna@members.example\n   This mailbox has been disabled.\n"
		r := Parse([]byte(report))
		if r.Kind != Failure || len(r.Recipients) != 1 || r.Recipients[0].Class() != ClassDisabled {
			t.Errorf("subject %q: %+v, want a disabled mailbox", subject, r)
		}
	}
}

func TestParse_LimitsInput(t *testing.T) {
	deep := "Content-Type: text/plain\n\n550 5.1.1 user unknown\n"
	for i := range 30 {
		deep = fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n%s\n--b%d--\n", i, i, deep, i)
	}
	many := "Content-Type: multipart/report; boundary=b\n\n" +
		strings.Repeat("--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; a@b\nAction: failed\nStatus: 5.1.1\n\n", 5000)
	for name, raw := range map[string]string{
		"deep": deep, "many": many,
		"long":   "Subject: x\n\n" + strings.Repeat("550 5.1.1 user unknown\n", 1<<20),
		"fields": strings.Repeat("To: a@example.org\n", 1<<16),
	} {
		r := Parse([]byte(raw))
		if len(r.Recipients) > maxParts || len(r.To) > maxTo || len(r.Originals) > maxOriginals {
			t.Errorf("%s: %d recipients, %d originals, %d addresses", name, len(r.Recipients), len(r.Originals), len(r.To))
		}
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/mail/*.eml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte("\n" + sesBounce))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=\"\n\n--\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		before := bytes.Clone(raw)
		r := Parse(raw)
		if !bytes.Equal(raw, before) {
			t.Error("Parse modified its input")
		}
		if r.Kind == "" || len(r.Recipients) > maxRecipients || len(r.Originals) > maxOriginals || len(r.To) > maxTo {
			t.Errorf("%+v", r)
		}
		if failed := r.Kind == Failure || r.Kind == Delay; failed != (len(r.Recipients) > 0) {
			t.Errorf("kind %s with %d recipients", r.Kind, len(r.Recipients))
		}
		for _, rec := range r.Recipients {
			if rec.Class() == "" {
				t.Errorf("%+v has no class", rec)
			}
		}
	})
}
