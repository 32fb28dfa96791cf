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
		{"Amazon SES", Outcome{Result: TempFail, Stage: Body, Code: 454, Reply: "Throttling failure: Maximum sending rate exceeded."}, true},
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
