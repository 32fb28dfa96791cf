package cli

import (
	"context"
	"time"

	"postrider/config"
	"postrider/doctor"
	"postrider/internal/finding"
	"postrider/mail"
)

// connections are those to the relays: that of [smtp], and that of announcements, which is the same if they have none of their own.
type connections struct{ shared, announcements mail.ConnInfo }

// checkRelays connects and logs in to each relay.
func (c *cmdEnv) checkRelays(ctx context.Context, cfg config.Config) (found []finding.Finding, to connections) {
	found, to.shared = c.checkRelay(ctx, cfg, "smtp", cfg.SMTP.SMTPConfig)
	to.announcements = to.shared
	if cfg.SMTP.Fallback.Enabled() {
		more, _ := c.checkRelay(ctx, cfg, "smtp.fallback", cfg.SMTP.Fallback.SMTPConfig)
		found = append(found, more...)
	}
	if own := cfg.SMTP.Announcements; own.OwnRelay() {
		var more []finding.Finding
		more, to.announcements = c.checkRelay(ctx, cfg, "smtp.announcements", own.SMTPConfig)
		found = append(found, more...)
	}
	return found, to
}

func (c *cmdEnv) checkRelay(ctx context.Context, cfg config.Config, table string, set mail.SMTPConfig) ([]finding.Finding, mail.ConnInfo) {
	relay, err := mail.NewSMTP(set, newLog(c.err, cfg.Log))
	var conn mail.ConnInfo
	if err == nil {
		defer relay.Close()
		conn, err = relay.TestConnection(ctx)
	}
	if err != nil {
		c := diagnoseRelay(err, table, set.URL)
		return []finding.Finding{finding.Fail(table, c.text(err), c.fix)}, conn
	}
	found := []finding.Finding{finding.OK(table, "the relay answers")}
	return append(found, doctor.TLSFinding(table, conn.TLS, conn.IsLocalNetwork(), time.Now())), conn
}
