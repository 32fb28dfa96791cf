package smtptest

import (
	"bufio"
	"net"
	"net/smtp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestInbox_AcceptsAndRejects(t *testing.T) {
	inbox := New(t)
	address := strings.TrimPrefix(inbox.URL(), "smtp://")
	for to, want := range map[string]string{"anna@example.org": "", "550-gone@example.org": "550", "452-full@example.org": "452"} {
		err := smtp.SendMail(address, nil, "from@example.org", []string{to}, []byte("Subject: x\r\n\r\nbody\r\n"))
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("message to %s: %v, want %q", to, err, want)
		}
	}
	if err := smtp.SendMail(address, nil, "from@example.org", []string{"drop-it@example.org"}, []byte("x\r\n")); err == nil {
		t.Error("the message to drop-it got a reply")
	}
	got := inbox.Wait(2)
	if len(got) != 2 || got[0].To != "anna@example.org" || got[0].From != "from@example.org" || string(got[0].Data) != "Subject: x\r\n\r\nbody\r\n" || got[1].To != "drop-it@example.org" {
		t.Errorf("the inbox has %+v", got)
	}
	if inbox.Connections() != 4 || inbox.Transactions() != 4 {
		t.Errorf("%d connections and %d transactions, want 4 of both", inbox.Connections(), inbox.Transactions())
	}
	if got := inbox.MaxConnections(); got < 1 || got > 4 {
		t.Errorf("MaxConnections = %d", got)
	}
}

func TestInbox_StopsUnused(t *testing.T) {
	// If it is closed immediately, its server may not have begun to listen.
	for range 50 {
		t.Run("inbox", func(t *testing.T) { New(t) })
	}
}

func TestScript_FollowsItsTable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay := NewPipedScript(t, Table{
			"EHLO": {{Reply: "250-one\n250 two"}},
			"MAIL": {{Wait: time.Minute}, {Reply: "421 no"}},
			"RCPT": {{Raw: "25", Drop: true}},
		})
		conn := relay.Dial()
		lines := bufio.NewReader(conn)
		for _, turn := range []struct{ send, want string }{
			{"", "220 script.test ESMTP\r\n"},
			{"EHLO me\r\n", "250-one\r\n"},
			{"", "250 two\r\n"},
			{"MAIL FROM:<a@b>\r\n", "250 2.1.0 Ok\r\n"},
			{"MAIL FROM:<a@b>\r\n", "421 no\r\n"},
			{"MAIL FROM:<a@b>\r\n", "421 no\r\n"},
			{"DATA\r\n", "354 End data with <CR><LF>.<CR><LF>\r\n"},
			{"one\r\n..two\r\n.\r\n", "250 2.0.0 Ok: queued as 4XyZ1234\r\n"},
			{"DANCE\r\n", "502 5.5.2 Error: command not recognized\r\n"},
		} {
			wantReply(t, conn, lines, turn.send, turn.want)
		}
		if _, err := conn.Write([]byte("RCPT TO:<a@b>\r\n")); err != nil {
			t.Fatal(err)
		}
		if got, err := lines.ReadString('\n'); got != "25" || err == nil {
			t.Errorf("received %q, %v, want half a line and an error", got, err)
		}
		synctest.Wait()
		if relay.Open() != 0 || relay.Connections() != 1 {
			t.Errorf("%d of %d connections are open, want 0 of 1", relay.Open(), relay.Connections())
		}
		if got := relay.Bodies(); len(got) != 1 || got[0] != "one\r\n..two\r\n" {
			t.Errorf("Bodies = %q", got)
		}
	})
}

func wantReply(t *testing.T, conn net.Conn, lines *bufio.Reader, send, want string) {
	t.Helper()
	if send != "" {
		if _, err := conn.Write([]byte(send)); err != nil {
			t.Fatalf("sending %q: %v", send, err)
		}
	}
	if got, err := lines.ReadString('\n'); got != want {
		t.Fatalf("the reply to %q is %q, %v, want %q", send, got, err, want)
	}
}
