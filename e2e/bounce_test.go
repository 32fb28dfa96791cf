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

// Members of the crowd, by what happens to messages to them.
const (
	unknownUser      = firstCrowdID + iota // the address does not exist
	deferredByPolicy                       // the member's mail server defers our messages, by policy
	rejectedByPolicy                       // the member's mail server rejects our messages, by policy
	reachable                              // gets the messages
	bounceCrowd      = 5
)

const bounceDomain = "bounce.forum.example.org"

// mailServers are two real mail servers: the forum's relay, and the members' server behind it.
type mailServers struct {
	*testForum
	membersServer, relay *servertest.Postfix
	binary               string
	config               string
	store                *store.Store // for the checks of the test
}

// newMailServers sets up both servers. The given Postfix settings make the relay deliver bounces to postrider.
func newMailServers(t *testing.T, dsn string, bounces string, relay servertest.PostfixConfig) *mailServers {
	t.Helper()
	o := &mailServers{testForum: newTestForum(t, bounceCrowd, time.Now().Truncate(time.Second))}
	o.exec(`UPDATE member SET email = replace(email, '@example.org', '@members.test')`)
	o.membersServer = servertest.NewPostfix(t, servertest.PostfixConfig{
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
	o.relay = o.startRelay("relay.forum.example.org", relay)
	o.binary = o.relay.Path("postrider") // in a folder whose files Postfix's users may execute
	program, err := os.ReadFile(buildBinary(t))
	if err == nil {
		err = os.WriteFile(o.binary, program, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	o.config = appendConfig(t, writeConfig(t, t.TempDir(), "sample", "sqlite:"+o.path, dsn, o.relay.URL()),
		fmt.Sprintf("[alerts]\nenabled = false\n[bounces]\ndomain = %q\n%s", bounceDomain, bounces))
	return o
}

// startRelay starts a relay in front of the members' server.
func (o *mailServers) startRelay(host string, c servertest.PostfixConfig) *servertest.Postfix {
	o.Helper()
	c.Host = host
	_, port, _ := strings.Cut(o.membersServer.Address(), ":")
	c.Settings = append(c.Settings, "relayhost = [127.0.0.1]:"+port, "maximal_queue_lifetime = 2s", "bounce_queue_lifetime = 1h")
	return servertest.NewPostfix(o.T, c)
}

// runOnce runs one round at the given time.
func (o *mailServers) runOnce(now time.Time) {
	o.Helper()
	p := start(o.T, o.binary, "run", "--once", "-c", o.config, "--now", now.Format(time.RFC3339))
	if err := <-p.done; err != nil {
		o.Fatalf("run --once: %v\n%s", err, p.out)
	}
	if strings.Contains(p.out.String(), "@members.test") {
		o.Errorf("the log contains an address:\n%s", p.out)
	}
}

// openStore opens the store for the test's own queries.
func (o *mailServers) openStore(dsn string) {
	o.Helper()
	var err error
	if o.store, err = store.Open(o.Context(), dsn); err != nil {
		o.Fatal(err)
	}
	o.Cleanup(func() { o.store.Close() })
}

// lastOutcome describes the newest outcome of messages to a member: "bounced 550 5.1.1 dead".
func (o *mailServers) lastOutcome(member forum.MemberID) string {
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

// awaitOutcome waits until the newest outcome of a member is the wanted one.
func (o *mailServers) awaitOutcome(member forum.MemberID, want string) {
	o.Helper()
	servertest.Await(o.T, func() error {
		if got := o.lastOutcome(member); got != want {
			return fmt.Errorf("newest outcome of member %d is %s, want %s", member, got, want)
		}
		return nil
	})
}

// listSuppressed returns the output of suppress list.
func (o *mailServers) listSuppressed() (list []string) {
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

// wantOnlyUnknownSuppressed checks the outcome of the bounces: the unknown user gets no more messages. The members whose
// servers reject us by policy still do.
func (o *mailServers) wantOnlyUnknownSuppressed() {
	o.Helper()
	o.awaitOutcome(unknownUser, "bounced 550 5.1.1 dead")
	o.awaitOutcome(deferredByPolicy, "bounced 450 4.7.1 policy")
	o.awaitOutcome(rejectedByPolicy, "bounced 550 5.7.1 policy")
	o.awaitOutcome(reachable, "accepted 250 2.0.0 ")
	o.runOnce(o.now.Add(20 * time.Minute))
	if got, want := fmt.Sprint(o.listSuppressed()), fmt.Sprintf("[crowd0@members.test of %d]", unknownUser); got != want {
		o.Errorf("suppressed addresses are %s, want %s", got, want)
	}
	o.now = o.now.Add(24 * time.Hour)
	o.writePost(2)
	o.runOnce(o.now.Add(20 * time.Minute))
	o.awaitOutcome(unknownUser, "skipped 0  address bounces")
	o.awaitOutcome(reachable, "accepted 250 2.0.0 ")
	if n := len(o.membersServer.Maildir("mail/crowd3")); n != 2 {
		o.Errorf("the reachable member has %d messages, want 2", n)
	}
	for _, blocked := range []forum.MemberID{deferredByPolicy, rejectedByPolicy} {
		if got := o.lastOutcome(blocked); strings.HasPrefix(got, "skipped") {
			o.Errorf("member %d gets no more messages because of a policy: %s", blocked, got)
		}
	}
}

func TestBounce_SuppressesUnknownUserByAlias(t *testing.T) {
	t.Parallel()
	dsn := servertest.Postgres(t)
	o := newMailServers(t, dsn, "", servertest.PostfixConfig{
		Settings: []string{
			"mydestination = localhost",
			"virtual_alias_domains = " + bounceDomain,
			"virtual_alias_maps = inline:{@" + bounceDomain + "=postrider-bounces@localhost}",
			"alias_maps = texthash:$home/aliases",
		},
		Files: map[string]string{"aliases": "", "bounces.toml": ""},
	})
	// Postfix runs the command as the owner of the aliases file.
	command := fmt.Sprintf("postrider-bounces \"|%s bounce -c %s\"\n", o.binary, o.relay.Path("bounces.toml"))
	for path, text := range map[string]string{o.relay.Path("aliases"): command, o.relay.Path("bounces.toml"): readFile(t, o.config)} {
		if err := errors.Join(os.WriteFile(path, []byte(text), 0o644), servertest.Chown(path)); err != nil {
			t.Fatal(err)
		}
	}
	o.writePost(2)
	o.runOnce(o.now)
	o.openStore(dsn)
	o.wantOnlyUnknownSuppressed()

	t.Run("a message to the unsubscribe address turns digests off", func(t *testing.T) {
		if err := smtp.SendMail(o.relay.Address(), nil, "crowd3@members.test", []string{o.unsubscribeAddress(reachable)}, []byte("Subject: do not\r\n\r\nunsubscribe\r\n")); err != nil {
			t.Fatal(err)
		}
		servertest.Await(t, func() error {
			all, err := o.store.Preferences.OfMembers(t.Context(), []forum.MemberID{reachable})
			if c := all[reachable].Schedule; err == nil && (c == nil || c.Cadence != digest.Off) {
				err = fmt.Errorf("the member's schedule is %+v, want digests off", c)
			}
			return err
		})
	})
	t.Run("Postfix keeps a message that postrider cannot process now", func(t *testing.T) {
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
					return fmt.Errorf("Postfix's log has no line that matches %s", line)
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

var mailtoLink = regexp.MustCompile(`<mailto:([^>]+)>`)

// unsubscribeAddress returns the address that unsubscribes a member from digests, from a message that the member received.
func (o *mailServers) unsubscribeAddress(member forum.MemberID) string {
	o.Helper()
	mails := o.membersServer.Maildir(fmt.Sprintf("mail/crowd%d", member-firstCrowdID))
	if len(mails) == 0 {
		o.Fatalf("member %d has no messages", member)
	}
	m, err := netmail.ReadMessage(strings.NewReader(mails[0]))
	if err != nil {
		o.Fatal(err)
	}
	found := mailtoLink.FindStringSubmatch(m.Header.Get("List-Unsubscribe"))
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
	lmtpAddress := fmt.Sprintf("127.0.0.1:%d", port)
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "postrider.db")
	o := newMailServers(t, dsn, fmt.Sprintf("listen = \"lmtp://%s\"\n", lmtpAddress), servertest.PostfixConfig{
		Settings: []string{
			"relay_domains = " + bounceDomain,
			"transport_maps = inline:{" + bounceDomain + "=lmtp:inet:" + lmtpAddress + "}",
		},
	})
	o.writePost(2)
	makeDigestsDue(t, o.config, dsn)
	daemon := start(t, o.binary, "run", "-c", o.config)
	daemon.waitFor(t, "listening", func() bool { return strings.Contains(daemon.out.String(), "listening for bounces") })
	o.openStore(dsn)
	o.awaitOutcome(unknownUser, "bounced 550 5.1.1 dead")
	o.awaitOutcome(deferredByPolicy, "bounced 450 4.7.1 policy")
	o.awaitOutcome(rejectedByPolicy, "bounced 550 5.7.1 policy")
	daemon.stop(t)
	o.wantOnlyUnknownSuppressed()
}

func TestIMAP_VerifiesCertificate(t *testing.T) {
	dovecot := servertest.NewDovecot(t)
	binary := buildBinary(t)
	dir := t.TempDir()
	config := appendConfig(t, writeConfig(t, dir, "sample", sampleForum(t), "sqlite:"+filepath.Join(dir, "postrider.db"), "smtp://127.0.0.1:1"),
		fmt.Sprintf("[bounces]\nimap = \"imaps://postrider@%s/INBOX\"\npassword = \"secret\"\n", dovecot.TLSAddress()))
	for authority, want := range map[string]string{dovecot.CAFile(): "ok    bounces: go to", os.DevNull: "FAIL  bounces: cannot open the mailbox"} {
		t.Setenv("SSL_CERT_FILE", authority)
		check := start(t, binary, "check", "--offline", "-c", config)
		<-check.done
		if out := check.out.String(); !strings.Contains(out, want) {
			t.Errorf("with the certificate authorities in %s, check prints\n%swithout %q", authority, out, want)
		}
	}
}
