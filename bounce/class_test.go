package bounce

import "testing"

func TestClassify_ByCodeAndText(t *testing.T) {
	for _, tt := range []struct {
		code     int
		enhanced string
		text     string
		want     Class
	}{
		// The enhanced code comes first, whatever the rest says.
		{550, "5.1.1", "The email account that you tried to reach does not exist", ClassUnknownUser},
		{550, "5.1.1", "<x@example.org>: Recipient address rejected: User unknown in relay recipient table", ClassUnknownUser},
		{550, "5.1.1", "<blacklist@example.org>: no such user", ClassUnknownUser},
		{550, "5.1.10", "RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", ClassUnknownUser},
		{550, "5.4.310", "DNS domain example.org does not exist", ClassUnknownUser},
		{556, "5.1.10", "example.org does not accept mail (nullMX)", ClassUnknownUser},
		{0, "5.1.3", "", ClassUnknownUser},
		{0, "5.1.2", "", ClassDomainNotFound},
		{550, "5.2.1", "The email account that you tried to reach is disabled", ClassDisabled},
		{552, "5.2.2", "The recipient's inbox is out of storage space", ClassMailboxFull},
		{452, "4.2.2", "over quota", ClassMailboxFull},
		{552, "5.3.4", "Message size exceeds fixed limit", ClassContent},
		{550, "5.2.3", "Message too large for this recipient", ClassContent},
		{550, "5.4.1", "Recipient address rejected: Access denied. AS(201806281)", ClassUnknownUser},
		{550, "5.4.1", "Relay Access Denied", ClassUnspecified},
		{0, "5.4.4", "Host or domain name not found", ClassDomainNotFound},
		{0, "5.4.4", "", ClassRouting},
		{554, "5.4.6", "Too many hops", ClassRouting},
		{554, "5.4.14", "Hop count exceeded - possible mail loop", ClassRouting},
		{0, "4.4.1", "Connection timed out", ClassExpired},
		{0, "4.4.7", "", ClassExpired},
		{550, "5.4.300", "Message expired", ClassExpired},
		{550, "5.6.0", "no MIME please", ClassContent},
		{555, "5.5.4", "Syntax error", ClassContent},

		// Policy rejections never count against a member.
		{550, "5.7.1", "Our system has detected that this message is likely unsolicited mail", ClassPolicy},
		{550, "5.7.1", "User unknown", ClassUnknownUser}, // clear words are more reliable than 5.7.1
		{550, "5.7.26", "Unauthenticated email from example.org is not accepted due to domain's DMARC policy", ClassPolicy},
		{550, "5.7.28", "unusual rate", ClassPolicy},
		{550, "5.7.509", "Access denied, sending domain does not pass DMARC", ClassPolicy},
		{550, "5.7.515", "Access denied, sending domain does not meet the required authentication level", ClassPolicy},
		{451, "4.7.1", "Greylisted, please try again", ClassPolicy},
		{421, "4.7.28", "rate limited", ClassPolicy},
		{550, "5.1.8", "Sender address rejected: Domain not found", ClassPolicy},
		{550, "5.1.1", "Blocked - see https://example.org; listed by Spamhaus", ClassPolicy}, // Sendmail invents codes
		{554, "", "Your access to this mail system has been rejected due to the sending MTA's poor reputation", ClassPolicy},
		{550, "", "Message rejected as spam by content filter", ClassPolicy},
		{550, "", "5.7 Rejected by local policy", ClassPolicy},
		{554, "", "Relay access denied", ClassPolicy},

		// Without a useful code, the words decide.
		{550, "", "No such user here", ClassUnknownUser},
		{554, "5.0.0", "delivery error: dd This user doesn't have an account. user doesn't have an account", ClassUnknownUser},
		{553, "", "sorry, no mailbox here by that name", ClassUnknownUser},
		{551, "", "User not found", ClassUnknownUser},
		{550, "5.5.0", "Requested action not taken: mailbox unavailable", ClassUnspecified},
		{550, "", "This mailbox has been disabled", ClassDisabled},
		{552, "", "Mailbox full", ClassMailboxFull},
		{552, "", "Message size exceeds maximum", ClassContent},
		{452, "", "insufficient system storage", ClassMailboxFull},
		{450, "", "mailbox does not exist", ClassExpired},
		{0, "", "retry timeout exceeded", ClassExpired},
		{0, "", "Host not found", ClassDomainNotFound},
		{0, "", "Unrouteable address", ClassDomainNotFound},

		// Without either, a single rejection suppresses no address.
		{550, "", "", ClassUnspecified},
		{553, "", "", ClassUnspecified},
		{0, "5.0.0", "", ClassUnspecified},
		{552, "", "", ClassMailboxFull},
		{556, "", "", ClassUnknownUser},
		{451, "", "", ClassExpired},
		{554, "", "", ClassUnknown},
		{0, "", "", ClassUnknown},
		{0, "", "some other text", ClassUnknown},
		{0, "9.9.9", "", ClassUnknown},
	} {
		if got := Classify(tt.code, tt.enhanced, tt.text); got != tt.want {
			t.Errorf("Classify(%d, %q, %q) = %s, want %s", tt.code, tt.enhanced, tt.text, got, tt.want)
		}
	}
}

func FuzzClassify(f *testing.F) {
	f.Add(550, "5.1.1", "User unknown")
	f.Add(0, "", "\xff<")
	f.Add(-7, "5..", "5.1.1@")
	f.Fuzz(func(t *testing.T, code int, enhanced, text string) {
		if c := Classify(code, enhanced, text); c == "" || c.points() < 0 || c.points() > Threshold {
			t.Errorf("Classify(%d, %q, %q) = %q", code, enhanced, text, c)
		}
		codes(text)
	})
}
