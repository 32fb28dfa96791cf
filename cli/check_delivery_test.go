package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postrider/internal/dnstest"
	"postrider/internal/finding"
	"postrider/internal/smtptest"
	"postrider/store"
)

// signedSite is a site that signs its messages, with a relay, a web server and a DNS server.
type signedSite struct {
	dns    *dnstest.Server
	config string
	name   string // DNS name of its key
}

func newSignedSite(t *testing.T) signedSite {
	t.Helper()
	config, _ := newSigningForum(t)
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	changed := strings.Replace(string(text), "smtp://127.0.0.1:25", smtptest.New(t).URL(), 1) + "[web]\nurl = " + quoted(web.URL) + "\n"
	if err := os.WriteFile(config, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	return signedSite{config: config, name: "pr1._domainkey.upperberth.example", dns: dnstest.New(t, `
upperberth.example.        IN TXT "v=spf1 ip4:192.0.2.10 -all"
_dmarc.upperberth.example. IN TXT "v=DMARC1; p=reject"
10.2.0.192.in-addr.arpa.   IN PTR mx.upperberth.example.
mx.upperberth.example.     IN A 192.0.2.10
`)}
}

// runCheck returns the findings of check by part.
func (w signedSite) runCheck(t *testing.T) (found map[string]finding.Finding, code int) {
	t.Helper()
	out, errOut, code := run(t, "check", "--json", "--resolver", w.dns.Address, "--sends-from", "192.0.2.10", "-c", w.config)
	var list []finding.Finding
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatalf("%v\n%s%s", err, out, errOut)
	}
	found = make(map[string]finding.Finding)
	for _, f := range list {
		found[f.Part] = f
	}
	return found, code
}

func TestCheck_ReportsDNSAndTLS(t *testing.T) {
	w := newSignedSite(t)
	found, code := w.runCheck(t)
	if f := found["dkim record"]; code != 1 || f.Level != finding.LevelFail {
		t.Fatalf("without the key in DNS: exit %d, %+v", code, f)
	}
	// Publish the record as an operator would copy it.
	_, record, pasted := strings.Cut(found["dkim record"].Fix, "publish: ")
	if !pasted || !strings.HasPrefix(record, w.name+". IN TXT ") {
		t.Fatalf("the fix is %q", found["dkim record"].Fix)
	}
	w.dns.Add(t, record)
	found, code = w.runCheck(t)
	for part, f := range found {
		if (f.Level == finding.LevelFail) != (part == "one-click") {
			t.Errorf("with the key in DNS: exit %d, %+v", code, f)
		}
	}
	for _, part := range []string{"spf", "spf sender", "dkim record", "dmarc", "ptr", "smtp tls", "clock"} {
		if f := found[part]; f.Level != finding.LevelOK {
			t.Errorf("%s: %+v", part, f)
		}
	}
	// The certificate of this web server is self-signed.
	if f := found["one-click"]; f.Level != finding.LevelFail || !strings.Contains(f.Text, "certificate") {
		t.Errorf("one-click page: %+v", f)
	}
}

