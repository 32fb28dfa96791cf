package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"postrider/config"
	"postrider/doctor"
	"postrider/internal/finding"
	"postrider/mail"
	"postrider/source"
	"postrider/store"
	"postrider/templates"
)

func (c *cmdEnv) check() *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check configuration, database, relay and DNS, and suggest fixes",
		Long: "Checks the configuration, templates, store, forum, DKIM keys and relay. Also checks what other mail servers see:\n" +
			"SPF, DKIM, DMARC, host names and the page for one-click unsubscribe. Prints a line for each: ok, warn or FAIL,\n" +
			"with a suggested fix. Sends nothing. Exits with 1 if a check fails, and with 2 if the configuration is wrong.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := o.addresses(); err != nil {
				return err
			}
			return c.checkAll(cmd.Context(), o)
		},
	}
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&o.offline, "offline", false, "only connect to the forum, the store, the relay and the bounce mailbox")
	cmd.Flags().StringVar(&o.resolver, "resolver", "", "DNS `server` to use, for example 9.9.9.9; default: the system's")
	cmd.Flags().StringSliceVar(&o.sendsFrom, "sends-from", nil, "public IP `address` that messages are sent from; default: the relay's")
	return cmd
}

func (c *cmdEnv) checkAll(ctx context.Context, o checkOptions) error {
	findings := c.findings(ctx, o)
	failed := false
	exit := errSilent
	if findings[0].Level == finding.LevelFail { // the configuration
		exit = exitError{exitUsage, errSilent}
	}
	for _, f := range findings {
		failed = failed || f.Level == finding.LevelFail
		if !o.asJSON {
			c.printFinding(f)
		}
	}
	if o.asJSON {
		if err := c.json(findings); err != nil {
			return err
		}
	}
	if failed {
		return exit
	}
	return nil
}

func (c *cmdEnv) printFinding(f finding.Finding) {
	text := strings.ReplaceAll(f.Text, "\n", "\n        ")
	fmt.Fprintf(c.out, "%-4s  %s: %s\n", f.Level, f.Part, text)
	if f.Fix != "" && f.Level != finding.LevelOK {
		fmt.Fprintf(c.out, "      -> %s\n", f.Fix)
	}
}

func (c *cmdEnv) findings(ctx context.Context, o checkOptions) []finding.Finding {
	cfg, err := c.load()
	if err != nil {
		return []finding.Finding{finding.Fail("config", err.Error(), "correct these settings; every key is documented in config.example.toml")}
	}
	all := []finding.Finding{finding.OK("config", c.config+" is valid")}
	all = append(all, checkTemplates(cfg))
	store, clocks := checkStore(ctx, cfg)
	all = append(all, store...)
	forum, clock := checkForum(ctx, cfg)
	all, clocks = append(all, forum...), append(clocks, clock...)
	relay, conn := c.checkRelays(ctx, cfg)
	all = append(append(all, checkDKIM(cfg)), relay...)
	all = append(all, checkBounces(ctx, cfg)...)
	all = append(all, checkAdmin(cfg))
	if !o.offline {
		all = append(all, checkDNS(ctx, cfg, o, conn)...)
	}
	pages, clock := checkPages(ctx, cfg, o.offline)
	all, clocks = append(all, pages...), append(clocks, clock...)
	return append(all, doctor.Clock(clocks))
}

func checkTemplates(cfg config.Config) finding.Finding {
	set, err := templates.Load(cfg.Templates.Dir)
	if err != nil {
		return finding.Fail("templates", err.Error(), "correct this file, or remove it from "+cfg.Templates.Dir)
	}
	return finding.OK("templates", "locales "+strings.Join(set.Locales(), ", "))
}

// checkStore checks the store and reads its database's clock.
func checkStore(ctx context.Context, cfg config.Config) ([]finding.Finding, []doctor.ClockReading) {
	// A check must not create a database.
	if path, ok := strings.CutPrefix(cfg.Store.DSN, "sqlite:"); ok {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			return []finding.Finding{missingStore(path)}, nil
		}
	}
	s, err := store.Open(ctx, cfg.Store.DSN)
	if err != nil {
		return []finding.Finding{finding.Fail("store", err.Error(), "check that the database in [store] dsn is running and that postrider has access to it")}, nil
	}
	defer s.Close()
	all := append([]finding.Finding{checkVersion(ctx, s)}, checkDisk(s)...)
	if all[0].Level == finding.LevelOK {
		all = append(all, checkSuppressions(ctx, s))
		all = append(all, checkProxies(ctx, cfg, s)...)
	}
	at, known, err := s.DatabaseTime(ctx)
	return all, clockReading("the store's database", at, known, err)
}

