package doctor

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"postrider/internal/finding"
)

const key = "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"

// good is the zone of a site with which all is well.
const good = `
forum.example.org.        IN TXT "v=spf1 ip4:192.0.2.10 include:spf.example.net -all"
forum.example.org.        IN TXT "google-site-verification=1"
spf.example.net.          IN TXT "v=spf1 ip4:198.51.100.0/24 ?all"
example.org.              IN MX 10 mx.example.org.
pr1._domainkey.forum.example.org. IN TXT "` + key + `"
_dmarc.example.org.       IN TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.org"
10.2.0.192.in-addr.arpa.  IN PTR mx.example.org.
mx.example.org.           IN A 192.0.2.10
bounces.forum.example.org. IN MX 10 mx.example.org.
`

func validSite() Site {
	return Site{
		From: "forum.example.org", Envelope: "digest@forum.example.org",
		Keys: []Key{{"pr1._domainkey.forum.example.org", key}}, SigningDomain: "forum.example.org",
		Relay: "127.0.0.1", SendsFrom: []netip.Addr{netip.MustParseAddr("192.0.2.10")}, Local: true,
		Bounces: "bounces.forum.example.org",
	}
}

func TestCheck_AcceptsValidSite(t *testing.T) {
	d, _ := resolver(t, good)
	parts := map[string]bool{}
	for _, f := range Check(t.Context(), d, validSite()) {
		parts[f.Part] = true
		if f.Level != finding.LevelOK || f.Fix != "" || f.Text == "" {
			t.Errorf("%+v", f)
		}
	}
	for _, part := range []string{"spf", "spf sender", "dkim record", "dmarc", "ptr", "bounces mx"} {
		if !parts[part] {
			t.Errorf("no finding for %s", part)
		}
	}
}

