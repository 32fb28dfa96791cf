package mail

import (
	"bytes"
	"flag"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"postrider/internal/qp"
)

var update = flag.Bool("update", false, "write the golden files anew")

var secret = []byte("a secret of the tests, no other")

func composer(t testing.TB) *Composer {
	t.Helper()
	c, err := NewComposer("forum.example.org", secret)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// sample is a message with every field set.
func sample() Message {
	return Message{
		Key:         "digest/42/2026-05-04",
		Stream:      "digest",
		From:        netmail.Address{Name: "Example Forum", Address: "digest@forum.example.org"},
		ReplyTo:     netmail.Address{Name: "Nobody", Address: "no-reply@forum.example.org"},
		To:          netmail.Address{Name: "Jörg Müller", Address: "joerg@müller.example"},
		Subject:     "3 new threads and 12 replies in Indo Pacific – and 2 more",
		Date:        time.Date(2026, 5, 4, 7, 0, 0, 0, time.FixedZone("", 2*3600)),
		Text:        qp.Pieces{qp.Encode("Hello Jörg,\n"), qp.Encode("\n.hidden dot\nFrom here on\n-- \nExample Forum\n")},
		HTML:        qp.Pieces{qp.Encode("<!DOCTYPE html>\n<p style=\"margin:0\">Hello "), qp.Encode("Jörg</p>\n")},
		List:        List{Name: "Example Forum, digest", ID: "digest.forum.example.org"},
		Unsubscribe: "https://mail.example.org/u/" + strings.Repeat("a1B2", 20),
		FeedbackID:  "digest:forum.example.org",
	}
}

func mustCompose(t testing.TB, m Message) []byte {
	t.Helper()
	raw, err := composer(t).Compose(m)
	if err != nil {
		t.Fatalf("Compose: %v", err)
	}
	return raw
}

func TestCompose_Golden(t *testing.T) {
	announcement := sample()
	announcement.Key, announcement.Stream = "announce/7/42", Announcement
	announcement.ReplyTo, announcement.List, announcement.Unsubscribe, announcement.FeedbackID = netmail.Address{}, List{}, "", ""
	alert := sample()
	alert.Key, alert.Stream, alert.ThreadRoot, alert.Archive = "alert/42/T9917/31", "alert", "thread/9917", "https://forum.example.org/threads/9917/"
	alert.InReplyTo = []string{"alert/42/T9917/12", "alert/42/T9917/20"}
	hostile := sample()
	hostile.Archive = "https://forum.example.org/\r\nX-Evil: yes"
	hostile.To.Name = "\"Bobby\", \\ <admin@forum.example.org>\r\nBcc: all@example.org\u202e 👩‍👩‍👧 \xff"
	hostile.Subject = "=?utf-8?q?=0D=0ABcc:_all=40example.org?=\r\nX-Evil: yes \x00 שלום"
	hostile.List.Name = "Ünï \"Forum\" <x>\r\nX: y"
	for name, m := range map[string]Message{"digest": sample(), "announcement": announcement, "alert": alert, "hostile": hostile} {
		t.Run(name, func(t *testing.T) {
			got := mustCompose(t, m)
			file := filepath.Join("testdata", "golden", name+".eml")
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("Compose wrote\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestCompose_EqualMessagesAreEqualBytes(t *testing.T) {
	want := mustCompose(t, sample())
	for range 50 {
		if got := mustCompose(t, sample()); !bytes.Equal(got, want) {
			t.Fatalf("Compose returns\n%s\nwant the same as before:\n%s", got, want)
		}
	}
}

// parts decodes both bodies as a mail client does.
func parts(t testing.TB, raw []byte) map[string]string {
	t.Helper()
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	r := multipart.NewReader(m.Body, params["boundary"])
	for {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Header.Get("Content-Transfer-Encoding"); got != "quoted-printable" {
			t.Errorf("a part is encoded as %q, want quoted-printable", got)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			t.Fatal(err)
		}
		found[p.Header.Get("Content-Type")] = strings.ReplaceAll(string(body), "\r\n", "\n")
	}
}

func TestCompose_BodiesRoundTrip(t *testing.T) {
	m := sample()
	m.Text = append(m.Text, qp.Encode("\n--=_"+composer(t).token(m.Key)+"--\nand it goes on"))
	m.HTML = append(m.HTML, qp.Encode(strings.Repeat("<p>漢字</p>", 500)))
	got := parts(t, mustCompose(t, m))
	want := map[string]string{"text/plain; charset=utf-8": m.Text.Plain(), "text/html; charset=utf-8": m.HTML.Plain()}
	if len(got) != len(want) {
		t.Fatalf("the message has %d parts, want %d", len(got), len(want))
	}
	for contentType := range want {
		if got[contentType] != want[contentType] {
			t.Errorf("%s = %q, want %q", contentType, got[contentType], want[contentType])
		}
	}
}

func TestCompose_PreventsHeaderInjection(t *testing.T) {
	names := fieldNames(t, mustCompose(t, sample()))
	for _, poison := range []string{
		"x\r\nBcc: all@example.org", "x\nBcc: all@example.org", "x\rBcc: all@example.org",
		"x\r\n\r\nBcc: body", "\r\nBcc: a@b", "x\u2028Bcc: a@b", "x\x00\r\n Bcc: a@b", "x\u0085Bcc: a@b", "=?utf-8?q?x=0D=0ABcc:a=40b?=",
	} {
		for field, set := range map[string]func(*Message){
			"Key":         func(m *Message) { m.Key = poison },
			"Stream":      func(m *Message) { m.Stream = poison },
			"From":        func(m *Message) { m.From.Name = poison },
			"Reply-To":    func(m *Message) { m.ReplyTo.Name = poison },
			"To":          func(m *Message) { m.To.Name = poison },
			"To address":  func(m *Message) { m.To.Address = poison + "@example.org" },
			"domain":      func(m *Message) { m.To.Address = "a@example.org" + poison },
			"Subject":     func(m *Message) { m.Subject = poison },
			"list name":   func(m *Message) { m.List.Name = poison },
			"list id":     func(m *Message) { m.List.ID = poison },
			"Unsubscribe": func(m *Message) { m.Unsubscribe = "https://example.org/" + poison },
			"by mail":     func(m *Message) { m.UnsubscribeMail = "u-" + poison + "@example.org" },
			"FeedbackID":  func(m *Message) { m.FeedbackID = poison },
		} {
			m := sample()
			set(&m)
			raw, err := composer(t).Compose(m)
			if err != nil {
				continue // an error is fine, too
			}
			if got := fieldNames(t, raw); got != names {
				t.Errorf("%s = %q adds header fields: got %s, want %s", field, poison, got, names)
			}
		}
	}
}

// fieldNames lists the names at the start of every line of the header.
func fieldNames(t testing.TB, raw []byte) string {
	t.Helper()
	head, _, ok := bytes.Cut(raw, []byte("\r\n\r\n"))
	if !ok {
		t.Fatalf("no end of the header in %q", raw)
	}
	var names []string
	for l := range strings.SplitSeq(string(head), "\r\n") {
		if l[0] == ' ' {
			continue
		}
		name, _, _ := strings.Cut(l, ":")
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

func TestCompose_NamesRoundTrip(t *testing.T) {
	long := strings.Repeat("a", 300)
	for _, tt := range []struct{ name, in, want string }{
		{"no name", "", ""},
		{"a plain name", "anna", "anna"},
		{"quotes and backslashes", `a "b" \c`, `a "b" \c`},
		{"a comma", "Müller, Jörg", "Müller, Jörg"},
		{"a comma in ASCII", "Mueller, J.", "Mueller, J."},
		{"brackets and an address", "Admin <admin@example.org>", "Admin <admin@example.org>"},
		{"comments and groups", "a (b) c: d; e", "a (b) c: d; e"},
		{"an emoji of several characters", "👩‍👩‍👧 anna", "👩‍👩‍👧 anna"},
		{"right to left", "שלום עולם", "שלום עולם"},
		{"direction overrides are removed", "a\u202egro.elpmaxe\u202c", "agro.elpmaxe"},
		{"line breaks and spaces become one space", " a\r\n\t b ", "a b"},
		{"a NUL", "a\x00b", "a b"},
		{"invalid UTF-8", "a\xff\xfeb", "a\ufffd\ufffdb"},
		{"300 letters", long, long[:128]},
		{"300 non-ASCII letters", strings.Repeat("ж", 300), strings.Repeat("ж", 128)},
		{"300 quotes", strings.Repeat(`"`, 300), strings.Repeat(`"`, 128)},
		{"an encoded word is text", "=?utf-8?q?admin?=", "=\u200b?utf-8?q?admin?="},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := sample()
			m.To.Name = tt.in
			msg, err := netmail.ReadMessage(bytes.NewReader(mustCompose(t, m)))
			if err != nil {
				t.Fatal(err)
			}
			to, err := msg.Header.AddressList("To")
			if err != nil {
				t.Fatalf("To: %q: %v", msg.Header.Get("To"), err)
			}
			if len(to) != 1 || to[0].Name != tt.want || to[0].Address != "joerg@xn--mller-kva.example" {
				t.Errorf("To: %v, want %q once", to, tt.want)
			}
		})
	}
}

func TestCompose_SubjectsRoundTrip(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"ASCII", "12 replies", "12 replies"},
		{"none", "", ""},
		{"several scripts", "Добрый день, 東京 – שלום", "Добрый день, 東京 – שלום"},
		{"an encoded word is text", "=?utf-8?q?a?= b", "=\u200b?utf-8?q?a?= b"},
		{"lines", "a\r\nb\n\n c", "a b c"},
		{"too long", strings.Repeat("wort ", 100), strings.TrimSpace(strings.Repeat("wort ", 50))},
		{"too long without a space", strings.Repeat("漢", 1000), strings.Repeat("漢", 250)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := sample()
			m.Subject = tt.in
			msg, err := netmail.ReadMessage(bytes.NewReader(mustCompose(t, m)))
			if err != nil {
				t.Fatal(err)
			}
			got, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
			if err != nil || got != tt.want {
				t.Errorf("Subject: %q (%v), want %q", got, err, tt.want)
			}
		})
	}
}

func TestCompose_DoesNotFoldUnsubscribeHeaders(t *testing.T) {
	m := sample()
	raw := string(mustCompose(t, m))
	want := "\r\nList-Unsubscribe: <" + m.Unsubscribe + ">\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
	if !strings.Contains(raw, want) {
		t.Errorf("the message does not contain %q:\n%s", want, raw)
	}
}

func TestCompose_ListsUnsubscribeAddressAndLink(t *testing.T) {
	m := sample()
	m.UnsubscribeMail = "u-abc@bounce.example.org"
	want := "\r\nList-Unsubscribe: <" + m.Unsubscribe + ">, <mailto:u-abc@bounce.example.org>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
	if raw := string(mustCompose(t, m)); !strings.Contains(raw, want) {
		t.Errorf("the message does not contain %q:\n%s", want, raw)
	}
	m.Unsubscribe = ""
	if raw := string(mustCompose(t, m)); strings.Contains(raw, "List-Unsubscribe") {
		t.Errorf("a message without a link has an unsubscribe address:\n%s", raw)
	}
	m.UnsubscribeMailOnly = true
	want = "\r\nList-Unsubscribe: <mailto:u-abc@bounce.example.org>\r\n"
	if raw := string(mustCompose(t, m)); !strings.Contains(raw, want) || strings.Contains(raw, "List-Unsubscribe-Post") {
		t.Errorf("the message of a site without pages does not contain only %q:\n%s", want, raw)
	}
}

func TestCompose_WithoutHTMLIsPlainText(t *testing.T) {
	m := sample()
	both := mustCompose(t, m)
	m.HTML = nil
	msg, err := netmail.ReadMessage(bytes.NewReader(mustCompose(t, m)))
	if err != nil {
		t.Fatal(err)
	}
	if got := msg.Header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
		t.Errorf("Content-Type: %s", got)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(msg.Body))
	if err != nil || strings.ReplaceAll(string(body), "\r\n", "\n") != m.Text.Plain() {
		t.Errorf("body = %q (%v), want %q", body, err, m.Text.Plain())
	}
	head, _, _ := bytes.Cut(both, []byte("Content-Type:"))
	if !bytes.HasPrefix(mustCompose(t, m), head) {
		t.Error("the header differs")
	}
}

func TestMessageID_DependsOnKey(t *testing.T) {
	c := composer(t)
	if got, again := c.MessageID("digest/42/2026-05-04"), c.MessageID("digest/42/2026-05-04"); got != again {
		t.Errorf("one key has the IDs %s and %s", got, again)
	}
	if got, other := c.MessageID("digest/42/2026-05-04"), c.MessageID("digest/43/2026-05-04"); got == other {
		t.Errorf("two keys have the same ID %s", got)
	}
	if got, want := c.MessageID("digest/42/2026-05-04"), "@forum.example.org>"; !strings.HasSuffix(got, want) || len(got) != 1+24+len(want) {
		t.Errorf("MessageID = %s, want 24 characters and %s", got, want)
	}
	if raw := mustCompose(t, sample()); !bytes.Contains(raw, []byte("\r\nMessage-ID: "+c.MessageID(sample().Key)+"\r\n")) {
		t.Errorf("the message does not contain its ID on one line:\n%s", raw)
	}
	other, err := NewComposer("forum.example.org", []byte("another secret, as long as that"))
	if err != nil {
		t.Fatal(err)
	}
	if got := other.MessageID("digest/42/2026-05-04"); got == c.MessageID("digest/42/2026-05-04") {
		t.Errorf("two secrets result in the same ID %s", got)
	}
}

func TestCompose_RejectsInvalid(t *testing.T) {
	for name, set := range map[string]func(*Message){
		"a message without a key":            func(m *Message) { m.Key = "" },
		"a message without a date":           func(m *Message) { m.Date = time.Time{} },
		"a message without a text":           func(m *Message) { m.Text = nil },
		"an invalid sender address":          func(m *Message) { m.From.Address = "nobody" },
		"an http unsubscribe link":           func(m *Message) { m.Unsubscribe = "http://example.org/u" },
		"an unsubscribe link without a host": func(m *Message) { m.Unsubscribe = "https:///u" },
		"text that is not encoded":           func(m *Message) { m.Text = qp.Pieces{{Encoded: "ä\r\n"}} },
		"text with a lone line feed":         func(m *Message) { m.Text = qp.Pieces{{Encoded: "a\nb\r\n"}} },
		"text with a dot line":               func(m *Message) { m.HTML = qp.Pieces{{Encoded: "a\r\n.\r\n"}} },
	} {
		m := sample()
		set(&m)
		if raw, err := composer(t).Compose(m); err == nil {
			t.Errorf("%s: no error:\n%s", name, raw)
		}
	}
}

func TestCompose_HeadersHaveNoBidiControls(t *testing.T) {
	m := sample()
	const hostile = "a\u202ab\u202bc\u202cd\u202de\u202ef\u2066g\u2067h\u2068i\u2069 שלום"
	m.From.Name, m.To.Name, m.Subject, m.List.Name, m.FeedbackID = hostile, hostile, hostile, hostile, hostile
	msg, err := netmail.ReadMessage(bytes.NewReader(mustCompose(t, m)))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"From", "To", "Subject", "List-Id", "Feedback-Id"} {
		got, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get(name))
		if err != nil || !strings.Contains(got, "abcdefghi שלום") {
			t.Errorf("%s: %q (%v), want the text without its controls", name, got, err)
		}
		if i := strings.IndexFunc(got, func(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) }); i >= 0 {
			t.Errorf("%s: %q contains a bidi control at %d", name, got, i)
		}
	}
}

