package mail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"postrider/internal/smtptest"
)

// onPipe gives a relay and a sender to it without a network, for a bubble of synctest. A goroutine that
// either of them leaves behind keeps the bubble from ending.
func onPipe(t *testing.T, connections int, table smtptest.Table) (*smtptest.Script, *SMTP) {
	t.Helper()
	relay := smtptest.NewPipedScript(t, table)
	s := dialTo(t, SMTPConfig{URL: relay.URL(), MaxConnections: connections, Timeout: 30 * time.Second})
	s.dialer = func(context.Context, string, string) (net.Conn, error) { return relay.Dial(), nil }
	return relay, s
}

func TestPool_LimitsConnections(t *testing.T) {
	inbox := smtptest.New(t)
	s := dialTo(t, SMTPConfig{URL: inbox.URL(), MaxConnections: 3})
	var open, most atomic.Int64
	s.dialer = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		for n := open.Add(1); ; {
			if old := most.Load(); n <= old || most.CompareAndSwap(old, n) {
				break
			}
		}
		return &counted{Conn: conn, closed: sync.OnceFunc(func() { open.Add(-1) })}, nil
	}
	raw := mustCompose(t, sample())
	var senders sync.WaitGroup
	for i := range 20 {
		senders.Go(func() {
			to := recipient
			if i%2 == 0 {
				to = "550-gone@example.org" // after eight of them, a connection is given up
			}
			for range 20 {
				if o := s.Send(t.Context(), sender, to, raw); (o.Result == Accepted) != (to == recipient) {
					t.Errorf("Send to %s = %v", to, o)
				}
			}
		})
	}
	senders.Wait()
	if got := most.Load(); got > 3 {
		t.Errorf("%d connections were open at once, want at most 3", got)
	}
	if got := len(inbox.Messages()); got != 200 {
		t.Errorf("the inbox got %d messages, want 200", got)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if got := open.Load(); got != 0 {
		t.Errorf("%d connections are open after Close, want none", got)
	}
}

type counted struct {
	net.Conn
	closed func()
}

func (c *counted) Close() error {
	c.closed()
	return c.Conn.Close()
}

func TestPool_RecyclesConnections(t *testing.T) {
	for _, tt := range []struct {
		name    string
		recycle int // 0: the default
		table   smtptest.Table
		sends   int
		want    int
	}{
		{"after 100 messages", 0, nil, 201, 3},
		{"after the configured number of messages", 5, nil, 11, 3},
		{"after 8 refusals in a row", 0, smtptest.Table{"RCPT": {{Reply: "550 5.1.1 no"}}}, 17, 3},
		{"not after 7 refusals and a success", 0, smtptest.Table{"RCPT": slices.Concat(slices.Repeat([]smtptest.Act{{Reply: "550 5.1.1 no"}}, 7), []smtptest.Act{{}}, slices.Repeat([]smtptest.Act{{Reply: "450 4.1.1 no"}}, 7))}, 15, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				relay, s := onPipe(t, 1, tt.table)
				s.recycle = cmp.Or(tt.recycle, s.recycle)
				raw := mustCompose(t, sample())
				for range tt.sends {
					if o := s.Send(t.Context(), sender, recipient, raw); o.Result == NotSent || o.Result == Uncertain {
						t.Fatalf("Send = %v", o)
					}
				}
				synctest.Wait()
				if got := relay.Connections(); got != tt.want {
					t.Errorf("%d connections for %d messages, want %d", got, tt.sends, tt.want)
				}
				if got := relay.Open(); got != 1 {
					t.Errorf("%d connections are open, want 1", got)
				}
			})
		})
	}
}

func TestPool_ClosesIdleConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay, s := onPipe(t, 2, nil)
		raw := mustCompose(t, sample())
		for want := 1; want <= 2; want++ {
			for range 2 {
				if o := s.Send(t.Context(), sender, recipient, raw); o.Result != Accepted {
					t.Fatalf("Send = %v, want accepted", o)
				}
				time.Sleep(maxIdle - time.Second)
			}
			if got := relay.Open(); got != 1 {
				t.Errorf("%d connections are open before the idle time is over, want 1", got)
			}
			time.Sleep(2 * time.Second)
			synctest.Wait()
			if got := relay.Open(); got != 0 {
				t.Errorf("%d connections are open after the idle time, want none", got)
			}
			if got := relay.Connections(); got != want {
				t.Errorf("%d connections in all, want %d", got, want)
			}
		}
		if got := relay.Commands(); got[len(got)-1] != "QUIT" {
			t.Errorf("the last command was %q, want QUIT", got[len(got)-1])
		}
	})
}

