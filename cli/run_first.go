package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"postrider/daemon"
)

// confirmFirstRun says what a new store is about to send. A terminal is asked before; --first answers yes. A service manager
// cannot answer, so without a terminal the log has the sentence.
func (c *cmdEnv) confirmFirstRun(ctx context.Context, s *service, in io.Reader, yes bool) error {
	plan, err := s.daemon.FirstRun(ctx)
	if err != nil {
		return fmt.Errorf("reading the members for the first run: %w", err)
	}
	if plan == nil {
		return nil
	}
	text := firstRunText(plan, s.clock())
	if chosen := plan.Forum.String(); chosen != "" {
		text += "; " + chosen
	}
	if n, err := s.forum.WatchCounts(ctx, s.clock()); err == nil && n.WithoutEmail > 0 { // an error is one of check, too
		text += "; " + n.String()
	}
	if yes || !interactive(in, c.out) {
		s.log.Info(text)
		return nil
	}
	fmt.Fprintf(c.out, "%s\nTo begin with fewer members, see docs/rollout.md. Start? [y/N] ", text)
	answer, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if a := strings.ToLower(strings.TrimSpace(answer)); a != "y" && a != "yes" {
		return errors.New("not started, and nothing was sent; to start without a question, use --first")
	}
	return nil
}

// firstRunText is like "new store; 1,204 members, the first 310 at 08:00 UTC".
func firstRunText(plan *daemon.FirstRun, now time.Time) string {
	p := message.NewPrinter(language.English)
	if plan.At.IsZero() {
		return "new store; no member watches anything yet"
	}
	layout := "15:04 UTC"
	if plan.At.Sub(now) >= 24*time.Hour {
		layout = "2006-01-02 " + layout
	}
	members := "1 member"
	if plan.Members != 1 {
		members = p.Sprint(plan.Members) + " members" // plural separates no thousands
	}
	return p.Sprintf("new store; %s, the first %d at %s", members, plan.First, plan.At.UTC().Format(layout))
}

// interactive reports whether a person can answer. Tests replace it.
var interactive = func(in io.Reader, out io.Writer) bool { return isTerminal(in) && isTerminal(out) }
