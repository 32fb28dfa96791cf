package mail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"postrider/internal/smtptest"
)

const (
	sender    = "digest@forum.example.org"
	recipient = "anna@example.org"
)

// discard drops all log messages.
var discard = slog.New(slog.DiscardHandler)

// dialTo returns a sender for the relay and closes it after the test.
func dialTo(t testing.TB, c SMTPConfig) *SMTP {
	t.Helper()
	if c.Timeout == 0 {
		c.Timeout = 20 * time.Second
	}
	s, err := NewSMTP(c, discard)
	if err != nil {
		t.Fatalf("NewSMTP: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

func TestSend_DeliversBytesUnchanged(t *testing.T) {
	for name, options := range map[string][]smtptest.Option{
		"smtp":                  nil,
		"smtp with a login":     {smtptest.WithAuth("rider", "pass word")},
		"starttls":              {smtptest.WithSTARTTLS()},
		"starttls with a login": {smtptest.WithSTARTTLS(), smtptest.WithAuth("rider", "pass word")},
		"smtps with a login":    {smtptest.WithTLS(), smtptest.WithAuth("rider", "pass word")},
	} {
		t.Run(name, func(t *testing.T) {
			inbox := smtptest.New(t, options...)
			c := SMTPConfig{URL: inbox.URL()}
			if strings.Contains(name, "tls") || strings.Contains(name, "smtps") {
				c.CAFile = inbox.CAFile()
			}
			if strings.Contains(name, "login") {
				c.Password = "pass word"
			}
			s := dialTo(t, c)
			line, err := s.TestConnection(t.Context())
			if encrypted := line.TLS != nil && len(line.TLS.PeerCertificates) == 1; err != nil || encrypted != (strings.Contains(name, "tls") || strings.Contains(name, "smtps")) {
				t.Fatalf("TestConnection: %+v, %v", line, err)
			}
			raw := mustCompose(t, sample())
			for range 3 {
				if o := s.Send(t.Context(), sender, "anna@MÜLLER.example", raw); o.Result != Accepted || o.Code != 250 || o.Err != nil || o.At.IsZero() {
					t.Fatalf("Send: %+v, want accepted", o)
				}
			}
			for _, m := range inbox.Wait(3) {
				if m.From != sender || m.To != "anna@xn--mller-kva.example" || !bytes.Equal(m.Data, raw) {
					t.Errorf("the inbox got from %s to %s\n%s\nwant\n%s", m.From, m.To, m.Data, raw)
				}
			}
			if got := inbox.Connections(); got != 2 {
				t.Errorf("%d connections for TestConnection and three messages, want 2", got)
			}
		})
	}
}

func TestSend_Outcomes(t *testing.T) {
	const noPipelining = "250-script.test\n250 SIZE 1000000"
	drop := []smtptest.Act{{NoReply: true, Drop: true}}
	for _, tt := range []struct {
		name     string
		table    smtptest.Table
		result   Result
		stage    Stage
		code     int
		enhanced string
	}{
		{"an accepting relay", nil, Accepted, Body, 250, "2.0.0"},
		{"a greeting of 554 is not about the message", smtptest.Table{"connect": {{Reply: "554 5.7.1 go away"}}}, NotSent, Connecting, 554, "5.7.1"},
		{"a greeting of 421", smtptest.Table{"connect": {{Reply: "421 4.3.2 too busy", Drop: true}}}, NotSent, Connecting, 421, "4.3.2"},
		{"no greeting", smtptest.Table{"connect": drop}, NotSent, Connecting, 0, ""},
		{"an invalid greeting", smtptest.Table{"connect": {{Reply: "HTTP/1.1 400 Bad Request", Drop: true}}}, NotSent, Connecting, 0, ""},
		{"EHLO and HELO refused", smtptest.Table{"EHLO": {{Reply: "550 5.7.1 bad name"}}, "HELO": {{Reply: "550 5.7.1 bad name"}}}, NotSent, Connecting, 550, "5.7.1"},
		{"cut at EHLO", smtptest.Table{"EHLO": drop}, NotSent, Connecting, 0, ""},
		{"sender refused", smtptest.Table{"MAIL": {{Reply: "553 5.7.1 not yours"}}}, Refused, Sender, 553, "5.7.1"},
		{"sender refused and the rest out of order", smtptest.Table{"MAIL": {{Reply: "553 5.7.1 not yours"}}, "RCPT": {{Reply: "503 no sender"}}, "DATA": {{Reply: "503 no sender"}}}, Refused, Sender, 553, "5.7.1"},
		{"login required at MAIL", smtptest.Table{"MAIL": {{Reply: "530 5.7.0 Authentication required"}}}, NotSent, Sender, 530, "5.7.0"},
		{"our commands out of order", smtptest.Table{"MAIL": {{Reply: "503 5.5.1 nested"}}}, NotSent, Sender, 503, "5.5.1"},
		{"throttled at MAIL", smtptest.Table{"MAIL": {{Reply: "454 Throttling failure: Maximum sending rate exceeded."}}}, TempFail, Sender, 454, ""},
		{"421 at MAIL", smtptest.Table{"MAIL": {{Reply: "421 4.7.0 enough", Drop: true}}}, NotSent, Sender, 421, "4.7.0"},
		{"cut at MAIL", smtptest.Table{"MAIL": drop}, NotSent, Sender, 0, ""},
		{"half a line at MAIL", smtptest.Table{"MAIL": {{Raw: "250 2.", Drop: true}}}, NotSent, Sender, 0, ""},
		{"recipient refused", smtptest.Table{"RCPT": {{Reply: "550-5.1.1 no such\n550 5.1.1 user"}}, "DATA": {{Reply: "554 5.5.1 no valid recipients"}}}, Refused, Recipient, 550, "5.1.1"},
		{"recipient refused, DATA answered 354", smtptest.Table{"RCPT": {{Reply: "550 5.1.1 no such user"}}}, Refused, Recipient, 550, "5.1.1"},
		{"recipient refused, DATA answered 354, nothing taken", smtptest.Table{"RCPT": {{Reply: "550 5.1.1 no such user"}}, ".": {{Reply: "554 5.5.0 nobody"}}}, Refused, Recipient, 550, "5.1.1"},
		{"recipient refused, DATA answered 354, line cut", smtptest.Table{"RCPT": {{Reply: "550 5.1.1 no such user"}}, ".": drop}, Refused, Recipient, 550, "5.1.1"},
		{"recipient refused, line cut at DATA", smtptest.Table{"RCPT": {{Reply: "550 5.1.1 no such user"}}, "DATA": drop}, Refused, Recipient, 550, "5.1.1"},
		{"recipient full", smtptest.Table{"RCPT": {{Reply: "452 4.2.2 full"}}}, TempFail, Recipient, 452, "4.2.2"},
		{"recipient greylisted", smtptest.Table{"RCPT": {{Reply: "450 4.2.0 <anna@example.org>: greylisted"}}, "DATA": {{Reply: "554 5.5.1 no valid recipients"}}}, TempFail, Recipient, 450, "4.2.0"},
		{"421 at RCPT", smtptest.Table{"RCPT": {{Reply: "421 4.3.0 down", Drop: true}}}, NotSent, Recipient, 421, "4.3.0"},
		{"cut at RCPT", smtptest.Table{"RCPT": drop}, NotSent, Recipient, 0, ""},
		{"DATA refused", smtptest.Table{"DATA": {{Reply: "554 5.7.1 no"}}}, Refused, Data, 554, "5.7.1"},
		{"DATA refused for now", smtptest.Table{"DATA": {{Reply: "451 4.3.0 disk full"}}}, TempFail, Data, 451, "4.3.0"},
		{"a final reply to DATA", smtptest.Table{"DATA": {{Reply: "250 2.0.0 Ok"}}}, NotSent, Data, 250, "2.0.0"},
		{"cut at DATA", smtptest.Table{"DATA": drop}, NotSent, Data, 0, ""},
		{"421 at DATA", smtptest.Table{"DATA": {{Reply: "421 4.3.0 down", Drop: true}}}, NotSent, Data, 421, "4.3.0"},
		{"message refused", smtptest.Table{".": {{Reply: "554 5.7.1 spam"}}}, Refused, Body, 554, "5.7.1"},
		{"message refused for its form", smtptest.Table{".": {{Reply: "500 5.6.0 line too long"}}}, Refused, Body, 500, "5.6.0"},
		{"message refused for now", smtptest.Table{".": {{Reply: "451 4.7.1 later"}}}, TempFail, Body, 451, "4.7.1"},
		{"421 after the message", smtptest.Table{".": {{Reply: "421 4.3.2 shutting down", Drop: true}}}, NotSent, Body, 421, "4.3.2"},
		{"cut after the final dot", smtptest.Table{".": drop}, Uncertain, Body, 0, ""},
		{"half a reply after the final dot", smtptest.Table{".": {{Raw: "250 2.0.0 Ok: queu", Drop: true}}}, Uncertain, Body, 0, ""},
		{"half a multi-line reply after the final dot", smtptest.Table{".": {{Raw: "250-2.0.0 Ok\r\n", Drop: true}}}, Uncertain, Body, 0, ""},
		{"garbage after the final dot", smtptest.Table{".": {{Reply: "what?", Drop: true}}}, Uncertain, Body, 0, ""},
		{"a question after the final dot", smtptest.Table{".": {{Reply: "354 more?", Drop: true}}}, Uncertain, Body, 354, ""},
		{"two codes in one reply", smtptest.Table{".": {{Reply: "250-Ok\n550 no", Drop: true}}}, Uncertain, Body, 0, ""},
		{"an endless reply", smtptest.Table{".": {{Raw: strings.Repeat("250-Ok "+strings.Repeat("x", 10_000)+"\r\n", 50), Drop: true}}}, Uncertain, Body, 0, ""},
		{"a line of 10 KB", smtptest.Table{".": {{Reply: "250 2.0.0 Ok " + strings.Repeat("x", 10_000)}}}, Accepted, Body, 250, "2.0.0"},
	} {
		for _, pipelined := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/pipelined=%v", tt.name, pipelined), func(t *testing.T) {
				t.Parallel()
				table := smtptest.Table{}
				if !pipelined {
					table["EHLO"] = []smtptest.Act{{Reply: noPipelining}}
				}
				for at, acts := range tt.table {
					table[at] = acts
				}
				relay := smtptest.NewScript(t, table)
				s := dialTo(t, SMTPConfig{URL: relay.URL()})
				o := s.Send(t.Context(), sender, recipient, mustCompose(t, sample()))
				if o.Result != tt.result || o.Stage != tt.stage || o.Code != tt.code || o.Enhanced != tt.enhanced {
					t.Errorf("Send = %s at %s with %d %q, want %s at %s with %d %q", o.Result, o.Stage, o.Code, o.Enhanced, tt.result, tt.stage, tt.code, tt.enhanced)
				}
				if o.Err == nil && o.Code == 0 {
					t.Errorf("Send = %+v: it has no reason", o)
				}
				if len(o.Reply) > maxReply || strings.ContainsAny(o.Reply, "\r\n") {
					t.Errorf("Reply = %q, want a short line", o.Reply)
				}
				if got, want := o.QueueID, map[bool]string{true: "4XyZ1234"}[tt.result == Accepted && tt.table == nil]; got != want {
					t.Errorf("QueueID = %q, want %q", got, want)
				}
				for _, body := range relay.Bodies() {
					if tt.stage != Body && body != "" {
						t.Errorf("the relay got a message that it had rejected:\n%s", body)
					}
				}
			})
		}
	}
}