// checkSuppressions warns if many addresses are suppressed. Mailbox providers rate senders by their share of messages to
// addresses that do not exist. Many such addresses usually mean that the forum does not confirm them at registration.
func checkSuppressions(ctx context.Context, s *store.Store) finding.Finding {
	members, suppressed, err := s.Suppressions.Stats(ctx, time.Now())
	if err != nil {
		return finding.Fail("addresses", err.Error(), "check that postrider can read the database in [store] dsn")
	}
	f := finding.OK("addresses", fmt.Sprintf("%d suppressed, %s", suppressed, plural(members, "subscriber", "subscribers")))
	if suppressed > 20 && suppressed > members/20 {
		f.Level, f.Fix = finding.LevelWarn, "to see the reasons, run: postrider suppress list; have the forum confirm addresses before members get email"
	}
	return f
}

func checkVersion(ctx context.Context, s *store.Store) finding.Finding {
	have, want, err := s.Version(ctx)
	switch {
	case err != nil:
		return finding.Fail("store", err.Error(), "check that postrider can read and write the database in [store] dsn")
	case have > want:
		return finding.Fail("store", fmt.Sprintf("the schema has version %d, this program supports up to %d", have, want), "run the newer postrider that upgraded the store")
	case have < want:
		return finding.Warn("store", fmt.Sprintf("the schema has version %d, this program needs %d", have, want), "run: postrider migrate (postrider run does this too)")
	}
	return finding.OK("store", fmt.Sprintf("schema version %d", have))
}

// Free space of a SQLite store's disk at which check warns or fails. A forum of 100,000 members writes about 100 MB a day.
const (
	lowDiskBytes      = 1 << 30
	criticalDiskBytes = 100 << 20
)

// checkDisk checks the free disk space: when nothing can be written, nothing is sent.
func checkDisk(s *store.Store) []finding.Finding {
	left, known, err := s.FreeDiskBytes()
	if err != nil || !known {
		return nil
	}
	f := finding.OK("store disk", fmt.Sprintf("%d MB free", left>>20))
	switch {
	case left < criticalDiskBytes:
		f.Level, f.Fix = finding.LevelFail, "free up space on the disk of [store] dsn: when it is full, nothing is sent"
	case left < lowDiskBytes:
		f.Level, f.Fix = finding.LevelWarn, "free up space on the disk of [store] dsn"
	}
	return []finding.Finding{f}
}

// missingStore reports whether the first run can create the store.
func missingStore(path string) finding.Finding {
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return finding.Fail("store", "cannot create "+path+": "+dir+" is not a directory", "create the directory and make it writable for postrider")
	}
	return finding.Warn("store", path+" does not exist yet", "nothing to do: the first run creates it")
}

// checkForum runs the forum's self-check and reads its database's clock.
func checkForum(ctx context.Context, cfg config.Config) ([]finding.Finding, []doctor.ClockReading) {
	db, err := source.Open(ctx, cfg.Forum.Config)
	if err != nil {
		return []finding.Finding{finding.Fail("forum", err.Error(), "check that the database in [forum] dsn is running and that the account can read it")}, nil
	}
	defer db.Close()
	var all []finding.Finding
	for _, f := range db.Check(ctx) {
		f.Part = "forum " + f.Part
		all = append(all, f)
	}
	if !slices.ContainsFunc(all, func(f finding.Finding) bool { return f.Level == finding.LevelFail }) {
		watches := db.CheckWatches(ctx)
		watches.Part = "forum " + watches.Part
		all = append(all, watches)
	}
	at, known, err := db.DatabaseTime(ctx)
	return all, clockReading("the forum's database", at, known, err)
}

// checkDKIM checks the DKIM keys and shows the DNS records that they need. checkDNS checks the records.
func checkDKIM(cfg config.Config) finding.Finding {
	signer, err := mail.NewSigner(cfg.DKIM)
	if err != nil {
		return finding.Fail("dkim", "dkim."+err.Error(), "correct [dkim]; to create a key, see config.example.toml")
	}
	if signer == nil {
		return finding.OK("dkim", "off: the relay signs")
	}
	selectors := cfg.DKIM.Selector
	if cfg.DKIM.Ed25519Selector != "" {
		selectors += " and " + cfg.DKIM.Ed25519Selector
	}
	text := "signs for " + cfg.DKIM.Domain + " with " + selectors
	for _, r := range signer.Records() {
		text += "\nDNS needs this TXT record at " + r.Name + ":\n" + r.Value
	}
	return finding.OK("dkim", text)
}

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
		return []finding.Finding{finding.Fail(table, err.Error(), "check that the relay in ["+table+"] url is running and accepts messages from this machine")}, conn
	}
	found := []finding.Finding{finding.OK(table, "the relay answers")}
	return append(found, doctor.TLSFinding(conn.TLS, conn.IsLocalNetwork(), time.Now())), conn
}
