package daemon

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"postrider/store"
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
		err = d.deliverBatch(ctx, rows)
		d.beat()
		if err != nil {
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
	drafts, err := d.draft(ctx, rows)
	if err == nil {
		ledger := d.newLedger(always)
		d.send(ctx, rows, drafts, time.Now(), ledger)
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

// send hands the drafts over, as many at a time as there are connections, until it is asked to stop, the
// batch has grown old, the relay is out of reach, or the store takes no settlements. A row that waited for
// its turn is asked last: a slow relay may keep it waiting for minutes.
func (d *Daemon) send(ctx context.Context, rows []store.Row, drafts []draft, built time.Time, ledger *ledger) {
	over := func() bool {
		return ctx.Err() != nil || time.Since(built) > fresh || d.relay.allows(time.Now(), 1) == 0 || ledger.failing()
	}
	next := make(chan int)
	var workers sync.WaitGroup
	for range d.set.Connections {
		workers.Go(func() {
			for i := range next {
				if !over() {
					ledger.settle(d.sendOne(ctx, rows[i], drafts[i]))
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

// sendOne writes one mail, hands it over and says what became of it. A panic costs this member his mail, and
// nobody else.
func (d *Daemon) sendOne(ctx context.Context, row store.Row, m draft) (s store.Settlement) {
	defer func() {
		if fault := recover(); fault != nil {
			d.Log.Error("a mail made the daemon panic", "key", row.Key, "fault", fault, "stack", string(debug.Stack()))
			s = d.refused(row, fmt.Errorf("panic: %v", fault))
		}
	}()
	if m.skip != "" {
		return d.skipped(row, m.skip)
	}
	if !d.set.Delivery.admits(m.to.Email) {
		return d.skipped(row, skipNotListed)
	}
	raw, err := d.compose(row, m)
	if err != nil {
		return d.refused(row, err)
	}
	out := d.Sender.Send(ctx, d.returnPath(row), m.to.Email, raw)
	if tripped := d.relay.note(out, time.Now()); tripped {
		d.Log.Warn("relay out of reach, mails wait", "code", out.Code, "err", out.Err)
	}
	settled := d.settlement(row, out, m.posts, len(raw))
	settled.Member, settled.Address = row.Member, m.to.Email
	return settled
}

// compose writes the whole mail, signed if we sign.
func (d *Daemon) compose(row store.Row, m draft) ([]byte, error) {
	content, err := m.write()
	if err != nil {
		return nil, fmt.Errorf("rendering: %w", err)
	}
	message := m.envelope
	message.Key, message.Date = row.Key, d.Now()
	message.To.Name, message.To.Address = m.to.Name, m.to.Email
	message.UnsubscribeMail = d.unsubscribeMail(row)
	message.Subject, message.Text, message.HTML = content.Subject, content.Text, content.HTML
	raw, err := d.Composer.Compose(message)
	if err != nil {
		return nil, fmt.Errorf("composing: %w", err)
	}
	return d.Signer.Sign(raw)
}