// TestCheck_FindsEachFaultWithFix changes one thing in a valid zone.
func TestCheck_FindsEachFaultWithFix(t *testing.T) {
	away := func(p *Site) { p.Local, p.Relay = false, "relay.example.net" }
	other := func(p *Site) { p.SendsFrom = []netip.Addr{netip.MustParseAddr("203.0.113.9")} }
	tests := []struct {
		name   string
		remove string // a name whose records are removed
		add    string // records to add
		change func(*Site)
		part   string
		level  finding.Level
		says   []string // in the text or the fix
	}{
		{"no SPF", "forum.example.org", "", nil, "spf", finding.LevelFail, []string{"no SPF record", `publish: forum.example.org. IN TXT "v=spf1 ip4:192.0.2.10 ~all"`}},
		{"two SPF records", "", `forum.example.org. IN TXT "v=spf1 mx -all"`, nil, "spf", finding.LevelFail, []string{"2 SPF records", "keep one"}},
		{"invalid SPF", "forum.example.org", `forum.example.org. IN TXT "v=spf1 ip:192.0.2.10 -all"`, nil, "spf", finding.LevelFail, []string{`"ip:192.0.2.10" is not an SPF term`}},
		{"everyone may send", "forum.example.org", `forum.example.org. IN TXT "v=spf1 mx +all"`, nil, "spf", finding.LevelFail, []string{"+all", "allows everyone to send"}},
		{"everyone may send, by a network", "forum.example.org", `forum.example.org. IN TXT "v=spf1 ip4:0.0.0.0/0 -all"`, nil, "spf", finding.LevelFail, []string{"0.0.0.0/0", "allows everyone to send"}},
		{"everyone may send, by an include", "spf.example.net", `spf.example.net. IN TXT "v=spf1 all"`, nil, "spf", finding.LevelFail, []string{"spf.example.net: all"}},
		{"an include of a domain without SPF", "spf.example.net", "", nil, "spf", finding.LevelFail, []string{"include:spf.example.net", "without an SPF record"}},
		{"an include loop", "spf.example.net", `spf.example.net. IN TXT "v=spf1 include:forum.example.org -all"`, nil, "spf", finding.LevelFail, []string{"is a loop"}},
		{"an include to two records", "", `spf.example.net. IN TXT "v=spf1 -all"`, nil, "spf", finding.LevelFail, []string{"2 SPF records"}},
		{
			"too many lookups", "spf.example.net", `spf.example.net. IN TXT "v=spf1 a:1.example.net a:2.example.net a:3.example.net a:4.example.net a:5.example.net mx:6.example.net exists:7.example.net a:8.example.net a:9.example.net ptr -all"`,
			nil, "spf", finding.LevelFail, []string{"11 DNS lookups", "above 10"},
		},
		{"SPF without a default rule", "forum.example.org", `forum.example.org. IN TXT "v=spf1 ip4:192.0.2.10"`, nil, "spf", finding.LevelWarn, []string{"all other senders", `"v=spf1 ip4:192.0.2.10 ~all"`}},
		{"SPF that does not permit us", "", "", other, "spf sender", finding.LevelFail, []string{"fail", `"v=spf1 ip4:192.0.2.10 include:spf.example.net ip4:203.0.113.9 -all"`}},
		{"SPF that does not permit us by IPv6", "", "", func(p *Site) { p.SendsFrom = []netip.Addr{netip.MustParseAddr("2001:db8::1")} }, "spf sender", finding.LevelFail, []string{"ip6:2001:db8::1 -all"}},
		{"SPF that does not permit the relay", "", "", func(p *Site) { away(p); other(p) }, "spf sender", finding.LevelWarn, []string{"relay.example.net", "documentation", "ip4:203.0.113.9"}},
		{"unknown sending address", "", "", func(p *Site) { p.SendsFrom = nil }, "spf sender", finding.LevelWarn, []string{"--sends-from"}},

		{"no key in DNS", "pr1._domainkey.forum.example.org", "", nil, "dkim record", finding.LevelFail, []string{"not published", `publish: pr1._domainkey.forum.example.org. IN TXT "` + key + `"`}},
		{"another key in DNS", "pr1._domainkey.forum.example.org", `pr1._domainkey.forum.example.org. IN TXT "v=DKIM1; p=AAAA"`, nil, "dkim record", finding.LevelFail, []string{"another key", key}},
		{"a revoked key in DNS", "pr1._domainkey.forum.example.org", `pr1._domainkey.forum.example.org. IN TXT "v=DKIM1; p="`, nil, "dkim record", finding.LevelFail, []string{"revoked"}},
		{"a key of another type", "pr1._domainkey.forum.example.org", `pr1._domainkey.forum.example.org. IN TXT "v=DKIM1; k=ed25519; p=AAAA"`, nil, "dkim record", finding.LevelFail, []string{"k=ed25519"}},
		{"an invalid key record", "pr1._domainkey.forum.example.org", `pr1._domainkey.forum.example.org. IN TXT "k=rsa; v=DKIM1; p=A"`, nil, "dkim record", finding.LevelFail, []string{"begin with v=DKIM1"}},
		{"two key records", "", `pr1._domainkey.forum.example.org. IN TXT "v=DKIM1; p=AAAA"`, nil, "dkim record", finding.LevelFail, []string{"2 TXT records"}},
		{"a key for SHA-1 only", "pr1._domainkey.forum.example.org", `pr1._domainkey.forum.example.org. IN TXT "` + key + `; h=sha1"`, nil, "dkim record", finding.LevelFail, []string{"sha256"}},
		{"a key for something else", "pr1._domainkey.forum.example.org", `pr1._domainkey.forum.example.org. IN TXT "` + key + `; s=tlsrpt"`, nil, "dkim record", finding.LevelFail, []string{"does not include email"}},
		{"a key under test", "pr1._domainkey.forum.example.org", `pr1._domainkey.forum.example.org. IN TXT "` + key + `; t=y:s"`, nil, "dkim record", finding.LevelWarn, []string{"t=y"}},
		{"the relay signs", "", "", func(p *Site) { p.Keys, p.SigningDomain = nil, "" }, "dkim record", finding.LevelOK, []string{"header.d=example.org", "list-unsubscribe-post"}},

		{"no DMARC", "_dmarc.example.org", "", nil, "dmarc", finding.LevelWarn, []string{`publish: _dmarc.example.org. IN TXT "v=DMARC1; p=none; rua=mailto:postmaster@example.org"`}},
		{"two DMARC records", "", `_dmarc.example.org. IN TXT "v=DMARC1; p=none"`, nil, "dmarc", finding.LevelWarn, []string{"no DMARC record"}},
		{"invalid DMARC", "_dmarc.example.org", `_dmarc.example.org. IN TXT "v=DMARC1; p=refuse"`, nil, "dmarc", finding.LevelWarn, []string{"p=refuse"}},
		{"strict DMARC, and a sender of the organization", "_dmarc.example.org", `_dmarc.example.org. IN TXT "v=DMARC1; p=reject; aspf=s; adkim=s"`, func(p *Site) { p.Envelope, p.SigningDomain = "b@bounces.forum.example.org", "example.org" }, "dmarc", finding.LevelFail, []string{"bounces.forum.example.org", "example.org is aligned with"}},
		{"an envelope of another organization, signed by us", "", "", func(p *Site) { p.Envelope = "b@bounce.example.net" }, "dmarc", finding.LevelOK, []string{"DKIM is aligned"}},
		{"an envelope of another organization, signed by the relay", "", "", func(p *Site) { p.Envelope, p.Keys, p.SigningDomain = "b@bounce.example.net", nil, "" }, "dmarc", finding.LevelWarn, []string{"signature of the relay"}},

		{"no PTR record", "10.2.0.192.in-addr.arpa", "", nil, "ptr", finding.LevelFail, []string{"192.0.2.10 has no PTR record", "PTR"}},
		{"a name that does not resolve back", "mx.example.org", "mx.example.org. IN A 192.0.2.11", nil, "ptr", finding.LevelFail, []string{"publish: mx.example.org. IN A 192.0.2.10"}},

		{"no mail server for bounces", "bounces.forum.example.org", "", nil, "bounces mx", finding.LevelFail, []string{"neither MX nor address", "IN MX 10"}},
		{"bounces by an address alone", "bounces.forum.example.org", "bounces.forum.example.org. IN A 192.0.2.10", nil, "bounces mx", finding.LevelWarn, []string{"has no MX"}},
		{"a null MX for bounces", "bounces.forum.example.org", "bounces.forum.example.org. IN MX 0 .", nil, "bounces mx", finding.LevelFail, []string{"accepts no mail"}},
		{"a mail server for bounces without an address", "bounces.forum.example.org", "bounces.forum.example.org. IN MX 10 gone.example.org.", nil, "bounces mx", finding.LevelFail, []string{"gone.example.org", "no address"}},
		{"one of two mail servers for bounces without an address", "", "bounces.forum.example.org. IN MX 20 gone.example.org.", nil, "bounces mx", finding.LevelWarn, []string{"gone.example.org"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, server := resolver(t, good)
			if tt.remove != "" {
				server.Remove(tt.remove)
			}
			server.Add(t, tt.add)
			p := validSite()
			if tt.change != nil {
				tt.change(&p)
			}
			for _, f := range Check(t.Context(), d, p) {
				if f.Part != tt.part {
					continue
				}
				if f.Level != tt.level || f.Level != finding.LevelOK && f.Fix == "" {
					t.Errorf("%+v, want it %s", f, tt.level)
				}
				for _, want := range tt.says {
					if !strings.Contains(f.Text+"\n"+f.Fix, want) {
						t.Errorf("%s: %s\n-> %s\nwant it to say %q", f.Part, f.Text, f.Fix, want)
					}
				}
				return
			}
			t.Errorf("no finding for %s", tt.part)
		})
	}
}

