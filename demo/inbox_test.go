package demo

import (
	"fmt"
	"net"
	"net/smtp"
	"net/textproto"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"postrider/internal/line"
)

const twoParts = "From: =?utf-8?q?The_Upper_Berth?= <digest@upperberth.example>\r\n" +
	"To: =?utf-8?b?5aSc5rG96LuK?= <yogisha@passengers.example>\r\n" +
	"Subject: =?utf-8?q?3_new_threads_=F0=9F=8C=99?=\r\n" +
	"MIME-Version: 1.0\r\n" +
	"Content-Type: multipart/alternative; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nThe Owl =E2=80=A6\r\n" +
	"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<!doctype html><html><head lang=en><title>x</title></head><body><p>The Owl</p></body></html>\r\n--b--\r\n"

func newInbox(t *testing.T) *Inbox {
	t.Helper()
	i := NewInbox(func() time.Time { return noon })
	t.Cleanup(func() { i.Close() })
	return i
}

func TestInbox_AcceptsSMTP(t *testing.T) {
	i := newInbox(t)
	url, err := i.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr, ok := strings.CutPrefix(url, "smtp://")
	if !ok {
		t.Fatalf("URL %q, want smtp://", url)
	}
	to := []string{"Yogisha@passengers.example", "kate@passengers.example"}
	if err := smtp.SendMail(addr, nil, "bounce@upperberth.example", to, []byte(twoParts)); err != nil {
		t.Fatal(err)
	}
	got := i.Messages()
	if len(got) != 2 {
		t.Fatalf("%d messages, want one for each of two recipients", len(got))
	}
	m := got[1]
	for _, c := range [][2]string{
		{m.To.Name, "夜汽車"},
		{m.To.Address, "yogisha@passengers.example"},
		{got[0].To.Address, "kate@passengers.example"},
		{m.From.String(), "The Upper Berth"},
		{m.Subject, "3 new threads 🌙"},
		{strings.TrimSpace(m.Text), "The Owl …"},
		{m.At.String(), noon.String()},
		{m.Source(), twoParts},
	} {
		if c[0] != c[1] {
			t.Errorf("got %q, want %q", c[0], c[1])
		}
	}
	if !strings.Contains(m.HTML, "<p>The Owl</p>") {
		t.Errorf("HTML is %q", m.HTML)
	}
}

func TestInbox_OffersPipelining(t *testing.T) {
	url, err := newInbox(t).Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "smtp://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c := textproto.NewConn(conn)
	if _, _, err := c.ReadResponse(220); err != nil {
		t.Fatal(err)
	}
	if err := c.PrintfLine("EHLO test.example"); err != nil {
		t.Fatal(err)
	}
	if _, got, err := c.ReadResponse(250); err != nil || !strings.Contains(got, "PIPELINING") {
		t.Errorf("the reply to EHLO is %q, %v; want it to contain PIPELINING", got, err)
	}
}

func TestInbox_KeepsNewestMessages(t *testing.T) {
	i := newInbox(t)
	for n := range Kept + 3 {
		i.add("kate@passengers.example", fmt.Appendf(nil, "Subject: no. %d\r\n\r\nx\r\n", n+1))
	}
	got := i.Messages()
	if len(got) != Kept || got[0].ID != Kept+3 || got[Kept-1].ID != 4 {
		t.Errorf("%d messages, %d to %d, want %d, %d to 4", len(got), got[0].ID, got[len(got)-1].ID, Kept, Kept+3)
	}
	if _, ok := i.Message(3); ok {
		t.Error("a removed message is still found")
	}
	if m, ok := i.Message(4); !ok || m.Subject != "no. 4" {
		t.Error("the oldest message is not found")
	}
}

func TestInbox_MeasuresPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		i := NewInbox(func() time.Time { return noon.Add(600 * time.Since(start)) })
		defer i.Close()
		time.Sleep(7 * time.Second) // fake time, in the bubble
		if got := i.pace(); got != 600 {
			t.Errorf("pace %d, want 600", got)
		}
	})
}

func TestRead_AcceptsInvalidMessage(t *testing.T) {
	for _, raw := range []string{"", "\x00\xff\r\n", "no header at all", "Content-Type: multipart/mixed\r\n\r\n--", "Subject: =?latin-9?q?=FF?=\r\nContent-Type: text/plain; charset=klingon\r\n\r\nx"} {
		m := read([]byte(raw), "kate@passengers.example")
		if m.Subject == "" || m.To.Address != "kate@passengers.example" || m.Source() != strings.ToValidUTF8(raw, "\uFFFD") {
			t.Errorf("read(%q) = %+v", raw, m)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(twoParts), "kate@passengers.example")
	f.Add([]byte("Subject: =?utf-8?b?AAo=?=\r\nTo: \"a\\\"b\" <x@y>, <z>\r\n\r\n\xff"), "\r\n<script>")
	f.Fuzz(func(t *testing.T, raw []byte, to string) {
		m := read(raw, to)
		for _, s := range []string{m.Subject, m.To.Name, m.To.Address, m.From.Name, m.From.Address} {
			if line.Clean(s) != s {
				t.Errorf("%q is not one line of valid text", s)
			}
		}
		if hue := m.To.Hue(); hue < 0 || hue > 11 {
			t.Errorf("hue %d", hue)
		}
		if m.To.Initial() == "" || m.Subject == "" {
			t.Error("the message has no text")
		}
	})
}

func TestInbox_ClosesRightAfterOpening(t *testing.T) {
	for range 50 {
		inbox := NewInbox(time.Now)
		if _, err := inbox.Listen("127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		inbox.Close() // this hung if the server had not begun to serve yet
	}
}
