package daemon

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"postrider/mail"
)

// newSigner returns a signer for a domain, with a new key.
func newSigner(t *testing.T, domain string) *mail.Signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	check(t, err)
	file := filepath.Join(t.TempDir(), "key.pem")
	check(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}), 0o600))
	s, err := mail.NewSigner(mail.DKIMConfig{Domain: domain, Selector: "pr1", KeyFile: file})
	check(t, err)
	return s
}

// newNewsWorld returns a world with one member, who watches a section and gets announcements, which have their own sender.
func newNewsWorld(t *testing.T) *world {
	t.Helper()
	w := newAnnouncementWorld(t, 1)
	w.set.ReplyTo = netmail.Address{Address: "team@upperberth.example"}
	w.set.AnnounceFrom = netmail.Address{Name: "News", Address: "news@upperberth-news.example"}
	w.set.AnnounceReplyTo = netmail.Address{Address: "press@upperberth.example"}
	w.signer, w.announcementSigner = newSigner(t, "upperberth.example"), newSigner(t, "upperberth-news.example")
	w.restart()
	w.execSQL(`INSERT INTO section_watch VALUES (1001, ?, 'posts', 1)`, tonight)
	w.round()
	return w
}

// signedBy returns the domain of a message's only signature, which must verify with the record of one of the world's signers.
func (w *world) signedBy(raw []byte) string {
	w.Helper()
	found, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		for _, r := range append(w.signer.Records(), w.announcementSigner.Records()...) {
			if r.Name == name {
				return []string{r.Value}, nil
			}
		}
		return nil, fmt.Errorf("no record %s", name)
	}})
	if err != nil || len(found) != 1 || found[0].Err != nil {
		w.Fatalf("signatures: %+v, %v; want one that verifies", found, err)
	}
	return found[0].Domain
}

func TestAnnouncement_HasSenderReturnPathAndSignatureOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newNewsWorld(t)
	w.writePost(w.thread(tonight))
	w.startAnnouncement(announcementToAll())
	w.setClock(5, "08:00")
	w.round()
	a := announcementToAll()
	a.ID = 7
	if out, err := w.daemon.SendTestAnnouncement(t.Context(), &a, "", "admin@example.org"); err != nil || out.Result != mail.Accepted {
		t.Fatal(out, err)
	}
	type sender struct{ from, replyTo, returnPath, signedBy string }
	got := make(map[string][]sender)
	for _, sent := range w.relay.messages() {
		head, _, _ := parseMessage(t, sent.raw)
		kind := head.Get("X-Postrider-Reason")
		got[kind] = append(got[kind], sender{head.Get("From"), head.Get("Reply-To"), sent.from, w.signedBy(sent.raw)})
	}
	news := sender{`"News" <news@upperberth-news.example>`, "<press@upperberth.example>", "news@upperberth-news.example", "upperberth-news.example"}
	rest := sender{(&netmail.Address{Name: w.set.Site, Address: "digest@upperberth.example"}).String(), "<team@upperberth.example>", "digest@upperberth.example", "upperberth.example"}
	want := map[string][]sender{"announcement": {news, news}, "digest": {rest}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("senders are\n%q, want\n%q", got, want)
	}
}

func TestAnnouncement_BouncesGoToBounceDomain(t *testing.T) {
	t.Parallel()
	w := newNewsWorld(t)
	w.set.Bounces = "bounce.upperberth.example"
	w.restart()
	w.startAnnouncement(announcementToAll())
	w.round()
	w.wantAnnouncementTo("m1001")
	for _, sent := range w.relay.messages() {
		if member, _, ok := mail.ParseVERP(sent.from); !ok || member != 1001 || !strings.HasSuffix(sent.from, "@bounce.upperberth.example") {
			t.Errorf("the return path is %s", sent.from)
		}
	}
}