func TestSend_ReusesConnectionAfterReply(t *testing.T) {
	for name, table := range map[string]smtptest.Table{
		"recipient refused, DATA refused":      {"RCPT": {{Reply: "550 5.1.1 no"}, {}}, "DATA": {{Reply: "554 5.5.1 nobody"}, {}}},
		"recipient refused, DATA answered 354": {"RCPT": {{Reply: "550 5.1.1 no"}, {}}},
		"sender refused":                       {"MAIL": {{Reply: "451 4.0.0 no"}, {}}, "RCPT": {{Reply: "503 no"}, {}}, "DATA": {{Reply: "503 no"}, {}}},
		"message refused":                      {".": {{Reply: "554 5.7.1 spam"}, {}}},
		"without pipelining":                   {"EHLO": {{Reply: "250 script.test"}}, "RCPT": {{Reply: "550 5.1.1 no"}, {}}},
	} {
		t.Run(name, func(t *testing.T) {
			relay := smtptest.NewScript(t, table)
			s := dialTo(t, SMTPConfig{URL: relay.URL()})
			raw := mustCompose(t, sample())
			if o := s.Send(t.Context(), sender, recipient, raw); o.Result != Refused && o.Result != TempFail {
				t.Fatalf("Send = %v, want a verdict", o)
			}
			for range 2 {
				if o := s.Send(t.Context(), sender, recipient, raw); o.Result != Accepted {
					t.Fatalf("Send = %v, want accepted", o)
				}
			}
			if got := relay.Connections(); got != 1 {
				t.Errorf("%d connections, want 1", got)
			}
			resets := 0
			for _, line := range relay.Commands() {
				if line == "RSET" {
					resets++
				}
			}
			if want := 1; name != "message refused" && resets != want || name == "message refused" && resets != 0 {
				t.Errorf("%d times RSET in %q", resets, relay.Commands())
			}
		})
	}
}

