package e2e

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	netmail "net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/internal/servertest"
	"postrider/internal/smtptest"
	"postrider/mail"
	"postrider/store"
)

// newSigningKey returns the lines of a table of DKIM keys with a new key, and the DNS record that it needs.
func newSigningKey(t *testing.T, domain, selector string) (lines string, record mail.DNSRecord) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), selector+".pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}), 0o600); err != nil {
		t.Fatal(err)
	}
	signer, err := mail.NewSigner(mail.DKIMConfig{Domain: domain, Selector: selector, KeyFile: file})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("selector = %q\nkey_file = %q\n", selector, file), signer.Records()[0]
}

// writeNotice writes the file of an announcement.
func writeNotice(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notice.md")
	if err := os.WriteFile(path, []byte("+++\ntitle = \"We move\"\n+++\nOn **Saturday**.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// mustRunWith runs a command with a configuration. It must succeed.
func mustRunWith(t *testing.T, config string, args ...string) {
	t.Helper()
	if _, errOut, code := run(t, append(args, "-c", config)...); code != 0 {
		t.Fatalf("postrider %s: exit %d\n%s", strings.Join(args, " "), code, errOut)
	}
}

// TestTwoRelays_EachHasItsSenderSignatureAndBounces sends digests, alerts and an announcement through two Postfix. A member's server is
// a third one.
func TestTwoRelays_EachHasItsSenderSignatureAndBounces(t *testing.T) {
	t.Parallel()
	if err := exec.Command("/usr/bin/python3", "-c", "import dkim").Run(); err != nil {
		t.Skip("SKIPPED: dkimpy is not installed (Debian: apt install python3-dkim)")
	}
	port, err := servertest.Port()
	if err != nil {
		t.Fatal(err)
	}
	lmtp := fmt.Sprintf("127.0.0.1:%d", port)
	// Without bounces.domain, bounces go to the senders. Each relay delivers them to postrider.
	bouncesOf := func(domain string) servertest.PostfixConfig {
		return servertest.PostfixConfig{Settings: []string{"relay_domains = " + domain, "transport_maps = inline:{" + domain + "=lmtp:inet:" + lmtp + "}"}}
	}
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "postrider.db")
	o := newMailServers(t, dsn, "", bouncesOf("forum.example.org"))
	own := o.startRelay("news.forum.example.org", bouncesOf("news.forum.example.org"))
	keys, record := newSigningKey(t, "forum.example.org", "pr1")
	ownKeys, ownRecord := newSigningKey(t, "news.forum.example.org", "news1")
	replaceInConfig(t, o.config, "enabled = false\n", "mode = \"every\"\ndebounce = \"0s\"\ndebounce_max = \"0s\"\n[scan]\ninterval = \"1s\"\n")
	replaceInConfig(t, o.config, fmt.Sprintf("domain = %q\n", bounceDomain), fmt.Sprintf("listen = \"lmtp://%s\"\n", lmtp))
	appendConfig(t, o.config, "[dkim]\n"+keys+fmt.Sprintf("[smtp.announcements]\nurl = %q\nfrom = \"News <news@news.forum.example.org>\"\nreply_to = \"press@forum.example.org\"\n", own.URL())+
		"[smtp.announcements.dkim]\n"+ownKeys+"[announcements]\ncanary = 0\n")
	o.writePost(2)
	makeDigestsDue(t, o.config, dsn)
	daemon := start(t, o.binary, "run", "-c", o.config)
	daemon.waitFor(t, "listening", func() bool { return strings.Contains(daemon.out.String(), "listening for bounces") })
	mustRunWith(t, o.config, "announce", "new", writeNotice(t))
	mustRunWith(t, o.config, "announce", "start", "1", "--yes")
	o.openStore(dsn)
	o.awaitRefusals(2)
	o.now = time.Now()
	o.writePost(2) // the digests are sent: it comes by alert
	kinds := func() string {
		got := o.receivedBy(reachable, record, ownRecord)
		return strings.Join(slices.Compact(slices.Sorted(slices.Values(got))), "\n")
	}
	want := strings.Join([]string{
		"alert: from digest@forum.example.org, returns to digest@forum.example.org, through relay.forum.example.org, signed pr1 True",
		"announcement: from news@news.forum.example.org, returns to news@news.forum.example.org, through news.forum.example.org, signed news1 True",
		"digest: from digest@forum.example.org, returns to digest@forum.example.org, through relay.forum.example.org, signed pr1 True",
	}, "\n")
	servertest.Await(t, func() error {
		if got := kinds(); got != want {
			return fmt.Errorf("the member has\n%s\nwant\n%s", got, want)
		}
		return nil
	})
	daemon.stop(t)
}

// awaitRefusals waits until the unknown user's messages have bounced through both relays.
func (o *mailServers) awaitRefusals(n int) {
	o.Helper()
	servertest.Await(o.T, func() error {
		list, err := o.store.Suppressions.Refusals(o.Context(), store.RefusalFilter{Limit: 100})
		if err != nil {
			return err
		}
		relays := map[string]bool{}
		for _, r := range list {
			if (store.KindOf(r.Key) == store.KindAnnouncement) != (r.Relay == store.AnnouncementRelay) {
				o.Fatalf("the bounce of %s counts for the relay %q", r.Key, r.Relay)
			}
			if r.Member == unknownUser && r.Source == store.FromReport && r.Enhanced == "5.1.1" {
				relays[r.Relay] = true
			}
		}
		if len(relays) != n {
			return fmt.Errorf("bounces of the unknown user came through %v; all: %+v", relays, list)
		}
		return nil
	})
}

// receivedBy describes the messages that a member has: their kind, senders, relay and signature.
func (o *mailServers) receivedBy(member int, records ...mail.DNSRecord) (list []string) {
	o.Helper()
	args := []string{"../mail/testdata/dkim_verify.py"}
	for _, r := range records {
		args = append(args, r.Name, r.Value)
	}
	for _, raw := range o.membersServer.Maildir(fmt.Sprintf("mail/crowd%d", member-firstCrowdID)) {
		m, err := netmail.ReadMessage(strings.NewReader(raw))
		if err != nil {
			o.Fatal(err)
		}
		kind := m.Header.Get("X-Postrider-Reason")
		if kind != store.KindDigest && kind != store.KindAnnouncement {
			kind = store.KindAlert
		}
		from, err := m.Header.AddressList("From")
		if err != nil {
			o.Fatal(err)
		}
		verify := exec.Command("/usr/bin/python3", args...)
		verify.Stdin = bytes.NewReader([]byte(strings.ReplaceAll(raw, "\n", "\r\n")))
		signed, err := verify.Output()
		if err != nil {
			o.Fatal(err)
		}
		relay := "no relay"
		for _, host := range []string{"relay.forum.example.org", "news.forum.example.org"} {
			if strings.Contains(strings.Join(m.Header["Received"], "\n"), "from "+host+" ") {
				relay = host
			}
		}
		list = append(list, fmt.Sprintf("%s: from %s, returns to %s, through %s, signed %s",
			kind, from[0].Address, strings.Trim(m.Header.Get("Return-Path"), "<>"), relay, strings.TrimSpace(string(signed))))
	}
	return list
}

// countByReason counts the messages of an inbox: announcements and others.
func countByReason(relay *smtptest.Server) (announcements, others int) {
	for _, m := range relay.Messages() {
		if bytes.Contains(m.Data, []byte("X-Postrider-Reason: announcement\r\n")) {
			announcements++
		} else {
			others++
		}
	}
	return announcements, others
}

// TestTwoRelays_OneIsDownTheOtherGoesOn starts daemons while one relay does not answer, and then gives them another one by SIGHUP.
func TestTwoRelays_OneIsDownTheOtherGoesOn(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		store   func(*testing.T) string
		daemons int
		ownDown bool
	}{
		"announcements, one daemon":  {func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "postrider.db") }, 1, true},
		"announcements, two daemons": {func(t *testing.T) string { return servertest.Postgres(t) }, 2, true},
		"all others, two daemons":    {func(t *testing.T) string { return servertest.Postgres(t) }, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			up, late, down := smtptest.New(t), smtptest.New(t), "smtp://"+freeAddress(t)
			dsn := tt.store(t)
			config := appendConfig(t, writeConfig(t, t.TempDir(), "sample", sampleForum(t), dsn, up.URL()), "[announcements]\ncanary = 0\n[scan]\ninterval = \"1s\"\n")
			makeDigestsDue(t, config, dsn)
			shared, own := up.URL(), down
			if !tt.ownDown {
				shared, own = down, up.URL()
			}
			replaceInConfig(t, config, up.URL(), shared)
			appendConfig(t, config, fmt.Sprintf("[smtp.announcements]\nurl = %q\n", own))
			mustRunWith(t, config, "announce", "new", writeNotice(t))
			mustRunWith(t, config, "announce", "start", "1", "--yes")
			daemons := make([]*process, tt.daemons)
			for i := range daemons {
				daemons[i] = start(t, buildBinary(t), "run", "-c", config)
			}
			daemons[0].waitFor(t, "the messages of the relay that works", func() bool {
				announcements, others := countByReason(up)
				return announcements == 36 && !tt.ownDown || others == 36 && tt.ownDown
			})
			if announcements, others := countByReason(up); announcements > 0 && others > 0 {
				t.Errorf("one relay got %d announcements and %d other messages", announcements, others)
			}
			replaceInConfig(t, config, down, late.URL())
			for _, d := range daemons {
				d.hangUp(t)
			}
			daemons[0].waitFor(t, "the messages that waited", func() bool { return len(late.Messages()) >= 36 })
			for _, d := range daemons {
				d.stop(t)
			}
			wantEachMessageOnce(t, up)
			wantEachMessageOnce(t, late)
		})
	}
}

