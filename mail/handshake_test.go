package mail

import (
	"strings"
	"testing"

	"postrider/internal/smtptest"
)

func TestHandshake_AcceptsGreetingWithoutText(t *testing.T) {
	for _, greeting := range []string{"220\r\n", "220 \r\n", "220-\r\n220\r\n"} {
		relay := smtptest.NewScript(t, smtptest.Table{"connect": {{Raw: greeting}}})
		s := dialTo(t, SMTPConfig{URL: relay.URL()})
		if o := s.Send(t.Context(), sender, recipient, mustCompose(t, sample())); o.Result != Accepted {
			t.Errorf("greeting %q: %v, want accepted", greeting, o)
		}
	}
}

func TestHandshake_ReportsLastCodeOfMixedGreeting(t *testing.T) {
	relay := smtptest.NewScript(t, smtptest.Table{"connect": {{Raw: "220-relay ESMTP\r\n521 5.7.1 Service unavailable; client blocked\r\n", Drop: true}}})
	s := dialTo(t, SMTPConfig{URL: relay.URL()})
	o := s.Send(t.Context(), sender, recipient, mustCompose(t, sample()))
	if o.Result != NotSent || o.Code != 521 || !strings.Contains(o.Err.Error(), "521") || !strings.Contains(o.Err.Error(), "client blocked") {
		t.Errorf("Send = %v (%v), want not sent with 521 and its text", o, o.Err)
	}
}

func TestHandshake_UnderstandsOldLoginOffer(t *testing.T) {
	for _, offer := range []string{"250 AUTH=LOGIN", "250-AUTH=LOGIN\n250 AUTH LOGIN", "250 AUTH=PLAIN LOGIN", "250 auth login"} {
		relay := smtptest.NewScript(t, smtptest.Table{"EHLO": {{Reply: "250-script.test\n" + offer}}})
		s := dialTo(t, SMTPConfig{URL: strings.Replace(relay.URL(), "//", "//rider@", 1), Password: "s3cr3t"})
		if _, err := s.TestConnection(t.Context()); err != nil {
			t.Errorf("%s: %v", offer, err)
		}
		if lines := strings.Join(relay.Commands(), "|"); !strings.Contains(lines, "AUTH ") {
			t.Errorf("%s: the relay got %q, want AUTH", offer, lines)
		}
	}
}

func TestHandshake_ConnectionLimitIsNotWrongPassword(t *testing.T) {
	relay := smtptest.NewScript(t, smtptest.Table{
		"EHLO": {{Reply: "250-script.test\n250 AUTH PLAIN"}},
		"AUTH": {{Reply: "432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more information."}},
	})
	s := dialTo(t, SMTPConfig{URL: strings.Replace(relay.URL(), "//", "//rider@", 1), Password: "s3cr3t"})
	o := s.Send(t.Context(), sender, recipient, mustCompose(t, sample()))
	if o.LoginRefused() || o.Code != 432 || o.Result != NotSent {
		t.Errorf("Send = %v, want not sent with 432, and no rejected login", o)
	}
}

func TestSend_UnderstandsSize(t *testing.T) {
	raw := mustCompose(t, sample())
	relay := smtptest.NewScript(t, smtptest.Table{"EHLO": {{Reply: "250-script.test\n250 SIZE 100"}}})
	s := dialTo(t, SMTPConfig{URL: relay.URL()})
	if o := s.Send(t.Context(), sender, recipient, raw); o.Result != Refused || o.Enhanced != "5.3.4" || o.Err == nil {
		t.Errorf("Send = %v, want refused with 5.3.4", o)
	}
	for _, line := range relay.Commands() {
		if strings.HasPrefix(line, "MAIL") {
			t.Errorf("the relay got %q, want no transaction", line)
		}
	}
	for _, offer := range []string{"250 SIZE", "250 SIZE 0", "250 SIZE 10240000"} {
		relay := smtptest.NewScript(t, smtptest.Table{"EHLO": {{Reply: "250-script.test\n" + offer}}})
		s := dialTo(t, SMTPConfig{URL: relay.URL()})
		if o := s.Send(t.Context(), sender, recipient, raw); o.Result != Accepted {
			t.Errorf("%s: %v, want accepted", offer, o)
		}
		if lines := strings.Join(relay.Commands(), "|"); !strings.Contains(lines, " SIZE=") {
			t.Errorf("%s: the relay got %q, want the size", offer, lines)
		}
	}
}
