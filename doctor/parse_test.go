package doctor

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"

	check "blitiri.com.ar/go/spf"
)

func TestParseSPF_Records(t *testing.T) {
	tests := []struct {
		record string
		fault  string // in the error; empty: it is valid
	}{
		{"v=spf1", ""},
		{"v=spf1  a  mx/24 -all ", ""},
		{"V=SPF1 A:example.org/24//64 MX:example.org//64 ~ALL", ""},
		{"v=spf1 ip4:192.0.2.1 ip4:192.0.2.0/24 ip6:2001:db8::/32 ip6:2001:db8::1 ?all", ""},
		{"v=spf1 include:_spf.example.org exists:%{ir}.%{v}.example.org ptr:example.org -all", ""},
		{"v=spf1 redirect=_spf.example.org exp=why.example.org my-own.x=1", ""},
		{"v=spf10 -all", "begin with v=spf1"},
		{"v=spf1 ip4:192.0.2.1/33", "is not a network"},
		{"v=spf1 ip4:2001:db8::1", "is not a network"},
		{"v=spf1 ip6:192.0.2.1", "is not a network"},
		{"v=spf1 ip4", "is not a network"},
		{"v=spf1 include", "missing domain"},
		{"v=spf1 include:", "missing value after"},
		{"v=spf1 redirect=", "missing domain"},
		{"v=spf1 all:example.org", "nothing may follow all"},
		{"v=spf1 a/33", "invalid prefix length"},
		{"v=spf1 a//129", "invalid prefix length"},
		{"v=spf1 mx/24//x", "invalid prefix length"},
		{"v=spf1 redirect=a.org redirect=b.org", "duplicate"},
		{"v=spf1 1x=y", "is not an SPF term"},
		{"v=spf1 mail.example.org -all", "is not an SPF term"},
		{"v=spf1 --all", "is not an SPF term"},
		{"v=spf1 +", "is not an SPF term"},
	}
	for _, tt := range tests {
		_, err := parseSPF(tt.record)
		if tt.fault == "" && err != nil || tt.fault != "" && (err == nil || !strings.Contains(err.Error(), tt.fault)) {
			t.Errorf("parseSPF(%q): %v, want %q", tt.record, err, tt.fault)
		}
	}
}

func TestEffectiveTerms_DropsTermsAfterAll(t *testing.T) {
	for record, want := range map[string]string{
		"v=spf1 a -all mx redirect=x.org":            "a -all",
		"v=spf1 redirect=x.org a ?all include:y.org": "a ?all",
		"v=spf1 a redirect=x.org":                    "a redirect=x.org",
	} {
		terms, err := parseSPF(record)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, term := range effectiveTerms(terms) {
			got = append(got, term.text)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("effectiveTerms(%q) = %q, want %q", record, got, want)
		}
	}
}

// singleRecord is a Resolver with one record of one domain.
type singleRecord struct{ record string }

func (l singleRecord) LookupTXT(_ context.Context, name string) ([]string, error) {
	if name == "example.org" {
		return []string{l.record}, nil
	}
	return nil, dnsError(name, "none", true)
}
func (l singleRecord) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	return nil, dnsError(name, "none", true)
}
func (l singleRecord) LookupIPAddr(_ context.Context, name string) ([]net.IPAddr, error) {
	return nil, dnsError(name, "none", true)
}
func (l singleRecord) LookupAddr(_ context.Context, address string) ([]string, error) {
	return nil, dnsError(address, "none", true)
}

// FuzzSPF checks with the parser of a receiver that the record we suggest allows our address.
func FuzzSPF(f *testing.F) {
	for _, record := range []string{
		"v=spf1 a mx ip4:192.0.2.0/24 ip6:2001:db8::/32 -all", "v=spf1 include:a.org ?all", "v=spf1 redirect=a.org", "v=spf1 a//64 ~all",
		"v=spf1 exists:%{i}.example.org exp=a.org", "v=spf1 a:%", "v=spf1 x=y ip4:192.0.2.1", "v=spf1 \x00 -all", "v=spf1\t-all",
	} {
		f.Add(record)
	}
	address := netip.MustParseAddr("203.0.113.9")
	verdict := func(t *testing.T, record string) check.Result {
		result, _ := check.CheckHostWithSender(address.AsSlice(), "example.org", "a@example.org", check.WithResolver(singleRecord{record}), check.WithContext(t.Context()))
		return result
	}
	f.Fuzz(func(t *testing.T, record string) {
		terms, err := parseSPF(record)
		if err != nil {
			return
		}
		for _, term := range terms {
			if term.text == "" || strings.Contains(term.text, " ") {
				t.Errorf("%q has a term %q", record, term.text)
			}
		}
		if before := verdict(t, record); before == check.PermError || before == check.Pass {
			return
		}
		better := addMechanism(record, mechanism(address))
		if _, err := parseSPF(better); err != nil {
			t.Errorf("%q became %q: %v", record, better, err)
		}
		if after := verdict(t, better); after != check.Pass && after != check.PermError {
			t.Errorf("%q became %q, which results in %s", record, better, after)
		}
	})
}

