package cli

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"postrider/config"
	"postrider/demo"
)

const (
	inboxAddress = "127.0.0.1:8025"
	// demoSpeed is the speed of the demo's clock: an hour takes six seconds, so members in all time zones soon get their
	// digests.
	demoSpeed        = 600
	activityInterval = 3 * time.Second
	// demoPages is the path of postrider's own pages on the inbox server.
	demoPages = "/postrider"
)

func (c *cmdEnv) demo() *cobra.Command {
	var once bool
	var mailDir, listen string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run the whole daemon on a sample forum, with an inbox in the browser",
		Long: "Creates a small sample forum (SQLite, in a temporary directory), runs the daemon on it, and shows its messages at\n" +
			"http://" + inboxAddress + ". Members keep posting and the clock runs fast, so messages keep arriving.\n\n" +
			"With --once and --mail-dir, runs one full round without a browser and writes each message to a file.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if once != (mailDir != "") {
				return usagef("--once and --mail-dir go together: demo --once --mail-dir DIR")
			}
			if once {
				return c.demoOnce(cmd.Context(), mailDir)
			}
			return c.demoLive(cmd.Context(), listen)
		},
	}
	cmd.Flags().BoolVar(&once, "once", false, "run one full round, then exit")
	cmd.Flags().StringVar(&mailDir, "mail-dir", "", "write messages as .eml files into this `directory`")
	cmd.Flags().StringVar(&listen, "listen", inboxAddress, "`address` of the inbox page")
	return cmd
}

// newDemoApp creates a sample forum as of now and opens it. more is appended to its configuration. The returned function
// closes and removes it.
func (c *cmdEnv) newDemoApp(ctx context.Context, now time.Time, smtpURL, more string) (*app, string, func(), error) {
	dir, err := os.MkdirTemp("", "postrider-demo-")
	if err != nil {
		return nil, "", nil, fmt.Errorf("creating the sample forum: %w", err)
	}
	clear := func() { os.RemoveAll(dir) }
	path := filepath.Join(dir, "forum.db")
	if err := demo.Create(ctx, path, now); err != nil {
		clear()
		return nil, "", nil, err
	}
	cfg, err := config.Parse(demoConfig(dir, path, smtpURL)+more, dir, func(string) string { return "" })
	if err != nil {
		clear()
		return nil, "", nil, fmt.Errorf("the demo's own configuration: %w", err)
	}
	a, err := c.open(ctx, cfg)
	if err != nil {
		clear()
		return nil, "", nil, err
	}
	a.rehearse = true
	return a, path, func() { a.close(); clear() }, nil
}

// demoConfig returns the configuration of a small forum.
func demoConfig(dir, forum, smtpURL string) string {
	return fmt.Sprintf(`
[forum]
type = "sample"
dsn  = %q
url  = %q
name = %q
[store]
dsn = %q
[smtp]
url  = %q
from = %q
[scan]
interval = "1s"
[log]
level = "warn"
`, "sqlite:"+forum, demo.URL, demo.Name, "sqlite:"+filepath.Join(dir, "postrider.db"), smtpURL, demo.From)
}

func (c *cmdEnv) demoOnce(ctx context.Context, mailDir string) error {
	now := time.Now()
	h, _, done, err := c.newDemoApp(ctx, now, "smtp://127.0.0.1:25", "")
	if err != nil {
		return err
	}
	defer done()
	sender, _, err := h.sender(mailDir)
	if err != nil {
		return err
	}
	if err := h.selfCheck(ctx); err != nil {
		return err
	}
	d, err := h.daemon(ctx, sender, func() time.Time { return now })
	if err != nil {
		return err
	}
	report, err := d.RunOnce(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s in %s, %s skipped.\n", plural(report.Sent, "message", "messages"), mailDir, plural(report.Planned-report.Sent, "member", "members"))
	return nil
}

func (c *cmdEnv) demoLive(ctx context.Context, listen string) error {
	ctx, stop := c.untilHangup(ctx)
	defer stop()
	clock := fastClock(time.Now())
	inbox := demo.NewInbox(clock)
	defer inbox.Close()
	smtpURL, err := inbox.Listen("127.0.0.1:0")
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("opening the inbox page: %w; choose another address with --listen", err)
	}
	defer listener.Close()
	h, path, done, err := c.newDemoApp(ctx, clock(), smtpURL, fmt.Sprintf("[web]\nurl = %q\n", "http://"+browserHost(listener.Addr())+demoPages))
	if err != nil {
		return err
	}
	defer done()
	if err := h.selfCheck(ctx); err != nil {
		return err
	}
	sender, closeSender, err := h.sender("")
	if err != nil {
		return err
	}
	defer closeSender()
	d, err := h.daemon(ctx, sender, clock)
	if err != nil {
		return err
	}
	pages, err := h.web(d, clock)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "Inbox of %s: http://%s\nThe clock runs %d times faster than real time, and members keep posting. Stop with Ctrl-C.\n",
		demo.Name, listener.Addr(), demoSpeed)
	var all sync.WaitGroup
	both := http.NewServeMux()
	both.Handle("/", inbox)
	both.Handle(demoPages+"/", pages)
	page := &http.Server{Handler: both, ReadHeaderTimeout: 10 * time.Second}
	all.Go(func() { page.Serve(listener) })
	all.Go(func() { c.generateActivity(ctx, path, clock) })
	live := &service{app: h, daemon: d, closeSenders: closeSender}
	live.logStart()
	err = live.serve(ctx, ctx)
	stop()
	page.Close()
	all.Wait()
	return err
}

// browserHost returns the host and port of a listener for a browser on this machine.
func browserHost(a net.Addr) string {
	if tcp, ok := a.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port))
	}
	return a.String()
}

// generateActivity keeps adding posts to the sample forum.
func (c *cmdEnv) generateActivity(ctx context.Context, path string, clock func() time.Time) {
	t, err := demo.NewActivityGenerator(path)
	if err != nil {
		fmt.Fprintf(c.err, "postrider: %v\n", err)
		return
	}
	defer t.Close()
	tick := time.NewTicker(activityInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if _, err := t.Post(ctx, clock()); err != nil && ctx.Err() == nil {
				fmt.Fprintf(c.err, "postrider: %v\n", err)
			}
		}
	}
}

// fastClock returns a clock that starts at start and runs demoSpeed times faster than the real clock.
func fastClock(start time.Time) func() time.Time {
	return func() time.Time { return start.Add(demoSpeed * time.Since(start)) }
}