func TestPool_EveryWaitTimesOut(t *testing.T) {
	hang := []smtptest.Act{{NoReply: true, Hang: true}}
	const step = 30 * time.Second
	for _, tt := range []struct {
		at     string
		result Result
		took   time.Duration
	}{
		{"connect", NotSent, step},
		{"EHLO", NotSent, step},
		{"MAIL", NotSent, step},
		{"RCPT", NotSent, step},
		{"DATA", NotSent, step},
		{".", Uncertain, 10 * step},
	} {
		for _, pipelined := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/pipelined=%v", tt.at, pipelined), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					table := smtptest.Table{"EHLO": {{Reply: "250 script.test"}}}
					if pipelined {
						table = smtptest.Table{}
					}
					table[tt.at] = hang
					_, s := onPipe(t, 1, table)
					start := time.Now()
					o := s.Send(t.Context(), sender, recipient, mustCompose(t, sample()))
					if o.Result != tt.result || o.Err == nil {
						t.Errorf("Send = %v, want %s", o, tt.result)
					}
					if got := time.Since(start); got != tt.took {
						t.Errorf("Send took %v, want %v", got, tt.took)
					}
					if tt.at != "connect" && tt.at != "EHLO" && !errors.Is(o.Err, os.ErrDeadlineExceeded) {
						t.Errorf("Err = %v, want a deadline", o.Err)
					}
				})
			})
		}
	}
}

func TestPool_FinishesMessageAfterContextEnds(t *testing.T) {
	for _, at := range []string{"MAIL", "DATA", "."} {
		t.Run(at, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, s := onPipe(t, 1, smtptest.Table{at: {{Wait: 10 * time.Second}}})
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if o := s.Send(ctx, sender, recipient, mustCompose(t, sample())); o.Result != Accepted {
					t.Errorf("Send = %v, want accepted", o)
				}
			})
		})
	}
}

func TestPool_WaitObeysContext(t *testing.T) {
	raw := mustCompose(t, sample())
	for name, table := range map[string]smtptest.Table{
		"for a greeting":              {"connect": {{NoReply: true, Hang: true}}},
		"for EHLO":                    {"EHLO": {{NoReply: true, Hang: true}}},
		"for another message's dot":   {".": {{NoReply: true, Hang: true}}},
		"for another message's reply": {"MAIL": {{NoReply: true, Hang: true}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, s := onPipe(t, 1, table)
				var first sync.WaitGroup
				first.Go(func() { s.Send(context.WithoutCancel(t.Context()), sender, recipient, raw) })
				synctest.Wait()
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				start := time.Now()
				if o := s.Send(ctx, sender, recipient, raw); o.Result != NotSent || !errors.Is(o.Err, context.DeadlineExceeded) {
					t.Errorf("Send = %v, want not sent because of the deadline", o)
				}
				if got := time.Since(start); got != time.Second {
					t.Errorf("Send took %v, want 1s", got)
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
				first.Wait()
			})
		})
	}
	t.Run("for a dial", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			_, s := onPipe(t, 1, nil)
			s.dialer = func(ctx context.Context, _, _ string) (net.Conn, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if o := s.Send(ctx, sender, recipient, raw); o.Result != NotSent || !errors.Is(o.Err, context.DeadlineExceeded) {
				t.Errorf("Send = %v, want not sent because of the deadline", o)
			}
		})
	})
}

func TestPool_CloseInterruptsSending(t *testing.T) {
	for at, want := range map[string]Result{"connect": NotSent, "MAIL": NotSent, "DATA": NotSent, ".": Uncertain} {
		t.Run(at, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, s := onPipe(t, 1, smtptest.Table{at: {{NoReply: true, Hang: true}}})
				start := time.Now()
				var sending sync.WaitGroup
				sending.Go(func() {
					if o := s.Send(t.Context(), sender, recipient, mustCompose(t, sample())); o.Result != want || o.Err == nil {
						t.Errorf("Send = %v, want %s", o, want)
					}
				})
				synctest.Wait()
				if err := s.Close(); err != nil {
					t.Error(err)
				}
				sending.Wait()
				if got := time.Since(start); got != 0 {
					t.Errorf("it took %v, want no time", got)
				}
				if o := s.Send(t.Context(), sender, recipient, mustCompose(t, sample())); o.Result != NotSent || !errors.Is(o.Err, ErrClosed) {
					t.Errorf("Send after Close = %v, want not sent because of %v", o, ErrClosed)
				}
			})
		})
	}
}

func TestPool_CloseQuitsWithoutLongWait(t *testing.T) {
	for name, tt := range map[string]struct {
		quit smtptest.Act
		took time.Duration
	}{
		"a polite relay":         {smtptest.Act{}, 0},
		"one that hangs":         {smtptest.Act{NoReply: true, Hang: true}, 2 * time.Second},
		"one that just cuts off": {smtptest.Act{NoReply: true, Drop: true}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				relay, s := onPipe(t, 4, smtptest.Table{"QUIT": {tt.quit}, ".": {{Wait: time.Second}}})
				raw := mustCompose(t, sample())
				var senders sync.WaitGroup
				for range 4 {
					senders.Go(func() { s.Send(t.Context(), sender, recipient, raw) })
				}
				senders.Wait()
				if got := relay.Open(); got != 4 {
					t.Errorf("%d connections are open, want 4", got)
				}
				start := time.Now()
				if err := s.Close(); err != nil {
					t.Error(err)
				}
				if got := time.Since(start); got != tt.took {
					t.Errorf("Close took %v, want %v", got, tt.took)
				}
				quits := 0
				for _, line := range relay.Commands() {
					if line == "QUIT" {
						quits++
					}
				}
				if quits != 4 {
					t.Errorf("the relay got QUIT %d times, want 4", quits)
				}
			})
		})
	}
}