func TestCheck_WarnsOfFailedQueries(t *testing.T) {
	for _, name := range []string{"spf.example.net", "pr1._domainkey.forum.example.org", "_dmarc.forum.example.org", "10.2.0.192.in-addr.arpa", "bounces.forum.example.org"} {
		d, server := resolver(t, good)
		server.Break(name)
		warned := 0
		for _, f := range Check(t.Context(), d, validSite()) {
			switch {
			case f.Level == finding.LevelFail:
				t.Errorf("%s fails: finding %+v, want no failure", name, f)
			case f.Level == finding.LevelWarn:
				warned++
			}
		}
		if warned != 1 {
			t.Errorf("%s fails: %d warnings, want 1", name, warned)
		}
	}
}

func TestCheck_ReportsMissingDNSOnce(t *testing.T) {
	d := &DNS{Servers: []string{"127.0.0.1:1"}, Timeout: time.Second}
	found := Check(t.Context(), d, validSite())
	if len(found) != 1 || found[0].Part != "dns" || found[0].Level != finding.LevelWarn || !strings.Contains(found[0].Fix, "--resolver") {
		t.Errorf("found %+v", found)
	}
}

func TestZoneRecord_SplitsLongValue(t *testing.T) {
	got := zoneRecord("a.example.org", strings.Repeat("x", 300))
	if want := `a.example.org. IN TXT "` + strings.Repeat("x", 255) + `" "` + strings.Repeat("x", 45) + `"`; got != want {
		t.Errorf("zoneRecord = %s, want %s", got, want)
	}
}