// TestTwoRelays_ReloadInMidDeliveryLosesAndRepeatsNothing adds the relay of announcements, changes it and removes it while they are
// sent. All relays but the last one are so slow that there is something left to send after each reload.
func TestTwoRelays_ReloadInMidDeliveryLosesAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	const members = 36 + 114
	b := newTestForum(t, 114, time.Now())
	var relays []*smtptest.Server
	for range 3 {
		relays = append(relays, smtptest.New(t, smtptest.WithPause(300*time.Millisecond)))
	}
	relays = append(relays, smtptest.New(t))
	dir := t.TempDir()
	shared := fmt.Sprintf("url = %q\nmax_connections = 1\n", relays[0].URL())
	config := appendConfig(t, writeConfig(t, dir, "sample", "sqlite:"+b.path, "sqlite:"+filepath.Join(dir, "postrider.db"), relays[0].URL()),
		"[digest]\ncadence = \"off\"\n[announcements]\ncanary = 0\n[smtp.announcements]\n#none\n")
	replaceInConfig(t, config, fmt.Sprintf("url = %q\n", relays[0].URL()), shared)
	mustRunWith(t, config, "announce", "new", writeNotice(t))
	p := start(t, buildBinary(t), "run", "--first", "-c", config)
	mustRunWith(t, config, "announce", "start", "1", "--yes")
	first, second := fmt.Sprintf("url = %q\n", relays[1].URL()), fmt.Sprintf("url = %q\n", relays[2].URL())
	for i, change := range [][2]string{{"#none\n", first}, {first, second}, {second, "#none\n"}} {
		p.waitFor(t, "messages at the relay", func() bool { return len(relays[i].Messages()) >= 2 })
		replaceInConfig(t, config, change[0], change[1])
		if i == 2 {
			replaceInConfig(t, config, shared, fmt.Sprintf("url = %q\n", relays[3].URL()))
		}
		p.hangUp(t)
		p.waitFor(t, "the reload", func() bool { return strings.Count(p.out.String(), `"msg":"configuration reloaded"`) == i+1 })
	}
	received := func() map[string]int {
		got := map[string]int{}
		for _, relay := range relays {
			for _, m := range relay.Messages() {
				got[m.To]++
			}
		}
		return got
	}
	p.waitFor(t, "a message to each member", func() bool { return len(received()) >= members })
	p.stop(t)
	for member, n := range received() {
		if n != 1 {
			t.Errorf("%s got %d messages, want one", member, n)
		}
	}
	if got := len(received()); got != members || len(relays[3].Messages()) == 0 {
		t.Errorf("%d members got messages, %d of them through the last relay, want %d", got, len(relays[3].Messages()), members)
	}
}