func TestSend_PipelinesEnvelopeInOnePacket(t *testing.T) {
	// The relay replies to MAIL only once DATA arrived, so a client without pipelining would wait forever.
	relay := smtptest.NewScript(t, smtptest.Table{
		"MAIL": {{NoReply: true}}, "RCPT": {{NoReply: true}}, "DATA": {{Reply: "250 Ok\n250 Ok\n354 go on"}},
	})
	s := dialTo(t, SMTPConfig{URL: relay.URL(), Timeout: 5 * time.Second})
	if o := s.Send(t.Context(), sender, recipient, mustCompose(t, sample())); o.Result != Accepted {
		t.Errorf("Send = %v, want accepted", o)
	}
	want := []string{"MAIL FROM:<" + sender + ">", "RCPT TO:<" + recipient + ">", "DATA"}
	got := relay.Commands()
	if len(got) < 4 || strings.Join(got[1:4], "|") != strings.Join(want, "|") {
		t.Errorf("the relay got %q, want %q after EHLO", got, want)
	}
}

func TestSend_CutOffBeforeFinalDotIsNotSent(t *testing.T) {
	// More than the system buffers while the relay does not read, so the final dot cannot have been written.
	raw := mustCompose(t, sample())
	raw = append(raw, bytes.Repeat([]byte(strings.Repeat("x", 70)+"\r\n"), 1<<18)...)
	relay := smtptest.NewScript(t, smtptest.Table{"DATA": {{Reply: "354 go on", Drop: true}}})
	s := dialTo(t, SMTPConfig{URL: relay.URL()})
	if o := s.Send(t.Context(), sender, recipient, raw); o.Result != NotSent || o.Stage != Body {
		t.Errorf("Send = %v at %s, want not sent", o, o.Stage)
	}
}

