package mail

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestReply_Read(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     reply
		err      error
	}{
		{"one line", "250 2.0.0 Ok\r\n", reply{250, "2.0.0 Ok"}, nil},
		{"a code alone", "250\r\n", reply{250, ""}, nil},
		{"only a line feed", "354 go on\n", reply{354, "go on"}, nil},
		{"several lines", "550-5.1.1 no\r\n550-\r\n550 5.1.1 such user\r\n", reply{550, "5.1.1 no 5.1.1 such user"}, nil},
		{"control characters become spaces", "250 a\x00b\tc\x1b[1m\r\n", reply{250, "a b c [1m"}, nil},
		{"invalid UTF-8", "250 \xff\r\n", reply{250, "\ufffd"}, nil},
		{"cut off in the code", "25", reply{}, io.ErrUnexpectedEOF},
		{"cut off in the text", "250 Ok", reply{}, io.ErrUnexpectedEOF},
		{"cut off between lines", "250-Ok\r\n", reply{}, io.ErrUnexpectedEOF},
		{"no code", "hello\r\n", reply{}, errProtocol},
		{"a code of four digits", "2500 Ok\r\n", reply{}, errProtocol},
		{"an invalid code", "999 Ok\r\n", reply{}, errProtocol},
		{"a code with a sign", "+25 Ok\r\n", reply{}, errProtocol},
		{"two codes", "250-Ok\r\n251 Ok\r\n", reply{}, errProtocol},
		{"lines without end", strings.Repeat("250-x\r\n", maxReplyLines+1), reply{}, errProtocol},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := readReply(bufio.NewReader(strings.NewReader(tt.in)))
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("readReply(%q) = %v, %v, want %v, %v", tt.in, got, err, tt.want, tt.err)
			}
		})
	}
}

func TestReply_EnhancedCode(t *testing.T) {
	for _, tt := range []struct {
		name string
		p    reply
		want string
	}{
		{"at the start", reply{550, "5.1.1 no such user"}, "5.1.1"},
		{"after a sign", reply{550, "#5.1.0 Address rejected."}, "5.1.0"},
		{"in brackets", reply{550, "Recipient rejected (5.7.133)"}, "5.7.133"},
		{"at the end of a sentence", reply{550, "the code is 5.2.2."}, "5.2.2"},
		{"of another class", reply{450, "5.1.1 no such user"}, ""},
		{"of another class first", reply{550, "4.0.0, or rather 5.1.1"}, "5.1.1"},
		{"an IP address is not a code", reply{550, "5.9.12.7 is blocked"}, ""},
		{"a version is not a code", reply{550, "mailer-5.1.1 says no"}, ""},
		{"none", reply{550, "no"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.p.enhanced(); got != tt.want {
				t.Errorf("enhanced(%v) = %q, want %q", tt.p, got, tt.want)
			}
		})
	}
}

func TestReply_QueueID(t *testing.T) {
	for relay, tt := range map[string]struct{ text, want string }{
		"Postfix":       {"2.0.0 Ok: queued as 4XyZ0w1Kq3z2", "4XyZ0w1Kq3z2"},
		"Postfix relay": {"2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 9A3F", "9A3F"},
		"Exim":          {"OK id=1rAbCd-0000kJ-2x", "1rAbCd-0000kJ-2x"},
		"Exchange":      {"2.6.0 <abc@forum.example.org> [InternalId=12345678901234, Hostname=AM9P.EURPRD.PROD.OUTLOOK.COM] 12345 bytes in 0.2, 50.1 KB/sec Queued mail for delivery", "12345678901234"},
		"Gmail":         {"2.0.0 OK  1714806000 a1-20020aa7d.123 - gsmtp", "a1-20020aa7d.123"},
		"Sendmail":      {"2.0.0 4447Yx012345 Message accepted for delivery", "4447Yx012345"},
		"OpenSMTPD":     {"2.0.0: 1a2b3c4d Message accepted for delivery", "1a2b3c4d"},
		"Haraka":        {"Message Queued (2C5DBA11-7E6A-4A4F-B5B6-0F9F0AB3C1D2.1)", "2C5DBA11-7E6A-4A4F-B5B6-0F9F0AB3C1D2.1"},
		"qmail":         {"ok 1714806000 qp 12345", "qp 12345"},
		"Amazon SES":    {"Ok 0102018f41f2c3d4-5e6f7a8b-1234-5678-9abc-def012345678-000000", "0102018f41f2c3d4-5e6f7a8b-1234-5678-9abc-def012345678-000000"},
		"SendGrid":      {"Ok: queued as fZ9-aB_cD", "fZ9-aB_cD"},
		"a short reply": {"2.0.0 OK", ""},
		"none":          {"", ""},
	} {
		t.Run(relay, func(t *testing.T) {
			if got := (reply{250, tt.text}).queueID(); got != tt.want {
				t.Errorf("queueID(%q) = %q, want %q", tt.text, got, tt.want)
			}
		})
	}
}

func FuzzReadReply(f *testing.F) {
	for _, s := range []string{"250 2.0.0 Ok: queued as A\r\n", "550-5.1.1 a\r\n550 5.1.1 b\r\n", "354\n", "25", "250-\xff\r\n250 " + strings.Repeat("x", 5000) + "\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		r := bufio.NewReader(strings.NewReader(string(in)))
		for {
			p, err := readReply(r)
			if err != nil {
				if p != (reply{}) {
					t.Errorf("readReply(%q) = %v with %v", in, p, err)
				}
				return
			}
			if p.code < 200 || p.code > 599 {
				t.Errorf("code %d in %q", p.code, in)
			}
			if len(p.text) > 3*maxReply || !utf8.ValidString(p.text) || strings.ContainsFunc(p.text, func(r rune) bool { return r < ' ' }) {
				t.Errorf("text %q in %q", p.text, in)
			}
			if e := p.enhanced(); e != "" && int(e[0]-'0') != p.code/100 {
				t.Errorf("enhanced %q for %d in %q", e, p.code, in)
			}
			if id := p.queueID(); len(id) > 128 {
				t.Errorf("queue id %q in %q", id, in)
			}
		}
	})
}
