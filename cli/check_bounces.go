package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"postrider/config"
	"postrider/inbound"
	"postrider/internal/finding"
)

// checkBounces looks whether what comes back can be taken in. The listener is left alone: a daemon that runs has it.
func checkBounces(ctx context.Context, cfg config.Config) []finding.Finding {
	b := cfg.Bounces
	if b.Domain == "" && b.Listen == "" && b.Maildir == "" && b.IMAP == "" {
		text := "mails that cannot be delivered come back to " + address(cfg.SMTP.From).Address + ", and postrider does not learn of it"
		return []finding.Finding{finding.OK("bounces", text)}
	}
	var all []finding.Finding
	ways := []string{"through postrider bounce"}
	if b.Listen != "" {
		ways = append(ways, "at "+b.Listen)
	}
	if b.Maildir != "" {
		ways = append(ways, "in "+b.Maildir)
		if _, err := os.ReadDir(filepath.Join(b.Maildir, "new")); err != nil {
			all = append(all, finding.Fail("bounces", err.Error(), "name a maildir in bounces.maildir that postrider may read and write, or take it out"))
		}
	}
	if b.IMAP != "" {
		ways = append(ways, "in a mailbox by IMAP")
		all = append(all, checkMailbox(ctx, b.Config)...)
	}
	where := "smtp.from"
	if b.Domain != "" {
		where = b.Domain
	}
	return append(all, finding.OK("bounces", fmt.Sprintf("come back to %s, and are taken in %s", where, strings.Join(ways, ", "))))
}

func checkMailbox(ctx context.Context, c inbound.Config) []finding.Finding {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	box, err := new(inbound.Processor).IMAP(c)
	if err == nil {
		err = box.Check(ctx)
	}
	if err != nil {
		return []finding.Finding{finding.Fail("bounces", "the mailbox cannot be opened: "+err.Error(), "see that bounces.imap and its password are right, and the server can be reached")}
	}
	return nil
}