func TestSend_AcceptedDespiteLaterHangup(t *testing.T) {
	relay := smtptest.NewScript(t, smtptest.Table{
		".": {{Raw: "250 2.0.0 Ok\r\n421 4.7.0 enough for now\r\n", Drop: true}, {}},
	})
	s := dialTo(t, SMTPConfig{URL: relay.URL()})
	for range 2 {
		if o := s.Send(t.Context(), sender, recipient, mustCompose(t, sample())); o.Result != Accepted {
			t.Errorf("Send = %v, want accepted", o)
		}
	}
	if got := relay.Connections(); got != 2 {
		t.Errorf("%d connections, want 2", got)
	}
}

func TestSend_StaleConnectionCostsNothing(t *testing.T) {
	for name, second := range map[string]smtptest.Act{
		"cut":              {NoReply: true, Drop: true},
		"421":              {Reply: "421 4.4.2 timeout", Drop: true},
		"cut in a line":    {Raw: "4", Drop: true},
		"garbage":          {Reply: "what?", Drop: true},
		"a leftover reply": {Raw: "250 2.0.0 Ok\r\n250", Drop: true},
	} {
		t.Run(name, func(t *testing.T) {
			relay := smtptest.NewScript(t, smtptest.Table{"MAIL": {{}, second, {}}})
			s := dialTo(t, SMTPConfig{URL: relay.URL()})
			for range 3 {
				if o := s.Send(t.Context(), sender, recipient, mustCompose(t, sample())); o.Result != Accepted {
					t.Fatalf("Send = %v, want accepted", o)
				}
			}
			if got := relay.Connections(); got != 2 {
				t.Errorf("%d connections, want 2", got)
			}
			if got := len(relay.Bodies()); got != 3 {
				t.Errorf("the relay got %d messages, want 3", got)
			}
		})
	}
}

