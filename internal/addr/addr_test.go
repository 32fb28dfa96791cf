package addr

import "testing"

func TestDomain_IsAsInDNS(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"a plain address", "anna@example.org", "example.org"},
		{"upper case", "Anna@Example.ORG", "example.org"},
		{"not ASCII", "anna@Müller.example", "xn--mller-kva.example"},
		{"already encoded", "anna@XN--MLLER-KVA.example", "xn--mller-kva.example"},
		{"full width", "anna@ｅxample.org", "example.org"},
		{"several @", `"anna@home"@example.org`, "example.org"},
		{"only a domain", "Example.org", "example.org"},
		{"no domain", "anna@", ""},
		{"nothing", "", ""},
		{"an address literal", "anna@[IPv6:2001:DB8::1]", "[ipv6:2001:db8::1]"},
		{"a name that DNS cannot have", "anna@-A b", "-a b"},
		{"invalid UTF-8", "anna@A\xff", "a\ufffd"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Domain(tt.in); got != tt.want {
				t.Errorf("Domain(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func BenchmarkDomain(b *testing.B) {
	for b.Loop() {
		Domain("anna@example.org")
	}
}
