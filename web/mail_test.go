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
	"postrider/demo"
	"postrider/digest"
	"postrider/forum"
	"postrider/mail"
)

// letter is a mail as its reader has it.
type letter struct {
	head       netmail.Header
	text, html string
}

// postbox takes all mails, and keeps those to one address.
type postbox struct {
	mu   sync.Mutex
	of   string
	kept [][]byte
}

func (b *postbox) Send(_ context.Context, _, to string, raw []byte) mail.Outcome {
	b.mu.Lock()
	defer b.mu.Unlock()
	if to == b.of {
		b.kept = append(b.kept, bytes.Clone(raw))
	}
	return mail.Outcome{Result: mail.Accepted, Stage: mail.Body, At: time.Now()}
}

// daemon is a daemon on the world's clock, whose mails to Anna go into the box.
func (w *world) daemon() (*daemon.Daemon, *postbox) {
	w.Helper()
	box := &postbox{}
	check(w, w.forum.QueryRow("SELECT email FROM member WHERE id = ?", anna).Scan(&box.of))
	set := w.set
	set.Scan, set.Delivery, set.Announce = daemon.DefaultScan(), daemon.DefaultDelivery(), daemon.DefaultAnnouncements()
	set.Site, set.Host, set.From = demo.Name, "upperberth.example", netmail.Address{Name: demo.Name, Address: "digest@upperberth.example"}
	set.Connections, set.Lease, set.Owner = 2, time.Minute, "test"
	return daemon.New(daemon.Deps{
		Forum: w.source, Store: w.store, Renderer: w.press, Composer: must(mail.NewComposer("upperberth.example", bytes.Repeat([]byte{2}, 32)))(w),
		Sender: box, Links: w.links, Log: slog.New(slog.NewTextHandler(w.log, nil)), Now: func() time.Time { return w.now },
	}, set), box
}

// mailed is a world that has sent Anna a mail of each kind. It is made once: to mail the whole forum takes longer than most
// tests.
var mailed struct {
	once          sync.Once
	forum, stored []byte
	now           time.Time
	site          string
	mails         map[string]letter
}

// newMailedWorld opens a world that has sent Anna a mail of each kind. The digest is the first one of the forum, the alert
// tells of one more post.
func newMailedWorld(t testing.TB) (*world, map[string]letter) {
	t.Helper()
	mailed.once.Do(func() {
		w := newWorld(t)
		mailed.mails, mailed.site, mailed.now = w.mails(), w.site.URL, w.now
		mailed.forum, mailed.stored = w.copyOf(w.forum), w.copyOf(w.stored)
	})
	if mailed.stored == nil {
		t.Fatal("there were no mails; another test says why")
	}
	w := openWorld(t, mailed.forum, mailed.stored)
	w.now = mailed.now
	mails := make(map[string]letter)
	for kind, l := range mailed.mails {
		mails[kind] = letter{l.head, strings.ReplaceAll(l.text, mailed.site, w.site.URL), strings.ReplaceAll(l.html, mailed.site, w.site.URL)}
	}
	return w, mails
}

// copyOf is the file of a database as it is now.
func (w *world) copyOf(db *sql.DB) []byte {
	w.Helper()
	path := filepath.Join(w.TempDir(), "copy.db")
	must(db.Exec("VACUUM INTO ?", path))(w)
	return must(os.ReadFile(path))(w)
}

// mails sends Anna a mail of each kind.
func (w *world) mails() map[string]letter {
	w.Helper()
	d, box := w.daemon()
	all := make(map[string]letter)
	round := func(kind string) {
		w.Helper()
		must(d.RunOnce(w.Context()))(w)
		if len(box.kept) != 1 {
			w.Fatalf("Anna got %d mails, want the one %s: %s", len(box.kept), kind, w.log)
		}
		all[kind], box.kept = read(w, box.kept[0]), nil
	}
	round(daemon.KindDigest)
	w.reply()
	w.now = w.now.Add(5 * time.Minute)
	round(daemon.KindAlert)
	a := digest.Announcement{Variants: []digest.Variant{
		{Locale: "en", Title: "We move", Body: "On **Saturday**, {{name}}."},
		{Locale: "de", Title: "Wir ziehen um", Body: "Am **Samstag**, {{name}}.\n\n- Kisten\n- Lampen\n\n> Wohin?"},
	}}
	a.ID = must(w.store.Announcements.Draft(w.Context(), w.now, "test", a))(w)
	must(w.store.Announcements.Start(w.Context(), w.now, "test", a, 40))(w)
	w.now = w.now.Add(time.Minute)
	round(daemon.KindAnnouncement)
	return all
}

// reply lets somebody answer in a thread that Anna watches, and tells which post that is.
func (w *world) reply() (post forum.PostID) {
	w.Helper()
	check(w, w.forum.QueryRow("SELECT max(id) + 1 FROM post").Scan(&post))
	must(w.forum.Exec(`INSERT INTO post
		SELECT ?, w.thread_id, m.id, m.name, ?, 0, 'visible', 'The [b]whistle[/b] blows at noon.'
		  FROM thread_watch w, member m WHERE w.member_id = ? AND m.id = 4 ORDER BY w.thread_id LIMIT 1`, post, w.now.Unix(), anna))(w)
	return post
}

// read takes a mail apart.
func read(w *world, raw []byte) letter {
	w.Helper()
	m := must(netmail.ReadMessage(bytes.NewReader(raw)))(w)
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	check(w, err)
	l := letter{head: m.Header}
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

// links are all addresses of ours in a mail, each once.
func (l letter) links(page string) []string {
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
