package cli

import (
	"context"
	"time"

	"postrider/config"
	"postrider/doctor"
	"postrider/internal/finding"
	"postrider/mail"
)

// checkRelays connects and logs in to each relay. It returns the connection of the first one.
func (c *cmdEnv) checkRelays(ctx context.Context, cfg config.Config) ([]finding.Finding, mail.ConnInfo) {
	found, conn := c.checkRelay(ctx, cfg, "smtp", cfg.SMTP.SMTPConfig)
	if cfg.SMTP.Fallback.Enabled() {
		second, _ := c.checkRelay(ctx, cfg, "smtp.fallback", cfg.SMTP.Fallback.SMTPConfig)
		found = append(found, second...)
	}
	return found, conn
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
	return append(found, doctor.TLSFinding(conn.TLS, conn.IsLocalNetwork(), time.Now())), conn
}
