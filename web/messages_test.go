package web_test

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"postrider/daemon"
	"postrider/daemon/delivery"
	"postrider/daemon/settings"
	"postrider/demo"
	"postrider/digest"
	"postrider/forum"
	"postrider/mail"
	"postrider/store"
)

// receivedMessage is a parsed message.
type receivedMessage struct {
	head       netmail.Header
	text, html string
}

// recordingSender accepts all messages and keeps those to one address.
type recordingSender struct {
	mu       sync.Mutex
	address  string
	messages [][]byte
}

func (b *recordingSender) Send(_ context.Context, _, to string, raw []byte) mail.Outcome {
	b.mu.Lock()
	defer b.mu.Unlock()
	if to == b.address {
		b.messages = append(b.messages, bytes.Clone(raw))
	}
	return mail.Outcome{Result: mail.Accepted, Stage: mail.Body, At: time.Now()}
}

// newDaemon returns a daemon with the fixture's clock, and the sender that keeps Anna's messages.
func (w *fixture) newDaemon() (*daemon.Daemon, *recordingSender) {
	w.Helper()
	box := &recordingSender{}
	check(w, w.forumDB.QueryRow("SELECT email FROM member WHERE id = ?", anna).Scan(&box.address))
	return w.daemonTo(box), box
}

// daemonTo returns a daemon with the fixture's clock that sends to a sender.
func (w *fixture) daemonTo(sender delivery.Sender) *daemon.Daemon {
	w.Helper()
	set := w.settings
	set.Scan, set.Delivery, set.Announce = settings.DefaultScan(), settings.DefaultDelivery(), settings.DefaultAnnouncements()
	set.Site, set.Host, set.From = demo.Name, "upperberth.example", netmail.Address{Name: demo.Name, Address: "digest@upperberth.example"}
	set.Connections, set.Lease, set.Owner = 2, time.Minute, "test"
	return daemon.New(daemon.Deps{
		Forum: w.source, Store: w.store, Renderer: w.renderer, Composer: must(mail.NewComposer("upperberth.example", bytes.Repeat([]byte{2}, 32)))(w),
		Sender: sender, Links: w.links, Log: slog.New(slog.NewTextHandler(w.log, nil)), Now: func() time.Time { return w.now },
	}, set)
}

// sentMessages is a fixture that has sent Anna a message of each kind. It is made once, because sending to the whole forum takes
// longer than most tests.
var sentMessages struct {
	once          sync.Once
	forum, stored []byte
	now           time.Time
	site          string
	mails         map[string]receivedMessage
}

// newFixtureWithMessages returns a fixture that has sent Anna a message of each kind. The digest is the first one of the forum; the
// alert has one more post.
func newFixtureWithMessages(t testing.TB) (*fixture, map[string]receivedMessage) {
	t.Helper()
	sentMessages.once.Do(func() {
		w := newFixture(t)
		sentMessages.mails, sentMessages.site, sentMessages.now = w.sendEachKind(), w.site.URL, w.now
		sentMessages.forum, sentMessages.stored = w.copyDatabase(w.forumDB), w.copyDatabase(w.storeDB)
	})
	if sentMessages.stored == nil {
		t.Fatal("no messages were sent; see the test that failed first")
	}
	w := openFixture(t, sentMessages.forum, sentMessages.stored)
	w.now = sentMessages.now
	mails := make(map[string]receivedMessage)
	for kind, l := range sentMessages.mails {
		mails[kind] = receivedMessage{l.head, strings.ReplaceAll(l.text, sentMessages.site, w.site.URL), strings.ReplaceAll(l.html, sentMessages.site, w.site.URL)}
	}
	return w, mails
}

// copyDatabase returns a copy of a database file.
func (w *fixture) copyDatabase(db *sql.DB) []byte {
	w.Helper()
	path := filepath.Join(w.TempDir(), "copy.db")
	must(db.Exec("VACUUM INTO ?", path))(w)
	return must(os.ReadFile(path))(w)
}

// sendEachKind sends Anna a message of each kind.
func (w *fixture) sendEachKind() map[string]receivedMessage {
	w.Helper()
	d, box := w.newDaemon()
	all := make(map[string]receivedMessage)
	round := func(kind string) {
		w.Helper()
		must(d.RunOnce(w.Context()))(w)
		if len(box.messages) != 1 {
			w.Fatalf("Anna got %d messages, want one %s: %s", len(box.messages), kind, w.log)
		}
		all[kind], box.messages = parseMessage(w, box.messages[0]), nil
	}
	round(store.KindDigest)
	w.writeReply()
	w.now = w.now.Add(5 * time.Minute)
	round(store.KindAlert)
	a := digest.Announcement{Variants: []digest.Variant{
		{Locale: "en", Title: "We move", Body: "On **Saturday**, {{name}}."},
		{Locale: "de", Title: "Wir ziehen um", Body: "Am **Samstag**, {{name}}.\n\n- Kisten\n- Lampen\n\n> Wohin?"},
	}}
	a.ID = must(w.store.Announcements.Draft(w.Context(), w.now, "test", a))(w)
	must(w.store.Announcements.Start(w.Context(), w.now, "test", a, 40))(w)
	w.now = w.now.Add(time.Minute)
	round(store.KindAnnouncement)
	return all
}

// writeReply adds a reply to a thread that Anna watches, and returns its ID.
func (w *fixture) writeReply() (post forum.PostID) {
	w.Helper()
	check(w, w.forumDB.QueryRow("SELECT max(id) + 1 FROM post").Scan(&post))
	must(w.forumDB.Exec(`INSERT INTO post
		SELECT ?, w.thread_id, m.id, m.name, ?, 0, 'visible', 'The [b]whistle[/b] blows at noon.'
		  FROM thread_watch w, member m WHERE w.member_id = ? AND m.id = 4 ORDER BY w.thread_id LIMIT 1`, post, w.now.Unix(), anna))(w)
	return post
}

// parseMessage parses a message into its header, text and HTML.
func parseMessage(w *fixture, raw []byte) receivedMessage {
	w.Helper()
	m := must(netmail.ReadMessage(bytes.NewReader(raw)))(w)
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	check(w, err)
	l := receivedMessage{head: m.Header}
	for parts := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := parts.NextRawPart()
		if err == io.EOF {
			return l
		}
		check(w, err)
		text := string(must(io.ReadAll(quotedprintable.NewReader(p)))(w))
		if strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") {
			l.html = text
		} else {
			l.text = text
		}
	}
}

var ourLink = regexp.MustCompile(`https?://[^\s"<>]*/postrider/[a-z]+/[\w-]+`)

// links returns the distinct links to our pages in a message.
func (l receivedMessage) links(page string) []string {
	var all []string
	for _, text := range []string{l.text, l.html, l.head.Get("List-Unsubscribe")} {
		for _, address := range ourLink.FindAllString(text, -1) {
			if strings.Contains(address, "/postrider/"+page) && !slices.Contains(all, address) {
				all = append(all, address)
			}
		}
	}
	return all
}