func TestSend_SendsNothingWhenConnectingFails(t *testing.T) {
	encrypted, other := smtptest.New(t, smtptest.WithTLS()), smtptest.New(t, smtptest.WithTLS())
	offering, login := smtptest.New(t, smtptest.WithSTARTTLS()), smtptest.New(t, smtptest.WithAuth("rider", "right"))
	stripped := smtptest.NewScript(t, nil)
	for _, tt := range []struct {
		name   string
		config SMTPConfig
		code   int
		says   string
	}{
		{"STARTTLS removed on the way", SMTPConfig{URL: "smtp+starttls" + strings.TrimPrefix(stripped.URL(), "smtp")}, 0, "does not support STARTTLS"},
		{"an unknown authority", SMTPConfig{URL: encrypted.URL()}, 0, "certificate"},
		{"the certificate of another authority", SMTPConfig{URL: encrypted.URL(), CAFile: other.CAFile()}, 0, "certificate"},
		{"STARTTLS with the certificate of another authority", SMTPConfig{URL: offering.URL(), CAFile: other.CAFile()}, 0, "certificate"},
		{"a wrong password", SMTPConfig{URL: login.URL(), Password: "s3cr3t wrong"}, 535, "535"},
		{"no login offered", SMTPConfig{URL: strings.Replace(stripped.URL(), "//", "//rider@", 1), Password: "s3cr3t"}, 0, "AUTH"},
		{"no server", SMTPConfig{URL: "smtp://127.0.0.1:1"}, 0, "refused"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := dialTo(t, tt.config)
			o := s.Send(t.Context(), sender, recipient, mustCompose(t, sample()))
			if o.Result != NotSent || o.Stage != Connecting || o.Code != tt.code || o.Err == nil || !strings.Contains(o.Err.Error(), tt.says) {
				t.Errorf("Send = %v with %d, want not sent with %d and %q", o, o.Code, tt.code, tt.says)
			}
			if _, err := s.TestConnection(t.Context()); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Check = %v, want %q", err, tt.says)
			}
			if strings.Contains(o.String(), "s3cr3t") {
				t.Errorf("the outcome contains the password: %v", o)
			}
		})
	}
	for _, inbox := range []*smtptest.Server{encrypted, offering, login} {
		if got := inbox.Messages(); len(got) != 0 {
			t.Errorf("the inbox got %d messages, want none", len(got))
		}
	}
}

func TestSend_NoPlaintextPasswordOverNetwork(t *testing.T) {
	relay := smtptest.NewScript(t, smtptest.Table{"EHLO": {{Reply: "250-script.test\n250 AUTH PLAIN LOGIN"}}})
	s := dialTo(t, SMTPConfig{URL: "smtp://rider@10.0.0.1:25", Password: "s3cr3t"})
	s.dialer = func(context.Context, string, string) (net.Conn, error) { return relay.Dial(), nil }
	if o := s.Send(t.Context(), sender, recipient, mustCompose(t, sample())); o.Result != NotSent || o.Stage != Connecting {
		t.Errorf("Send = %v, want not sent", o)
	}
	for _, line := range relay.Commands() {
		if strings.HasPrefix(line, "AUTH") {
			t.Errorf("the relay got %q", line)
		}
	}
}

