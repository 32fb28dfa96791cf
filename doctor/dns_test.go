package doctor

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/internal/dnstest"
)

// resolver returns a DNS that queries a server with the zone.
func resolver(t testing.TB, zone string) (*DNS, *dnstest.Server) {
	t.Helper()
	server := dnstest.New(t, zone)
	return NewDNS(server.Address), server
}

func TestDNS_LooksUpRecords(t *testing.T) {
	d, _ := resolver(t, `
example.org.          IN TXT   "v=spf1 " "-all"
example.org.          IN TXT   "quoted \" and \\ and \195\188"
example.org.          IN MX    20 b.example.org.
example.org.          IN MX    10 a.example.org.
a.example.org.        IN A     192.0.2.1
a.example.org.        IN AAAA  2001:db8::1
b.example.org.        IN CNAME a.example.org.
1.2.0.192.in-addr.arpa. IN PTR a.example.org.
1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. IN PTR six.example.org.
`)
	ctx := t.Context()
	texts, err := d.LookupTXT(ctx, "example.org")
	if want := []string{"v=spf1 -all", "quoted \" and \\ and ü"}; err != nil || !slices.Equal(texts, want) {
		t.Errorf("TXT = %q, %v; want %q", texts, err, want)
	}
	list, err := d.LookupMX(ctx, "example.org.")
	if err != nil || len(list) != 2 || list[0].Host != "a.example.org." || list[1].Pref != 20 {
		t.Errorf("MX = %v, %v; want a, then b", list, err)
	}
	for _, name := range []string{"a.example.org", "b.example.org"} {
		addresses, err := d.LookupIPAddr(ctx, name)
		if err != nil || len(addresses) != 2 || addresses[0].String() != "192.0.2.1" || addresses[1].String() != "2001:db8::1" {
			t.Errorf("addresses of %s = %v, %v", name, addresses, err)
		}
	}
	for address, want := range map[string]string{"192.0.2.1": "a.example.org.", "2001:db8::1": "six.example.org."} {
		if names, err := d.LookupAddr(ctx, address); err != nil || !slices.Equal(names, []string{want}) {
			t.Errorf("names of %s = %v, %v", address, names, err)
		}
	}
}

func TestDNS_DistinguishesMissingFromFailed(t *testing.T) {
	d, server := resolver(t, "example.org. IN A 192.0.2.1\nhalf.example.org. IN A 192.0.2.2\n")
	server.Break("broken.example.org")
	long := strings.Repeat("a", 64) + ".example.org"
	tests := []struct {
		name   string
		ask    func(context.Context) error
		absent bool
	}{
		{"no such name", func(ctx context.Context) error { _, err := d.LookupTXT(ctx, "none.example.org"); return err }, true},
		{"a name without a record of this type", func(ctx context.Context) error { _, err := d.LookupTXT(ctx, "example.org"); return err }, true},
		{"no address", func(ctx context.Context) error { _, err := d.LookupIPAddr(ctx, "none.example.org"); return err }, true},
		{"a label that is too long", func(ctx context.Context) error { _, err := d.LookupTXT(ctx, long); return err }, true},
		{"an invalid address", func(ctx context.Context) error { _, err := d.LookupAddr(ctx, "here"); return err }, true},
		{"a server that fails", func(ctx context.Context) error { _, err := d.LookupTXT(ctx, "broken.example.org"); return err }, false},
		{"a server that fails for an address", func(ctx context.Context) error { _, err := d.LookupIPAddr(ctx, "broken.example.org"); return err }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.ask(t.Context())
			if err == nil || missing(err) != tt.absent {
				t.Errorf("err = %v, missing %t; want %t", err, missing(err), tt.absent)
			}
			if e, ok := errors.AsType[*net.DNSError](err); ok && e.IsTemporary == tt.absent {
				t.Errorf("%v is temporary: %t", err, e.IsTemporary)
			}
		})
	}
	if addresses, err := d.LookupIPAddr(t.Context(), "half.example.org"); err != nil || len(addresses) != 1 {
		t.Errorf("with an IPv4 address only: %v, %v", addresses, err)
	}
}

func TestDNS_FetchesLongResponseByTCP(t *testing.T) {
	value := strings.Repeat("0123456789", 200)
	var parts []string
	for chunk := range slices.Chunk([]byte(value), 250) {
		parts = append(parts, `"`+string(chunk)+`"`)
	}
	d, server := resolver(t, "key.example.org. IN TXT "+strings.Join(parts, " "))
	texts, err := d.LookupTXT(t.Context(), "key.example.org")
	if err != nil || len(texts) != 1 || texts[0] != value {
		t.Errorf("TXT = %q, %v", texts, err)
	}
	if n := len(server.Asked()); n != 2 {
		t.Errorf("%d queries, want one by UDP and one by TCP", n)
	}
}

func TestDNS_TriesNextServer(t *testing.T) {
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	d, server := resolver(t, `example.org. IN TXT "here"`)
	d.Servers, d.Timeout = []string{silent.LocalAddr().String(), server.Address}, 50*time.Millisecond
	if texts, err := d.LookupTXT(t.Context(), "example.org"); err != nil || !slices.Equal(texts, []string{"here"}) {
		t.Errorf("TXT = %q, %v", texts, err)
	}
	d.Servers = d.Servers[:1]
	if _, err := d.LookupTXT(t.Context(), "example.org"); err == nil || missing(err) {
		t.Errorf("without a server: err = %v", err)
	}
}

func TestDNS_IgnoresOtherResponses(t *testing.T) {
	far, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	_, server := resolver(t, `example.org. IN TXT "true"`)
	go func() {
		query := make([]byte, 512)
		n, from, err := far.ReadFrom(query)
		if err != nil {
			return
		}
		forged := slices.Clone(query[:n])
		forged[0] ^= 0xff
		forged[2] |= 0x80
		_, _ = far.WriteTo(forged, from)
		conn, err := net.Dial("udp", server.Address)
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = conn.Write(query[:n])
		answer := make([]byte, 512)
		n, _ = conn.Read(answer)
		_, _ = far.WriteTo(answer[:n], from)
	}()
	d := NewDNS(far.LocalAddr().String())
	if texts, err := d.LookupTXT(t.Context(), "example.org"); err != nil || !slices.Equal(texts, []string{"true"}) {
		t.Errorf("TXT = %q, %v", texts, err)
	}
}

func TestDNS_ReadsResolvConf(t *testing.T) {
	path := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(path, []byte("# manual\nsearch example.org\nnameserver 192.0.2.53\nnameserver  2001:db8::53\noptions edns0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, want := systemServers(path), []string{"192.0.2.53", "2001:db8::53"}; !slices.Equal(got, want) {
		t.Errorf("servers = %q, want %q", got, want)
	}
	if got := systemServers(path + ".none"); !slices.Equal(got, []string{"127.0.0.1"}) {
		t.Errorf("without a file: %q", got)
	}
	for text, want := range map[string]string{"192.0.2.53": "192.0.2.53:53", "2001:db8::53": "[2001:db8::53]:53", "127.0.0.1:5353": "127.0.0.1:5353"} {
		if got := NewDNS(text).Servers; !slices.Equal(got, []string{want}) {
			t.Errorf("NewDNS(%q) queries %q", text, got)
		}
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add([]byte("\x00\x01\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x07example\x03org\x00\x00\x10\x00\x01\xc0\x0c\x00\x10\x00\x01\x00\x00\x00\x3c\x00\x05\x04true"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		isTruncated(answer)
		records, err := readAnswers(answer, 16)
		if err != nil && len(records) > 0 {
			t.Errorf("records with an error: %v", err)
		}
	})
}
