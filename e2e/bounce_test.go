package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	netmail "net/mail"
	"net/smtp"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/internal/servertest"
	"postrider/store"
)

// Members of the crowd, by what becomes of mail to them.
const (
	unknown = crowdFrom + iota // nobody has this address
	put4xx                     // his mail server puts us off, because of who we are
	put5xx                     // and his refuses us for the same reason
	reader                     // gets his mail
	crowd   = 5
)

const bounceDomain = "bounce.forum.example.org"

// office is two real mail servers: the members' own, and the forum's relay before it.
type office struct {
	*board
	host, relay *servertest.Postfix
	binary      string
	config      string
	store       *store.Store // as the test looks into it
}

// newOffice makes an office whose relay hands what comes back to postrider as settings of Postfix say.
func newOffice(t *testing.T, dsn string, bounces string, relay servertest.PostfixConfig) *office {
	t.Helper()
	o := &office{board: newBoard(t, crowd, time.Now().Truncate(time.Second))}
	o.exec(`UPDATE member SET email = replace(email, '@example.org', '@members.test')`)
	o.host = servertest.NewPostfix(t, servertest.PostfixConfig{
		Host: "mx.members.test",
		Settings: []string{
			"virtual_mailbox_domains = members.test",
			"virtual_mailbox_maps = texthash:$home/mailboxes",
			"smtpd_recipient_restrictions = check_recipient_access texthash:$home/access",
		},
		Files: map[string]string{
			"mailboxes": "crowd1@members.test crowd1/\ncrowd2@members.test crowd2/\ncrowd3@members.test crowd3/\ncrowd4@members.test crowd4/\n",
			"access": "crowd1@members.test 450 4.7.1 Client host rejected: too many complaints\n" +
				"crowd2@members.test 550 5.7.1 Message rejected due to local policy\n",
		},
	})
	relay.Host = "relay.forum.example.org"
	_, port, _ := strings.Cut(o.host.Address(), ":")
	relay.Settings = append(relay.Settings, "relayhost = [127.0.0.1]:"+port, "maximal_queue_lifetime = 2s", "bounce_queue_lifetime = 1h")
	o.relay = servertest.NewPostfix(t, relay)
	o.binary = o.relay.Path("postrider") // where its users may run it
	program, err := os.ReadFile(build(t))
	if err == nil {
		err = os.WriteFile(o.binary, program, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	o.config = settings(t, writeConfig(t, t.TempDir(), "sample", "sqlite:"+o.path, dsn, o.relay.URL()),
		fmt.Sprintf("[alerts]\nenabled = false\n[bounces]\ndomain = %q\n%s", bounceDomain, bounces))
	return o
}

// round runs one round at a moment.
func (o *office) round(now time.Time) {
	o.Helper()
	p := start(o.T, o.binary, "run", "--once", "-c", o.config, "--now", now.Format(time.RFC3339))
	if err := <-p.done; err != nil {
		o.Fatalf("the round: %v\n%s", err, p.out)
	}
	if strings.Contains(p.out.String(), "@members.test") {
		o.Errorf("the log names an address:\n%s", p.out)
	}
}

// open opens the store for the test's own eyes.
func (o *office) open(dsn string) {
	o.Helper()
	var err error
	if o.store, err = store.Open(o.Context(), dsn); err != nil {
		o.Fatal(err)
	}
	o.Cleanup(func() { o.store.Close() })
}

// last is what became of the newest mail to a member: "came back 550 5.1.1 dead".
func (o *office) last(member forum.MemberID) string {
	o.Helper()
	list, err := o.store.Queue.Outcomes(o.Context(), member, time.Time{})
	if err != nil {
		o.Fatal(err)
	}
	if len(list) == 0 {
		return "nothing"
	}
	x := list[len(list)-1]
	return fmt.Sprintf("%s %d %s %s", x.Result, x.Code, x.Enhanced, x.Reason)
}

// comesTo waits until the newest outcome of a member is as it should be.
func (o *office) comesTo(member forum.MemberID, want string) {
	o.Helper()
	servertest.Await(o.T, func() error {
		if got := o.last(member); got != want {
			return fmt.Errorf("member %d: %s, want %s", member, got, want)
		}
		return nil
	})
}

// suppressed are the addresses that the program lists.
func (o *office) suppressed() (list []string) {
	o.Helper()
	out, errOut, code := run(o.T, "suppress", "list", "--json", "-c", o.config)
	var all []struct {
		Address string
		Member  int64
	}
	if err := json.Unmarshal([]byte(out), &all); code != 0 || err != nil {
		o.Fatalf("suppress list: exit %d, %v\n%s%s", code, err, out, errOut)
	}
	for _, s := range all {
		list = append(list, fmt.Sprintf("%s of %d", s.Address, s.Member))
	}
	return list
}

// verdict is what must follow from what came back: the unknown user is mailed no more, those whose servers do not
// want us are.
func (o *office) verdict() {
	o.Helper()
	o.comesTo(unknown, "came back 550 5.1.1 dead")
	o.comesTo(put4xx, "came back 450 4.7.1 policy")
	o.comesTo(put5xx, "came back 550 5.7.1 policy")
	o.comesTo(reader, "accepted 250 2.0.0 ")
	o.round(o.now.Add(20 * time.Minute))
	if got, want := fmt.Sprint(o.suppressed()), fmt.Sprintf("[crowd0@members.test of %d]", unknown); got != want {
		o.Errorf("suppressed are %s, want %s", got, want)
	}
	o.now = o.now.Add(24 * time.Hour)
	o.write(2)
	o.round(o.now.Add(20 * time.Minute))
	o.comesTo(unknown, "skipped 0  address bounces")
	o.comesTo(reader, "accepted 250 2.0.0 ")
	if n := len(o.host.Maildir("mail/crowd3")); n != 2 {
		o.Errorf("the reader has %d mails, want 2", n)
	}
	for _, blocked := range []forum.MemberID{put4xx, put5xx} {
		if got := o.last(blocked); strings.HasPrefix(got, "skipped") {
			o.Errorf("member %d is mailed no more because of a policy: %s", blocked, got)
		}
	}
}

func TestBounce_SuppressesUnknownUserByAlias(t *testing.T) {
	t.Parallel()
	dsn := servertest.Postgres(t)
	o := newOffice(t, dsn, "", servertest.PostfixConfig{
		Settings: []string{
			"mydestination = localhost",
			"virtual_alias_domains = " + bounceDomain,
			"virtual_alias_maps = inline:{@" + bounceDomain + "=postrider-bounces@localhost}",
			"alias_maps = texthash:$home/aliases",
		},
		Files: map[string]string{"aliases": "", "bounces.toml": ""},
	})
	// Postfix runs the command as the owner of the file, in which it stands.
	command := fmt.Sprintf("postrider-bounces \"|%s bounce -c %s\"\n", o.binary, o.relay.Path("bounces.toml"))
	for path, text := range map[string]string{o.relay.Path("aliases"): command, o.relay.Path("bounces.toml"): readFile(t, o.config)} {
		if err := errors.Join(os.WriteFile(path, []byte(text), 0o644), servertest.Give(path)); err != nil {
			t.Fatal(err)
		}
	}
	o.write(2)
	o.round(o.now)
	o.open(dsn)
	o.verdict()

	t.Run("a mail to the address ends the digests", func(t *testing.T) {
		if err := smtp.SendMail(o.relay.Address(), nil, "crowd3@members.test", []string{o.mailTo(reader)}, []byte("Subject: do not\r\n\r\nunsubscribe\r\n")); err != nil {
			t.Fatal(err)
		}
		servertest.Await(t, func() error {
			all, err := o.store.Preferences.OfMembers(t.Context(), []forum.MemberID{reader})
			if c := all[reader].Schedule; err == nil && (c == nil || c.Cadence != digest.Off) {
				err = fmt.Errorf("the reader has chosen %+v, want no digests", c)
			}
			return err
		})
	})
	t.Run("what cannot be taken in now stays with Postfix", func(t *testing.T) {
		config := o.relay.Path("bounces.toml")
		if err := os.Rename(config, config+".away"); err != nil {
			t.Fatal(err)
		}
		if err := smtp.SendMail(o.relay.Address(), nil, "", []string{"x@" + bounceDomain}, []byte("Subject: x\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		logs := func(status string) {
			t.Helper()
			line := regexp.MustCompile(`orig_to=<x@` + bounceDomain + `>.* status=` + status)
			servertest.Await(t, func() error {
				if !line.MatchString(o.relay.Log()) {
					return fmt.Errorf("Postfix's log has no line %s", line)
				}
				return nil
			})
		}
		logs(`deferred \(temporary failure. Command output: postrider: reading the configuration`)
		if err := os.Rename(config+".away", config); err != nil {
			t.Fatal(err)
		}
		o.relay.Run("postqueue", "-f")
		logs(`sent \(delivered to command`)
	})
}

var mailTo = regexp.MustCompile(`<mailto:([^>]+)>`)

// mailTo is the address that ends a member's digests, from a mail that he got.
func (o *office) mailTo(member forum.MemberID) string {
	o.Helper()
	mails := o.host.Maildir(fmt.Sprintf("mail/crowd%d", member-crowdFrom))
	if len(mails) == 0 {
		o.Fatalf("member %d has no mail", member)
	}
	m, err := netmail.ReadMessage(strings.NewReader(mails[0]))
	if err != nil {
		o.Fatal(err)
	}
	found := mailTo.FindStringSubmatch(m.Header.Get("List-Unsubscribe"))
	if found == nil {
		o.Fatalf("List-Unsubscribe is %q", m.Header.Get("List-Unsubscribe"))
	}
	return found[1]
}

func TestBounce_SuppressesUnknownUserByLMTP(t *testing.T) {
	t.Parallel()
	port, err := servertest.Port()
	if err != nil {
		t.Fatal(err)
	}
	door := fmt.Sprintf("127.0.0.1:%d", port)
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "postrider.db")
	o := newOffice(t, dsn, fmt.Sprintf("listen = \"lmtp://%s\"\n", door), servertest.PostfixConfig{
		Settings: []string{
			"relay_domains = " + bounceDomain,
			"transport_maps = inline:{" + bounceDomain + "=lmtp:inet:" + door + "}",
		},
	})
	o.write(2)
	daemon := start(t, o.binary, "run", "-c", o.config)
	daemon.until(t, "listening", func() bool { return strings.Contains(daemon.out.String(), "listening for bounces") })
	o.open(dsn)
	o.comesTo(unknown, "came back 550 5.1.1 dead")
	o.comesTo(put4xx, "came back 450 4.7.1 policy")
	o.comesTo(put5xx, "came back 550 5.7.1 policy")
	daemon.stop(t)
	o.verdict()
}

func TestIMAP_VerifiesCertificate(t *testing.T) {
	dovecot := servertest.NewDovecot(t)
	binary := build(t)
	dir := t.TempDir()
	config := settings(t, writeConfig(t, dir, "sample", sampleForum(t), "sqlite:"+filepath.Join(dir, "postrider.db"), "smtp://127.0.0.1:1"),
		fmt.Sprintf("[bounces]\nimap = \"imaps://postrider@%s/INBOX\"\npassword = \"secret\"\n", dovecot.TLSAddress()))
	for authority, want := range map[string]string{dovecot.CAFile(): "ok    bounces: go to", os.DevNull: "FAIL  bounces: cannot open the mailbox"} {
		t.Setenv("SSL_CERT_FILE", authority)
		check := start(t, binary, "check", "--offline", "-c", config)
		<-check.done
		if out := check.out.String(); !strings.Contains(out, want) {
			t.Errorf("with the authorities of %s check prints\n%swithout %q", authority, out, want)
		}
	}
}