func TestSend_WarnsOnceWithoutEncryption(t *testing.T) {
	for address, want := range map[string]int{"127.0.0.1": 0, "10.1.2.3": 0, "fe80::1": 0, "203.0.113.7": 1} {
		var log bytes.Buffer
		relay := smtptest.NewScript(t, smtptest.Table{".": {{Drop: true}}})
		s, err := NewSMTP(SMTPConfig{URL: "smtp://mail.example.org"}, slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		s.dialer = func(context.Context, string, string) (net.Conn, error) {
			return elsewhere{relay.Dial(), &net.TCPAddr{IP: net.ParseIP(address), Port: 25}}, nil
		}
		for range 3 {
			if o := s.Send(t.Context(), sender, recipient, mustCompose(t, sample())); o.Result != Accepted {
				t.Errorf("Send = %v, want accepted", o)
			}
		}
		if got := strings.Count(log.String(), "unencrypted"); got != want {
			t.Errorf("%s: warned %d times, want %d: %s", address, got, want, log.String())
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// elsewhere is a connection that pretends to have another remote address.
type elsewhere struct {
	net.Conn
	address net.Addr
}

func (e elsewhere) RemoteAddr() net.Addr { return e.address }

func TestSend_NeverRevealsPassword(t *testing.T) {
	// The relay echoes the password, in each encoding in which it is sent.
	relay := smtptest.NewScript(t, smtptest.Table{
		"EHLO": {{Reply: "250-script.test\n250 AUTH PLAIN"}},
		"AUTH": {{Reply: "535 5.7.8 bad: s3cr3t, czNjcjN0, AHJpZGVyAHMzY3IzdA=="}},
	})
	s := dialTo(t, SMTPConfig{URL: strings.Replace(relay.URL(), "//", "//rider@", 1), Password: "s3cr3t"})
	o := s.Send(t.Context(), sender, recipient, mustCompose(t, sample()))
	if o.Result != NotSent || o.Code != 535 || o.Enhanced != "5.7.8" {
		t.Errorf("Send = %v, want not sent with 535", o)
	}
	for _, secret := range []string{"s3cr3t", "czNjcjN0", "AHJpZGVyAHMzY3IzdA=="} {
		if said := o.String() + o.Reply; strings.Contains(said, secret) {
			t.Errorf("the outcome contains %s: %s", secret, said)
		}
	}
}

func TestSend_RejectsInvalidBeforeSending(t *testing.T) {
	relay := smtptest.NewScript(t, nil)
	s := dialTo(t, SMTPConfig{URL: relay.URL()})
	good := string(mustCompose(t, sample()))
	for _, tt := range []struct {
		name, from, to, raw string
		result              Result
		enhanced            string
	}{
		{"a lone LF", sender, recipient, good + "a\nb\r\n", Refused, "5.6.0"},
		{"a lone CR", sender, recipient, good + "a\rb\r\n", Refused, "5.6.0"},
		{"two CR", sender, recipient, good + "a\r\r\n", Refused, "5.6.0"},
		{"a dot alone", sender, recipient, good + ".\r\nMAIL FROM:<a@b>\r\n", Refused, "5.6.0"},
		{"a dot at the start", sender, recipient, good + ".a\r\n", Refused, "5.6.0"},
		{"a NUL", sender, recipient, good + "a\x00b\r\n", Refused, "5.6.0"},
		{"eight bits", sender, recipient, good + "ä\r\n", Refused, "5.6.0"},
		{"a line of 999", sender, recipient, good + strings.Repeat("a", 999) + "\r\n", Refused, "5.6.0"},
		{"no line break at the end", sender, recipient, good + "a", Refused, "5.6.0"},
		{"nothing", sender, recipient, "", Refused, "5.6.0"},
		{"a name with non-ASCII characters", sender, "jörg@example.org", good, Refused, "5.6.7"},
		{"commands in the recipient", sender, "a@b.example>\r\nRCPT TO:<c@d.example", good, Refused, "5.1.3"},
		{"a quoted name", sender, `"a b"@example.org`, good, Refused, "5.1.3"},
		{"an invalid sender", "nobody", recipient, good, NotSent, ""},
	} {
		o := s.Send(t.Context(), tt.from, tt.to, []byte(tt.raw))
		if o.Result != tt.result || o.Enhanced != tt.enhanced || o.Err == nil {
			t.Errorf("%s: Send = %v with %q, want %s with %q", tt.name, o, o.Enhanced, tt.result, tt.enhanced)
		}
	}
	if o := s.Send(t.Context(), sender, "jörg@example.org", []byte(good)); o.Err != nil {
		if _, ok := errors.AsType[*AddressError](o.Err); !ok || strings.Contains(o.Err.Error(), "jörg") {
			t.Errorf("Err = %v, want an AddressError without the address", o.Err)
		}
	}
	if got := relay.Connections(); got != 0 {
		t.Errorf("%d connections, want none", got)
	}
	if o := s.Send(t.Context(), sender, recipient, []byte(good+strings.Repeat("a", 998)+"\r\n")); o.Result != Accepted {
		t.Errorf("a line of 998: Send = %v, want accepted", o)
	}
}

func TestSend_StartsNothingAfterContextEnds(t *testing.T) {
	relay := smtptest.NewScript(t, nil)
	s := dialTo(t, SMTPConfig{URL: relay.URL()})
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("the daemon stops")
	cancel(why)
	if o := s.Send(ctx, sender, recipient, mustCompose(t, sample())); o.Result != NotSent || !errors.Is(o.Err, why) {
		t.Errorf("Send = %v, want not sent because %v", o, why)
	}
	if got := relay.Connections(); got != 0 {
		t.Errorf("%d connections, want none", got)
	}
}
