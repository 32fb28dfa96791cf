package delivery

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
		if got := provider(tt.address); got != tt.want {
			t.Errorf("provider(%s) = %s, want %s", tt.address, got, tt.want)
		}
	}
}
