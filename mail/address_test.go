package mail

import (
	netmail "net/mail"
	"strings"
	"testing"
)

func TestMailbox_AcceptsValid(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"a plain address", "anna@example.org", "anna@example.org"},
		{"all characters allowed in a name", "a.b+c-d_e'f!g#h$i%j&k*l/m=n?o^p`q{r|s}t~@example.org", "a.b+c-d_e'f!g#h$i%j&k*l/m=n?o^p`q{r|s}t~@example.org"},
		{"the case of the name stays", "Anna@Example.ORG", "Anna@example.org"},
		{"a domain with non-ASCII characters", "anna@müller.example", "anna@xn--mller-kva.example"},
		{"a domain in full width", "anna@ｅxample.org", "anna@example.org"},
		{"a host without a dot", "root@localhost", "root@localhost"},
		{"the longest name", strings.Repeat("a", 64) + "@example.org", strings.Repeat("a", 64) + "@example.org"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := Mailbox(tt.in); got != tt.want || err != nil {
				t.Errorf("Mailbox(%q) = %q, %v, want %q", tt.in, got, err, tt.want)
			}
		})
	}
}

func TestMailbox_RejectsInvalid(t *testing.T) {
	for _, tt := range []struct{ name, in, enhanced string }{
		{"nothing", "", "5.1.3"},
		{"no domain", "anna@", "5.1.3"},
		{"no name", "@example.org", "5.1.3"},
		{"no at sign", "anna", "5.1.3"},
		{"a name with non-ASCII characters", "jörg@example.org", "5.6.7"},
		{"a space", "an na@example.org", "5.1.3"},
		{"a line break", "anna\r\n@example.org", "5.1.3"},
		{"a line break in the domain", "anna@example.org\r\nRCPT TO:<b@c>", "5.1.3"},
		{"a NUL", "an\x00na@example.org", "5.1.3"},
		{"quotes", `"anna"@example.org`, "5.1.3"},
		{"brackets", "<anna@example.org>", "5.1.3"},
		{"a source route", "@a.example:anna@example.org", "5.1.3"},
		{"two addresses", "anna@example.org,ben@example.org", "5.1.3"},
		{"two at signs", "anna@home@example.org", "5.1.3"},
		{"a dot first", ".anna@example.org", "5.1.3"},
		{"a dot last", "anna.@example.org", "5.1.3"},
		{"two dots", "an..na@example.org", "5.1.3"},
		{"an empty label", "anna@example..org", "5.1.3"},
		{"a dot at the end of the domain", "anna@example.org.", "5.1.3"},
		{"a hyphen first in a label", "anna@-example.org", "5.1.3"},
		{"an IP address as host", "anna@[127.0.0.1]", "5.1.3"},
		{"a long name", strings.Repeat("a", 65) + "@example.org", "5.1.3"},
		{"a long domain", "anna@" + strings.Repeat("a.", 125) + "example", "5.1.3"},
		{"a long label", "anna@" + strings.Repeat("a", 64) + ".org", "5.1.3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Mailbox(tt.in)
			bad, ok := err.(*AddressError)
			if !ok || bad.Enhanced != tt.enhanced {
				t.Errorf("Mailbox(%q) = %q, %#v, want an AddressError with %s", tt.in, got, err, tt.enhanced)
			}
			if err != nil && tt.in != "" && strings.Contains(err.Error(), tt.in) {
				t.Errorf("the error contains the address: %v", err)
			}
		})
	}
}

// FuzzMailbox checks that a valid mailbox is also one plain address to net/mail.
func FuzzMailbox(f *testing.F) {
	for _, s := range []string{"anna@example.org", "jörg@müller.example", `"a b"@c`, "a@b\r\n", "a@[::1]", "a@xn--mller-kva.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got, err := Mailbox(in)
		if err != nil {
			return
		}
		a, err := netmail.ParseAddress(got)
		if err != nil || a.Address != got || a.Name != "" {
			t.Errorf("Mailbox(%q) = %q, which reads as %v, %v", in, got, a, err)
		}
		for _, c := range []byte(got) {
			if c <= ' ' || c >= 0x7f || c == '<' || c == '>' {
				t.Errorf("Mailbox(%q) = %q contains %#x", in, got, c)
			}
		}
		if again, err := Mailbox(got); again != got || err != nil {
			t.Errorf("Mailbox(%q) = %q, %v, want it unchanged", got, again, err)
		}
	})
}