func FuzzCompose(f *testing.F) {
	f.Add("Jörg", "a@b.example", "subject", "list", "id.example", "https://example.org/u")
	f.Add("\"\r\nBcc: x@y", "ä@b", "=?utf-8?b?AAAA?=", "\xff", ".-.", "https://x/<>")
	c := composer(f)
	f.Fuzz(func(t *testing.T, name, address, subject, list, id, unsubscribe string) {
		m := sample()
		m.To = netmail.Address{Name: name, Address: address}
		m.Subject, m.List, m.Unsubscribe = subject, List{Name: list, ID: id}, unsubscribe
		raw, err := c.Compose(m)
		if err != nil {
			return
		}
		msg, err := netmail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			t.Fatalf("reading %q: %v", raw, err)
		}
		to, err := msg.Header.AddressList("To")
		if err != nil || len(to) != 1 {
			t.Fatalf("To: %q parses as %v, %v", msg.Header.Get("To"), to, err)
		}
		if got, want := to[0].Name, displayName(name); got != want {
			t.Errorf("To has the name %q, want %q", got, want)
		}
		got, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
		if want := headerText(subject, maxSubject); err != nil || got != want {
			t.Errorf("Subject: %q (%v), want %q", got, err, want)
		}
		if bad := msg.Header["Bcc"]; bad != nil || !utf8.Valid(raw) {
			t.Errorf("Bcc: %q", bad)
		}
		if got := parts(t, raw); len(got) != 2 {
			t.Errorf("the message has %d parts, want 2", len(got))
		}
	})
}
