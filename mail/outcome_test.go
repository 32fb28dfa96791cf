package mail

import "testing"

func TestOutcome_RecognizesThrottling(t *testing.T) {
	tests := []struct {
		name string
		out  Outcome
		want bool
	}{
		{"Gmail", Outcome{Result: NotSent, Stage: Body, Code: 421, Enhanced: "4.7.28", Reply: "4.7.28 Gmail has detected an unusual rate of mail"}, true},
		{"Yahoo", Outcome{Result: NotSent, Stage: Recipient, Code: 421, Enhanced: "4.7.0", Reply: "4.7.0 [TSS04] Messages temporarily deferred due to unexpected volume"}, true},
		{"Outlook", Outcome{Result: TempFail, Stage: Recipient, Code: 451, Enhanced: "4.7.652", Reply: "4.7.652 The mail server has exceeded the maximum number of connections"}, true},
		{"Amazon SES", Outcome{Result: TempFail, Stage: Body, Code: 454, Reply: "Throttling failure: Maximum sending rate exceeded."}, false}, // the relay's own
		{"only text", Outcome{Result: TempFail, Stage: Recipient, Code: 450, Reply: "too many messages, slow down"}, true},
		{"the relay itself, before the recipient", Outcome{Result: NotSent, Stage: Sender, Code: 421, Reply: "too many connections"}, false},
		{"greylisting", Outcome{Result: TempFail, Stage: Recipient, Code: 451, Enhanced: "4.7.1", Reply: "4.7.1 Greylisting in action"}, false},
		{"a mailbox that receives too much", Outcome{Result: TempFail, Stage: Recipient, Code: 450, Enhanced: "4.2.1", Reply: "4.2.1 receiving mail at a rate that prevents delivery"}, false},
		{"a full mailbox", Outcome{Result: TempFail, Stage: Recipient, Code: 452, Enhanced: "4.2.2", Reply: "4.2.2 over quota, too much"}, false},
		{"a rejection", Outcome{Result: Refused, Stage: Recipient, Code: 550, Enhanced: "5.7.1", Reply: "rate"}, false},
		{"a local problem", Outcome{Result: TempFail, Stage: Body, Code: 451, Enhanced: "4.3.0", Reply: "4.3.0 try again later"}, false},
		{"success", Outcome{Result: Accepted, Stage: Body, Code: 250, Reply: "rate"}, false},
		{"a lost connection", Outcome{Result: NotSent, Stage: Body}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.out.RateLimited(); got != tt.want {
				t.Errorf("RateLimited of %v = %v, want %v", tt.out, got, tt.want)
			}
		})
	}
}

func TestOutcome_RecognizesRelayLimits(t *testing.T) {
	tests := []struct {
		name string
		out  Outcome
		want RelayLimit
	}{
		{"Amazon SES, rate", Outcome{Result: TempFail, Stage: Data, Code: 454, Reply: "Throttling failure: Maximum sending rate exceeded."}, RelayRate},
		{"Amazon SES, rate, after the message", Outcome{Result: TempFail, Stage: Body, Code: 454, Reply: "Throttling failure: Maximum sending rate exceeded."}, RelayRate},
		{"Amazon SES, daily", Outcome{Result: TempFail, Stage: Data, Code: 454, Reply: "Throttling failure: Daily message quota exceeded."}, RelayQuota},
		{"Office 365", Outcome{Result: TempFail, Stage: Body, Code: 432, Enhanced: "4.3.2", Reply: "4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded"}, RelayRate},
		{"Office 365, connections", Outcome{Result: NotSent, Stage: Connecting, Code: 432, Enhanced: "4.3.2", Reply: "4.3.2 Concurrent connections limit exceeded"}, RelayRate},
		{"Office 365, daily", Outcome{Result: Refused, Stage: Recipient, Code: 550, Enhanced: "5.1.90", Reply: "5.1.90 Your message can't be sent because you've reached your daily limit for message recipients"}, RelayQuota},
		{"Gmail", Outcome{Result: Refused, Stage: Data, Code: 550, Enhanced: "5.4.5", Reply: "5.4.5 Daily user sending limit exceeded."}, RelayQuota},
		{"Workspace", Outcome{Result: Refused, Stage: Data, Code: 550, Enhanced: "5.4.5", Reply: "5.4.5 Daily SMTP relay limit exceeded for customer."}, RelayQuota},
		{"cPanel", Outcome{Result: Refused, Stage: Recipient, Code: 550, Reply: "Domain forum.example has exceeded the max emails per hour (201/200 (100%)) allowed. Message discarded."}, RelayQuota},
		{"a rate at MAIL", Outcome{Result: TempFail, Stage: Sender, Code: 450, Enhanced: "4.7.1", Reply: "4.7.1 Error: too much mail from 192.0.2.9"}, RelayRate},
		{"a provider's rate", Outcome{Result: NotSent, Stage: Body, Code: 421, Enhanced: "4.7.28", Reply: "4.7.28 Gmail has detected an unusual rate of mail"}, NoRelayLimit},
		{"a mailbox that receives too much", Outcome{Result: TempFail, Stage: Recipient, Code: 450, Enhanced: "4.2.1", Reply: "4.2.1 receiving mail at a rate that prevents delivery"}, NoRelayLimit},
		{"a full mailbox", Outcome{Result: Refused, Stage: Recipient, Code: 552, Enhanced: "5.2.2", Reply: "5.2.2 mailbox limit exceeded"}, NoRelayLimit},
		{"an unknown user", Outcome{Result: Refused, Stage: Recipient, Code: 550, Enhanced: "5.1.1", Reply: "5.1.1 no such user"}, NoRelayLimit},
		{"greylisting", Outcome{Result: TempFail, Stage: Sender, Code: 451, Enhanced: "4.7.1", Reply: "4.7.1 Greylisted, too fast"}, NoRelayLimit},
		{"success", Outcome{Result: Accepted, Stage: Body, Code: 250, Reply: "sending quota"}, NoRelayLimit},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.out.RelayLimit(); got != tt.want {
				t.Errorf("RelayLimit of %v = %v, want %v", tt.out, got, tt.want)
			}
			if tt.out.LoginRefused() {
				t.Errorf("%v is taken for a wrong password", tt.out)
			}
		})
	}
}
