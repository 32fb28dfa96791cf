package cli

import (
	"context"
	"sync"
	"time"

	"postrider/inbound"
)

// shutdownGrace is how long messages that are being sent may take after the stop signal. Service managers wait at least
// ten seconds before they kill a process.
const shutdownGrace = 7 * time.Second

// killAfterGrace calls cut when shutdownGrace has passed since the end of ctx. The returned function cancels that.
func killAfterGrace(ctx context.Context, cut func()) (over func()) {
	stopped := make(chan struct{})
	context.AfterFunc(ctx, func() {
		select {
		case <-stopped:
		case <-time.After(shutdownGrace):
			cut()
		}
	})
	return func() { close(stopped) }
}

// startInbound starts receiving inbound messages. The returned function stops it and waits for messages in progress.
func (a *app) startInbound(ctx context.Context, intake *inbound.Receivers) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	var ways sync.WaitGroup
	ways.Go(func() {
		if err := intake.Run(ctx); err != nil {
			a.log.Error("inbound stopped", "err", err)
		}
	})
	return func() {
		cancel()
		ways.Wait()
	}
}
