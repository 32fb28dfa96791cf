package subscription

import (
	"bytes"
	"errors"
	"net/mail"
	"strings"
	"testing"
	"time"

	"postrider/digest"
	"postrider/internal/link"
)

func TestParseAddress(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain", "anna@example.org", "anna@example.org"},
		{"spaces around it", " anna@example.org\n", "anna@example.org"},
		{"a plus", "anna+news@example.org", "anna+news@example.org"},
		{"an upper-case domain", "Anna.B@Example.ORG", "Anna.B@example.org"},
		{"a domain that is not ASCII", "anna@Müller.example", "anna@xn--mller-kva.example"},
		{"a name in it", "Anna <anna@example.org>", ""},
		{"a line break", "anna@example.org\r\nBcc: all@example.org", ""},
		{"two addresses", "anna@example.org,bert@example.org", ""},
		{"no domain", "anna", ""},
		{"a domain without a dot", "root@localhost", ""},
		{"a number as its top", "anna@127.0.0.1", ""},
		{"an address literal", "anna@[127.0.0.1]", ""},
		{"quoted", `"a b"@example.org`, ""},
		{"not ASCII before the @", "änna@example.org", ""},
		{"nothing", "", ""},
		{"marks of direction around it", "\u202aanna@example.org\u202c", "anna@example.org"},
		{"an invisible character", "anna@exam\u200bple.org", ""},
		{"a soft hyphen", "anna@exam\u00adple.org", ""},
		{"a variation selector", "anna@example\ufe0f.org", ""},
		{"one that turns the text around", "anna@\u202eexample.org", ""},
		{"a Cyrillic o among Latin letters", "anna@g\u043eogle.example", ""},
		{"all Cyrillic", "anna@\u043f\u043e\u0447\u0442\u0430.example", "anna@xn--80a1acny.example"},
		{"composed of two characters", "anna@mu\u0308ller.example", "anna@xn--mller-kva.example"},
		{"Japanese in two alphabets", "anna@\u65e5\u672c\u306e.example", "anna@xn--u9ju32nb2a.example"},
		{"huge", strings.Repeat("a", 60000) + "@example.org", ""},
		{"a header in it", "anna@example.org%0d%0aBcc:x@example.org", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := ParseAddress(tt.in)
			if ok != (tt.want != "") || ok && got != tt.want {
				t.Errorf("ParseAddress(%q) = %q, %t, want %q", tt.in, got, ok, tt.want)
			}
		})
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, seed := range []string{"anna@example.org", "Anna <a@b.c>", "a@b.c\r\nBcc: d@e.f", "ä@ö.ü", "a@b@c.d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		address, ok := ParseAddress(text)
		if !ok {
			return
		}
		if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address || parsed.Name != "" {
			t.Errorf("ParseAddress(%q) = %q, which reads as %v, %v", text, address, parsed, err)
		}
		if again, ok := ParseAddress(address); !ok || again != address {
			t.Errorf("ParseAddress(%q) = %q, %t, want it unchanged", address, again, ok)
		}
	})
}

func TestOpen_EndsAfter48Hours(t *testing.T) {
	links, err := link.NewSigner("https://news.example.org/postrider", bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	asked := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	want := Request{ID: newID(), Address: "anna@example.org", Name: "Anna", Zone: "Europe/Berlin", Locale: "de", Cadence: digest.Weekly, Sections: []int64{3, 1}, Asked: asked.Unix()}
	token, err := seal(links, want)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		after time.Duration
		err   error
	}{{0, nil}, {Validity, nil}, {Validity + time.Second, ErrExpired}} {
		got, err := open(links, token, asked.Add(tt.after))
		if !errors.Is(err, tt.err) || got.ID != want.ID || got.Address != want.Address || len(got.Sections) != 2 {
			t.Errorf("after %v: %+v, %v, want the error %v", tt.after, got, err, tt.err)
		}
	}
	if got, err := open(links, links.Encrypt([]byte("not JSON")), asked); !errors.Is(err, ErrInvalid) {
		t.Errorf("another encrypted text: %+v, %v", got, err)
	}
	if got, err := open(links, token[:len(token)-2], asked); !errors.Is(err, ErrInvalid) {
		t.Errorf("a damaged token: %+v, %v", got, err)
	}
}
