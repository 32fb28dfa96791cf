package bounce

import "testing"

func TestClassifyTellsWhoseFaultARefusalIs(t *testing.T) {
	for _, tt := range []struct {
		code     int
		enhanced string
		text     string
		want     Class
	}{
		// The enhanced code comes first, whatever the rest says.
		{550, "5.1.1", "The email account that you tried to reach does not exist", Dead},
		{550, "5.1.1", "<x@example.org>: Recipient address rejected: User unknown in relay recipient table", Dead},
		{550, "5.1.1", "<blacklist@example.org>: no such user", Dead},
		{550, "5.1.10", "RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", Dead},
		{550, "5.4.310", "DNS domain example.org does not exist", Dead},
		{556, "5.1.10", "example.org does not accept mail (nullMX)", Dead},
		{0, "5.1.3", "", Dead},
		{0, "5.1.2", "", Nowhere},
		{550, "5.2.1", "The email account that you tried to reach is disabled", Disabled},
		{552, "5.2.2", "The recipient's inbox is out of storage space", Full},
		{452, "4.2.2", "over quota", Full},
		{552, "5.3.4", "Message size exceeds fixed limit", Content},
		{550, "5.2.3", "Message too large for this recipient", Content},
		{550, "5.4.1", "Recipient address rejected: Access denied. AS(201806281)", Doubtful},
		{0, "5.4.4", "Host or domain name not found", Routing},
		{554, "5.4.6", "Too many hops", Routing},
		{554, "5.4.14", "Hop count exceeded - possible mail loop", Routing},
		{0, "4.4.1", "Connection timed out", Expired},
		{0, "4.4.7", "", Expired},
		{550, "5.4.300", "Message expired", Expired},
		{550, "5.6.0", "no MIME please", Content},
		{555, "5.5.4", "Syntax error", Content},

		// Policy never costs a member his mail.
		{550, "5.7.1", "Our system has detected that this message is likely unsolicited mail", Policy},
		{550, "5.7.1", "User unknown", Policy},
		{550, "5.7.26", "Unauthenticated email from example.org is not accepted due to domain's DMARC policy", Policy},
		{550, "5.7.28", "unusual rate", Policy},
		{550, "5.7.509", "Access denied, sending domain does not pass DMARC", Policy},
		{550, "5.7.515", "Access denied, sending domain does not meet the required authentication level", Policy},
		{451, "4.7.1", "Greylisted, please try again", Policy},
		{421, "4.7.28", "rate limited", Policy},
		{550, "5.1.8", "Sender address rejected: Domain not found", Policy},
		{550, "5.1.1", "Blocked - see https://example.org; listed by Spamhaus", Policy}, // Sendmail makes codes up
		{554, "", "Your access to this mail system has been rejected due to the sending MTA's poor reputation", Policy},
		{550, "", "Message rejected as spam by content filter", Policy},
		{550, "", "5.7 Rejected by local policy", Policy},
		{554, "", "Relay access denied", Policy},

		// Where codes say nothing, the words do.
		{550, "", "No such user here", Dead},
		{554, "5.0.0", "delivery error: dd This user doesn't have an account. user doesn't have an account", Dead},
		{553, "", "sorry, no mailbox here by that name", Dead},
		{551, "", "User not found", Dead},
		{550, "5.5.0", "Requested action not taken: mailbox unavailable", Doubtful},
		{550, "", "This mailbox has been disabled", Disabled},
		{552, "", "Mailbox full", Full},
		{552, "", "Message size exceeds maximum", Content},
		{452, "", "insufficient system storage", Full},
		{450, "", "mailbox does not exist", Expired},
		{0, "", "retry timeout exceeded", Expired},
		{0, "", "Host not found", Nowhere},
		{0, "", "Unrouteable address", Routing},

		// Where nothing does, nobody is cut off for one of them.
		{550, "", "", Doubtful},
		{553, "", "", Doubtful},
		{0, "5.0.0", "", Doubtful},
		{552, "", "", Full},
		{556, "", "", Dead},
		{451, "", "", Expired},
		{554, "", "", Unknown},
		{0, "", "", Unknown},
		{0, "", "what a fine day", Unknown},
		{0, "9.9.9", "", Unknown},
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
