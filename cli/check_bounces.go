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

// checkBounces checks whether bounces can be received. It does not open the listener: a running daemon may be using it.
func checkBounces(ctx context.Context, cfg config.Config) []finding.Finding {
	b := cfg.Bounces
	if b.Domain == "" && b.Listen == "" && b.Maildir == "" && b.IMAP == "" {
		text := "bounces go to " + strings.Join(senderAddresses(cfg), " and ") + ", and postrider does not process them"
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
			all = append(all, finding.Fail("bounces", err.Error(), "set bounces.maildir to a maildir that postrider can read and write, or remove it"))
		}
	}
	if b.IMAP != "" {
		ways = append(ways, "from a mailbox through IMAP")
		all = append(all, checkMailbox(ctx, b.Config)...)
	}
	if repliesTo(cfg) == "" {
		all = append(all, finding.Warn("bounces", "what members reply to messages is dropped", "set bounces.replies to an address that a person reads"))
	}
	where := "smtp.from"
	if b.Domain != "" {
		where = b.Domain
	} else if from := senderAddresses(cfg); len(from) > 1 {
		all = append(all, finding.Warn("announcements bounces", "bounces of announcements go to "+from[1]+": nothing shows that postrider gets them, and a canary needs them",
			"set bounces.domain, which receives those of all messages; until then, forward that mailbox to "+from[0]))
	}
	return append(all, finding.OK("bounces", fmt.Sprintf("go to %s, received %s", where, strings.Join(ways, ", "))))
}

// senderAddresses returns the addresses that messages are from: that of all, and that of announcements if they have their own.
func senderAddresses(cfg config.Config) []string {
	all, announcements := address(cfg.SMTP.From).Address, address(cfg.SMTP.AnnouncementFrom()).Address
	if announcements == all {
		return []string{all}
	}
	return []string{all, announcements}
}

func checkMailbox(ctx context.Context, c inbound.Config) []finding.Finding {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	box, err := new(inbound.Processor).IMAP(c)
	if err == nil {
		err = box.Check(ctx)
	}
	if err != nil {
		return []finding.Finding{finding.Fail("bounces", "cannot open the mailbox: "+err.Error(), "check bounces.imap, its password and that the server can be reached")}
	}
	return nil
}
