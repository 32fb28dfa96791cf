package addr

import "testing"

func TestProvider_KnowsAllDomains(t *testing.T) {
	tests := []struct{ address, want string }{
		{"a@gmail.com", "gmail.com"},
		{"a@GoogleMail.com", "gmail.com"},
		{"a@outlook.com", "outlook.com"},
		{"a@outlook.fr", "outlook.com"},
		{"a@hotmail.de", "outlook.com"},
		{"a@hotmail.co.uk", "outlook.com"},
		{"a@live.com.mx", "outlook.com"},
		{"a@msn.com", "outlook.com"},
		{"a@yahoo.com.br", "yahoo.com"},
		{"a@yahoo.de", "yahoo.com"},
		{"a@rocketmail.com", "yahoo.com"},
		{"a@aol.com", "yahoo.com"},
		{"a@aol.de", "yahoo.com"},
		{"a@me.com", "icloud.com"},
		{"a@gmx.at", "gmx.net"},
		{"a@web.de", "gmx.net"},
		{"a@example.org", "example.org"},
		{"a@live.example.org", "live.example.org"},
		{"a@yahoo.example.co.uk", "yahoo.example.co.uk"},
		{"a@live", "live"},
		{"a@live.org", "live.org"},
		{"a@notgmail.com", "notgmail.com"},
		{"a@mail.gmail.com", "mail.gmail.com"},
		{"local", "local"},
		{"", ""},
	}
	for _, tt := range tests {
		if got := Provider(tt.address); got != tt.want {
			t.Errorf("Provider(%s) = %s, want %s", tt.address, got, tt.want)
		}
	}
}

func TestIsOfProvider(t *testing.T) {
	for address, want := range map[string]bool{"a@GMX.de": true, "a@gmail.com": true, "a@hotmail.co.uk": true, "a@example.org": false, "a@gmail.example.org": false, "": false} {
		if got := IsOfProvider(address); got != want {
			t.Errorf("IsOfProvider(%s) = %t", address, got)
		}
	}
}

func TestMailbox_IsTheSameForAllItsSpellings(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain", "anna@example.org", "anna@example.org"},
		{"upper case", "Anna@Example.ORG", "anna@example.org"},
		{"a tag", "anna+news@example.org", "anna@example.org"},
		{"several tags", "anna+a+b@example.org", "anna@example.org"},
		{"a dot", "an.na@example.org", "an.na@example.org"},
		{"dots of Gmail", "a.n.n.a+x@Gmail.com", "anna@gmail.com"},
		{"the other name of Gmail", "anna@googlemail.com", "anna@gmail.com"},
		{"a domain that is not ASCII", "anna@Müller.example", "anna@xn--mller-kva.example"},
		{"only a tag", "+news@example.org", "+news@example.org"},
		{"no address", "anna", "anna"},
		{"nothing", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Mailbox(tt.in); got != tt.want {
				t.Errorf("Mailbox(%q) = %q, want %q", tt.in, got, tt.want)
			}
			if again := Mailbox(Mailbox(tt.in)); again != tt.want {
				t.Errorf("a second time: %q", again)
			}
		})
	}
}
