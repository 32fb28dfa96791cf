package admin_test

import (
	"bytes"
	"context"
	"log/slog"
	netmail "net/mail"
	"time"

	"postrider/daemon"
	"postrider/daemon/delivery"
	"postrider/daemon/settings"
	"postrider/demo"
	"postrider/digest"
	"postrider/mail"
	"postrider/store"
)

// acceptingSender accepts every message.
type acceptingSender struct{}

func (acceptingSender) Send(context.Context, string, string, []byte) mail.Outcome {
	return mail.Outcome{Result: mail.Accepted, Stage: mail.Body, At: time.Now()}
}

// newDaemon returns a daemon with the fixture's forum, store and clock.
func (w *fixture) newDaemon(relay delivery.Sender) *daemon.Daemon {
	w.Helper()
	set := w.deps.Settings
	set.Scan, set.Delivery = settings.DefaultScan(), settings.DefaultDelivery()
	set.Host, set.From = "upperberth.example", netmail.Address{Name: demo.Name, Address: "digest@upperberth.example"}
	set.Connections, set.Lease, set.Owner = 2, time.Minute, "test"
	return daemon.New(daemon.Deps{
		Forum: w.source, Store: w.store, Renderer: w.deps.Renderer, Composer: must(mail.NewComposer("upperberth.example", bytes.Repeat([]byte{2}, 32)))(w),
		Sender: relay, Links: w.deps.Links, Log: slog.New(slog.DiscardHandler), Now: w.deps.Now,
	}, set)
}

// saveAnnouncement saves an announcement, and starts it unless size is 0.
func (w *fixture) saveAnnouncement(a digest.Announcement, size int) store.Announcement {
	w.Helper()
	ctx := w.Context()
	a.ID = must(w.store.Announcements.Draft(ctx, w.now, "web: admin", a))(w)
	if size > 0 {
		must(w.store.Announcements.Start(ctx, w.now, "web: admin", a, size))(w)
	}
	return must(w.store.Announcements.Get(ctx, a.ID))(w)
}

// twoLanguageAnnouncement returns an announcement in two languages.
func twoLanguageAnnouncement() digest.Announcement {
	return digest.Announcement{
		Variants: []digest.Variant{
			{Locale: "en", Title: "We move on Saturday, {{name|friend}}", Body: "Dear {{name|friend}},\n\non **Saturday** the forum moves to a new machine. What is new stands in [our notes](/help/new).\n\n- From 10:00 you can read, but not write.\n- At 14:00 all is as before.\n\n> Patience is the companion of wisdom."},
			{Locale: "de", Title: "Am Samstag ziehen wir um", Body: "Hallo {{name|zusammen}},\n\nam **Samstag** zieht das Forum um. Du hast {{posts}} Beiträge."},
		},
		Speed: 600, Canary: digest.Canary{Share: .01, Wait: time.Hour},
	}
}
