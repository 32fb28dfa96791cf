package daemon

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"postrider/internal/link"
	"postrider/mail"
	"postrider/store"
	"postrider/templates"
)

// fresh is how long a built batch may wait for its hand-over. What is not handed over by then is
// built again, so that no mail tells what its reader was forbidden to read since.
const fresh = time.Minute

// tell is how often a long delivery says how far it has come.
const tell = 10 * time.Second

// deliver hands over everything that is planned and may go now, batch by batch, unless delivery is paused.
func (d *Daemon) deliver(ctx context.Context) error {
	told := time.Now()
	for ctx.Err() == nil {
		if time.Since(told) > tell {
			d.Log.Info("delivering", "report", d.round)
			told = time.Now()
		}
		most := d.relay.allows(time.Now(), batchSize)
		if most == 0 {
			return nil
		}
		if paused, err := d.paused(ctx); paused || err != nil {
			return err
		}
		rows, err := d.Store.Claim(ctx, d.Now(), d.set.Owner, d.set.Lease, most)
		if err != nil {
			return fmt.Errorf("claiming: %w", err)
		}
		if len(rows) == 0 {
			return nil
		}
		if err := d.deliverBatch(ctx, rows); err != nil {
			return err
		}
	}
	return nil
}

// paused asks whether the administrator has paused delivery, and logs when that changes.
func (d *Daemon) paused(ctx context.Context) (bool, error) {
	pause, paused, err := d.Store.Paused(ctx)
	if err != nil {
		return false, fmt.Errorf("asking whether delivery is paused: %w", err)
	}
	switch {
	case paused && !d.rests:
		d.Log.Warn("delivery is paused, mails wait", "since", pause.Since, "reason", pause.Reason)
	case !paused && d.rests:
		d.Log.Info("delivery goes on")
	}
	d.rests = paused
	return paused, nil
}

// deliverBatch builds, sends and settles claimed rows. Whatever goes wrong, the rows that were not
// handed over go back to the queue.
func (d *Daemon) deliverBatch(ctx context.Context, rows []store.Row) error {
	// Settling and giving back must be done even when ctx has ended: they say what has happened.
	always := context.WithoutCancel(ctx)
	asks := make([]Ask, len(rows))
	for i, r := range rows {
		asks[i] = Ask{Member: r.Member, After: r.From, Until: r.Until}
	}
	editions, err := d.builder.Build(ctx, d.Now(), asks)
	if err == nil {
		ledger := d.newLedger(always)
		d.send(ctx, rows, editions, time.Now(), ledger)
		err = ledger.close()
		d.round.add(ledger.round)
		if err != nil {
			// Do not give the rows back: some were handed over. Their lease must end first.
			return fmt.Errorf("settling: %w", err)
		}
	}
	if e := d.Store.Release(always, d.set.Owner); e != nil {
		err = errors.Join(err, fmt.Errorf("giving rows back: %w", e))
	}
	return err
}

// send hands the editions over, as many at a time as there are connections, until it is asked to stop, the
// batch has grown old, the relay is out of reach, or the store takes no settlements. A row that waited for
// its turn is asked last: a slow relay may keep it waiting for minutes.
func (d *Daemon) send(ctx context.Context, rows []store.Row, editions []Edition, built time.Time, ledger *ledger) {
	over := func() bool {
		return ctx.Err() != nil || time.Since(built) > fresh || d.relay.allows(time.Now(), 1) == 0 || ledger.failing()
	}
	next := make(chan int)
	var workers sync.WaitGroup
	for range d.set.Connections {
		workers.Go(func() {
			for i := range next {
				if !over() {
					ledger.settle(d.sendOne(ctx, rows[i], editions[i]))
				}
			}
		})
	}
	for i := range rows {
		if over() {
			break
		}
		next <- i
	}
	close(next)
	workers.Wait()
}

// sendOne renders one edition, hands it over and says what became of it. A panic costs this member his mail, and
// nobody else.
func (d *Daemon) sendOne(ctx context.Context, row store.Row, e Edition) (s store.Settlement) {
	defer func() {
		if fault := recover(); fault != nil {
			d.Log.Error("a mail made the daemon panic", "key", row.Key, "fault", fault, "stack", string(debug.Stack()))
			s = d.refused(row, fmt.Errorf("panic: %v", fault))
		}
	}()
	if e.Skip != "" {
		return d.skipped(row, e.Skip)
	}
	if !d.set.Delivery.admits(e.Digest.Member.Email) {
		return d.skipped(row, skipNotListed)
	}
	content, err := d.Press.Digest(e.Digest, d.footer(row), d.set.Digest.MaxBytes)
	if err != nil {
		return d.refused(row, fmt.Errorf("rendering: %w", err))
	}
	m := d.message(row, e, content)
	raw, err := d.Composer.Compose(m)
	if err != nil {
		return d.refused(row, fmt.Errorf("composing: %w", err))
	}
	if raw, err = d.Signer.Sign(raw); err != nil {
		return d.refused(row, err)
	}
	out := d.Sender.Send(ctx, d.set.From.Address, m.To.Address, raw)
	if tripped := d.relay.note(out, time.Now()); tripped {
		d.Log.Warn("relay out of reach, mails wait", "code", out.Code, "err", out.Err)
	}
	return d.settlement(row, out, e.Digest.Counts().Posts, len(raw))
}

func (d *Daemon) footer(row store.Row) templates.Footer {
	return templates.Footer{
		Settings:    d.Links.URL(link.Settings, int64(row.Member)),
		Unsubscribe: d.Links.URL(link.AllDigests, int64(row.Member)),
	}
}

// message addresses an edition to its member.
func (d *Daemon) message(row store.Row, e Edition, c templates.Content) mail.Message {
	to := e.Digest.Member
	m := Envelope(d.set, d.footer(row).Unsubscribe)
	m.Key, m.Date = row.Key, d.Now()
	m.To.Name, m.To.Address = to.Name, to.Email
	m.Subject, m.Text, m.HTML = c.Subject, c.Text, c.HTML
	return m
}

// Envelope is what all digests of a site have in common, with the one-click address of one member.
func Envelope(set Settings, unsubscribe string) mail.Message {
	return mail.Message{
		Stream:      KindDigest,
		From:        set.From,
		ReplyTo:     set.ReplyTo,
		List:        mail.List{Name: set.Site, ID: KindDigest + "." + set.Host},
		Unsubscribe: unsubscribe,
		// Gmail counts complaints by these; the last one names the sender and has 5 to 15 characters.
		FeedbackID: KindDigest + ":" + set.Host + ":postrider",
	}
}