func TestParseDKIM_Records(t *testing.T) {
	tests := []struct {
		record string
		want   dkimRecord
		bad    bool
	}{
		{record: "v=DKIM1; k=rsa; p=AB CD\t==", want: dkimRecord{kind: "rsa", public: "ABCD=="}},
		{record: "p=AB", want: dkimRecord{kind: "rsa", public: "AB"}},
		{record: "v=DKIM1;k=ED25519;t=Y:s;h=sha1:sha256;s=email;n=note;p=AB;", want: dkimRecord{kind: "ed25519", public: "AB", testing: true}},
		{record: "v=DKIM1; p=", want: dkimRecord{kind: "rsa"}},
		{record: "v=DKIM2; p=AB", bad: true},
		{record: "v=DKIM1", bad: true},
		{record: "v=DKIM1; p=AB; p=CD", bad: true},
		{record: "v=DKIM1; =x; p=AB", bad: true},
		{record: "google-site-verification", bad: true},
	}
	for _, tt := range tests {
		got, err := parseDKIM(tt.record)
		if tt.bad != (err != nil) || got.kind != tt.want.kind || got.public != tt.want.public || got.testing != tt.want.testing {
			t.Errorf("parseDKIM(%q) = %+v, %v; want %+v", tt.record, got, err, tt.want)
		}
	}
}

func TestParseDMARC_Records(t *testing.T) {
	tests := []struct {
		record string
		want   dmarcPolicy
		bad    bool
	}{
		{record: "v=DMARC1; p=none", want: dmarcPolicy{}},
		{record: "v=DMARC1;p=Reject;aspf=s;adkim=S;pct=50;", want: dmarcPolicy{strictSPF: true, strictDKIM: true}},
		{record: "v=DMARC1; aspf=r; p=quarantine", want: dmarcPolicy{}},
		{record: "v=DMARC1", bad: true},
		{record: "p=none; v=DMARC1", bad: true},
		{record: "v=DMARC1; p=block", bad: true},
		{record: "v=DMARC1 p=none", bad: true},
		{record: "", bad: true},
	}
	for _, tt := range tests {
		got, err := parseDMARC(tt.record)
		if tt.bad != (err != nil) || got != tt.want {
			t.Errorf("parseDMARC(%q) = %+v, %v; want %+v", tt.record, got, err, tt.want)
		}
	}
}

func FuzzTags(f *testing.F) {
	for _, record := range []string{key, "v=DMARC1; p=none; rua=mailto:a@example.org", ";;", "a=b;a=c", "t=y:s:", " v = DKIM1 ; p = ", "p=\r\n A"} {
		f.Add(record)
	}
	f.Fuzz(func(t *testing.T, record string) {
		list, err := parseTags(record)
		for i, tag := range list {
			if err != nil || !tagName(tag.name) || tag.value != trimFold(tag.value) {
				t.Errorf("parseTags(%q) = %+v, %v", record, list, err)
			}
			if value, _ := list[:i].get(tag.name); value != "" {
				t.Errorf("parseTags(%q) has %s twice", record, tag.name)
			}
		}
		if r, err := parseDKIM(record); err == nil && strings.ContainsAny(r.public, " \t\r\n") {
			t.Errorf("%q gives the key %q", record, r.public)
		}
		_, _ = parseDMARC(record)
	})
}

func FuzzOrganization(f *testing.F) {
	for _, domain := range []string{"example.org", "a.b.example.co.uk", "org", "", ".", "a..b", "example.org."} {
		f.Add(domain)
	}
	f.Fuzz(func(t *testing.T, domain string) {
		if got := organization(domain); !strings.HasSuffix(strings.ToLower(domain), got) && !strings.HasSuffix(strings.ToLower(strings.TrimSuffix(domain, ".")), got) {
			t.Errorf("organization(%q) = %q", domain, got)
		}
	})
}