func TestCheck_ReportsBounceDomain(t *testing.T) {
	w := newSignedSite(t)
	text, err := os.ReadFile(w.config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(w.config, append(text, []byte("[bounces]\ndomain = \"b.upperberth.example\"\n")...), 0o600); err != nil {
		t.Fatal(err)
	}
	found, _ := w.runCheck(t)
	for _, part := range []string{"spf", "bounces mx"} { // SPF is checked for the envelope domain
		if f := found[part]; f.Level != finding.LevelFail || !strings.Contains(f.Text, "b.upperberth.example") {
			t.Errorf("%s: %+v", part, f)
		}
	}
	w.dns.Add(t, `
b.upperberth.example. IN TXT "v=spf1 ip4:192.0.2.10 -all"
b.upperberth.example. IN MX 10 mx.upperberth.example.
`)
	found, _ = w.runCheck(t)
	for _, part := range []string{"spf", "spf sender", "bounces mx", "dmarc"} {
		if f := found[part]; f.Level != finding.LevelOK {
			t.Errorf("%s: %+v", part, f)
		}
	}
}

func TestCheck_ReportsSenderOfAnnouncements(t *testing.T) {
	w := newSignedSite(t)
	text, err := os.ReadFile(w.config)
	if err != nil {
		t.Fatal(err)
	}
	own := "[smtp.announcements]\nfrom = \"news@news.example\"\n[smtp.announcements.dkim]\nselector = \"n1\"\nkey_file = \"key.pem\"\n"
	if err := os.WriteFile(w.config, append(text, own...), 0o600); err != nil {
		t.Fatal(err)
	}
	found, _ := w.runCheck(t)
	for _, part := range []string{"announcements spf", "announcements dkim record", "announcements dmarc"} {
		if f := found[part]; f.Level == finding.LevelOK || !strings.Contains(f.Text, "news.example") {
			t.Errorf("%s without records: %+v", part, f)
		}
	}
	_, record, _ := strings.Cut(found["announcements dkim record"].Fix, "publish: ")
	w.dns.Add(t, record)
	w.dns.Add(t, `
news.example.        IN TXT "v=spf1 ip4:192.0.2.10 -all"
_dmarc.news.example. IN TXT "v=DMARC1; p=reject"
`)
	found, _ = w.runCheck(t)
	for _, part := range []string{"announcements spf", "announcements spf sender", "announcements dkim record", "announcements dmarc", "spf"} {
		if f := found[part]; f.Level != finding.LevelOK {
			t.Errorf("%s: %+v", part, f)
		}
	}
}

func TestCheck_TestsRelayOfAnnouncements(t *testing.T) {
	w := newSignedSite(t)
	text, err := os.ReadFile(w.config)
	if err != nil {
		t.Fatal(err)
	}
	relay := smtptest.New(t, smtptest.WithAuth("news", "right"))
	for _, tt := range []struct {
		name, password string
		level          finding.Level
	}{{"its password", "right", finding.LevelOK}, {"a wrong password", "wrong", finding.LevelFail}} {
		t.Run(tt.name, func(t *testing.T) {
			own := fmt.Sprintf("[smtp.announcements]\nurl = %q\npassword = %q\n", relay.URL(), tt.password)
			if err := os.WriteFile(w.config, append(text, own...), 0o600); err != nil {
				t.Fatal(err)
			}
			found, _ := w.runCheck(t)
			if f := found["smtp.announcements"]; f.Level != tt.level || tt.level == finding.LevelFail && !strings.Contains(f.Fix+f.Text, "smtp.announcements") {
				t.Errorf("the relay of announcements: %+v", f)
			}
			for _, part := range []string{"smtp", "announcements spf", "announcements spf sender"} { // the return path has the same domain
				if f := found[part]; f.Level != finding.LevelOK && (tt.level == finding.LevelOK || part != "announcements spf sender") {
					t.Errorf("%s: %+v", part, f)
				}
			}
			if _, tested := found["smtp.announcements tls"]; tested != (tt.level == finding.LevelOK) {
				t.Errorf("the encryption of the relay of announcements was tested: %v", tested)
			}
		})
	}
}

func TestCheck_WarnsIfBouncesOfAnnouncementsMayBeLost(t *testing.T) {
	w := newSignedSite(t)
	text, err := os.ReadFile(w.config)
	if err != nil {
		t.Fatal(err)
	}
	box := t.TempDir()
	for _, sub := range []string{"new", "cur", "tmp"} {
		if err := os.Mkdir(filepath.Join(box, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct{ bounces, want string }{
		{"", "warn  announcements bounces: bounces of announcements go to news@news.upperberth.example"},
		{"domain = \"b.upperberth.example\"\n", "!announcements bounces"},
	} {
		more := "[smtp.announcements]\nfrom = \"news@news.upperberth.example\"\n[bounces]\nmaildir = " + quoted(box) + "\n" + tt.bounces
		if err := os.WriteFile(w.config, append(text, more...), 0o600); err != nil {
			t.Fatal(err)
		}
		_, report := runCombined(t, "check", "--offline", "-c", w.config)
		wantOutput(t, report, tt.want)
	}
}

func TestAnnouncement_SaysWhetherItsRepliesAreRead(t *testing.T) {
	config, _ := newSigningForum(t)
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	notice := filepath.Join(t.TempDir(), "notice.md")
	if err := os.WriteFile(notice, []byte(sampleAnnouncement), 0o600); err != nil {
		t.Fatal(err)
	}
	mustRun(t, "announce", "new", notice, "-c", config)
	const own = "[smtp.announcements]\nfrom = \"news@news.upperberth.example\"\n"
	mailbox := "[bounces]\nmaildir = " + quoted(t.TempDir()) + "\nreplies = \"team@upperberth.example\"\n"
	for _, tt := range []struct {
		name, more string
		read       bool
	}{
		{"nobody reads any", "", false},
		{"a reply address for announcements", "[smtp.announcements]\nreply_to = \"press@upperberth.example\"\n", true},
		{"the mailbox of smtp.from", mailbox, true},
		{"another sender than the mailbox of smtp.from", own + mailbox, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := os.WriteFile(config, append(text, tt.more...), 0o600); err != nil {
				t.Fatal(err)
			}
			mails := t.TempDir()
			mustRun(t, "announce", "test", "1", "me@example.org", "--mail-dir", mails, "-c", config)
			want := map[bool]string{true: "Replies to this email are read.", false: "Replies to this email aren't read."}[tt.read]
			wantOutput(t, readOnlyMessage(t, mails).text, want)
		})
	}
}

func TestCheck_WarnsOfManySuppressions(t *testing.T) {
	p := newTestForum(t)
	mustRun(t, "migrate", "-c", p.config)
	if out, _, _ := run(t, "check", "--offline", "-c", p.config); !strings.Contains(out, "ok    addresses: 0 suppressed, ") {
		t.Errorf("with none suppressed:\n%s", out)
	}
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(p.dir, "postrider.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var list []store.Health
	for i := range 21 {
		a := store.Health{Address: fmt.Sprintf("m%d@example.org", i)}
		a.SuppressedSince = time.Now().Add(-time.Hour)
		list = append(list, a)
	}
	if err := s.Suppressions.Add(t.Context(), time.Now(), list); err != nil {
		t.Fatal(err)
	}
	if out, _, _ := run(t, "check", "--offline", "-c", p.config); !strings.Contains(out, "warn  addresses: 21 suppressed, 0 subscribers") {
		t.Errorf("with many suppressed:\n%s", out)
	}
}

func TestCheck_OfflineSkipsDNS(t *testing.T) {
	w := newSignedSite(t)
	out, _, code := run(t, "check", "--offline", "--resolver", w.dns.Address, "-c", w.config)
	if asked := w.dns.Asked(); code != 0 || len(asked) > 0 || strings.Contains(out, "one-click") {
		t.Errorf("exit %d; it queried %v and printed\n%s", code, asked, out)
	}
}

func TestCheck_RejectsInvalidSendsFrom(t *testing.T) {
	p := newTestForum(t)
	if _, errOut, code := run(t, "check", "--sends-from", "mx.example.org", "-c", p.config); code != 2 || !strings.Contains(errOut, "192.0.2.10") {
		t.Errorf("exit %d: %s", code, errOut)
	}
}

func TestCheck_WarnsAboutUntrustedProxy(t *testing.T) {
	p := newTestForum(t, "smtp.url = "+quoted(smtptest.New(t).URL()))
	mustRun(t, "migrate", "-c", p.config)
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(p.dir, "postrider.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Values.Set(t.Context(), "untrusted_proxy", "127.0.0.1 "+time.Now().UTC().Format(time.RFC3339)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	out := mustRun(t, "check", "--offline", "-c", p.config)
	if !strings.Contains(out, "warn  proxies: 127.0.0.1 forwards requests") || !strings.Contains(out, `-> set [web] trusted_proxies = ["127.0.0.1"]`) {
		t.Errorf("no warning:\n%s", out)
	}
}

func TestCheck_SenderWithoutDomainFails(t *testing.T) {
	p := newTestForum(t, `smtp.from = "digest@[127.0.0.1]"`, "smtp.url = "+quoted(smtptest.New(t).URL()))
	out, _, code := run(t, "check", "-c", p.config)
	if code == 0 || !strings.Contains(out, "set smtp.from to an address at your forum's domain") || strings.Contains(out, "IN TXT") {
		t.Errorf("exit code %d, want a failure that asks for a domain and suggests no record:\n%s", code, out)
	}
}
