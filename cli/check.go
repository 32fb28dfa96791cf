package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
		Long: "Tests the configuration, the templates, the store, the forum, the keys that mails are signed with and the\n" +
			"relay, and asks what other mail servers see of this site (SPF, DKIM, DMARC, names, the page behind one-click\n" +
			"unsubscription), a line each: ok, warn or FAIL, and how to mend it. Sends nothing. Exits with 1 if anything fails.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := o.addresses(); err != nil {
				return err
			}
			return c.checkAll(cmd.Context(), o)
		},
	}
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&o.offline, "offline", false, "ask nobody but the forum, the store and the relay")
	cmd.Flags().StringVar(&o.resolver, "resolver", "", "ask this DNS `server`, such as 9.9.9.9; default: those of this machine")
	cmd.Flags().StringSliceVar(&o.sendsFrom, "sends-from", nil, "IP `address` from which mails leave for the world; default: the relay's")
	return cmd
}

func (c *cmdEnv) checkAll(ctx context.Context, o checkOptions) error {
	findings := c.findings(ctx, o)
	failed := false
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
		return errSilent
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
		return []finding.Finding{finding.Fail("config", err.Error(), "mend the lines named above; config.example.toml tells of every key")}
	}
	all := []finding.Finding{finding.OK("config", c.config+" is understood")}
	all = append(all, checkTemplates(cfg))
	store, clocks := checkStore(ctx, cfg)
	all = append(all, store...)
	forum, clock := checkForum(ctx, cfg)
	all, clocks = append(all, forum...), append(clocks, clock...)
	relay, line := c.checkRelays(ctx, cfg)
	all = append(append(all, checkDKIM(cfg)), relay...)
	all = append(all, checkBounces(ctx, cfg)...)
	all = append(all, checkAdmin(cfg))
	if !o.offline {
		all = append(all, checkDNS(ctx, cfg, o, line)...)
		page, clock := checkPage(ctx, cfg)
		all, clocks = append(all, page), append(clocks, clock...)
	}
	return append(all, doctor.Clock(clocks))
}

func checkTemplates(cfg config.Config) finding.Finding {
	set, err := templates.Load(cfg.Templates.Dir)
	if err != nil {
		return finding.Fail("templates", err.Error(), "mend the file named above, or take it out of "+cfg.Templates.Dir)
	}
	return finding.OK("templates", "locales "+strings.Join(set.Locales(), ", "))
}

// checkStore looks at the store, and reads its clock.
func checkStore(ctx context.Context, cfg config.Config) ([]finding.Finding, []doctor.ClockReading) {
	// A check must not make a database as a side effect.
	if path, ok := strings.CutPrefix(cfg.Store.DSN, "sqlite:"); ok {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			return []finding.Finding{missingStore(path)}, nil
		}
	}
	s, err := store.Open(ctx, cfg.Store.DSN)
	if err != nil {
		return []finding.Finding{finding.Fail("store", err.Error(), "see that the database of [store] dsn runs and that postrider may use it")}, nil
	}
	defer s.Close()
	all := append([]finding.Finding{checkVersion(ctx, s)}, checkDisk(s)...)
	if all[0].Level == finding.LevelOK {
		all = append(all, checkSuppressions(ctx, s))
	}
	at, known, err := s.DatabaseTime(ctx)
	return all, clockReading("the store's database", at, known, err)
}

// checkSuppressions looks how many addresses are suppressed. Mailboxes judge a sender by how much of what he sends is for
// nobody; who has many such addresses took them in without asking for a confirmation.
func checkSuppressions(ctx context.Context, s *store.Store) finding.Finding {
	members, suppressed, err := s.Suppressions.Stats(ctx, time.Now())
	if err != nil {
		return finding.Fail("addresses", err.Error(), "see that postrider may read the database of [store] dsn")
	}
	f := finding.OK("addresses", fmt.Sprintf("%d are suppressed, of %d members who watch anything", suppressed, members))
	if suppressed > 20 && suppressed > members/20 {
		f.Level, f.Fix = finding.LevelWarn, "see why with: postrider suppress list; and let the forum confirm addresses before members are mailed"
	}
	return f
}

func checkVersion(ctx context.Context, s *store.Store) finding.Finding {
	have, want, err := s.Version(ctx)
	switch {
	case err != nil:
		return finding.Fail("store", err.Error(), "see that postrider may read and write the database of [store] dsn")
	case have > want:
		return finding.Fail("store", fmt.Sprintf("the store is at step %d, this program knows %d", have, want), "run the newer postrider that made it")
	case have < want:
		return finding.Warn("store", fmt.Sprintf("the store is at step %d of %d", have, want), "postrider migrate, or just postrider run")
	}
	return finding.OK("store", fmt.Sprintf("at step %d", have))
}

// Below these the disk of a SQLite store is near its end: a forum of 100,000 members writes some 100 MB a day.
const (
	lowDiskBytes      = 1 << 30
	criticalDiskBytes = 100 << 20
)

// checkDisk looks how full the disk is: when nothing can be written, nothing is sent.
func checkDisk(s *store.Store) []finding.Finding {
	left, known, err := s.FreeDiskBytes()
	if err != nil || !known {
		return nil
	}
	f := finding.OK("store disk", fmt.Sprintf("%d MB are free", left>>20))
	switch {
	case left < criticalDiskBytes:
		f.Level, f.Fix = finding.LevelFail, "make room on the disk of [store] dsn: when it is full, nothing is sent any more"
	case left < lowDiskBytes:
		f.Level, f.Fix = finding.LevelWarn, "make room on the disk of [store] dsn"
	}
	return []finding.Finding{f}
}

// missingStore tells a store that the first run makes from one that it cannot make.
func missingStore(path string) finding.Finding {
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return finding.Fail("store", path+" cannot be made: "+dir+" is no directory", "make the directory, and let postrider write in it")
	}
	return finding.Warn("store", path+" does not exist yet", "the first run makes it; nothing to do")
}

// checkForum looks at the forum, and reads its database's clock.
func checkForum(ctx context.Context, cfg config.Config) ([]finding.Finding, []doctor.ClockReading) {
	db, err := source.Open(ctx, cfg.Forum.Config)
	if err != nil {
		return []finding.Finding{finding.Fail("forum", err.Error(), "see that the database of [forum] dsn runs and that the account may read it")}, nil
	}
	defer db.Close()
	var all []finding.Finding
	for _, f := range db.Check(ctx) {
		f.Part = "forum " + f.Part
		all = append(all, f)
	}
	at, known, err := db.DatabaseTime(ctx)
	return all, clockReading("the forum's database", at, known, err)
}

// checkDKIM tells what must stand in DNS. Whether it does is for checkDNS to see.
func checkDKIM(cfg config.Config) finding.Finding {
	signer, err := mail.NewSigner(cfg.DKIM)
	if err != nil {
		return finding.Fail("dkim", "dkim."+err.Error(), "mend [dkim] as said above; config.example.toml tells how to make a key")
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
		text += "\nDNS must have, as TXT of " + r.Name + ":\n" + r.Value
	}
	return finding.OK("dkim", text)
}

// checkRelays goes as far as logging in to each relay, and tells of the first one's line.
func (c *cmdEnv) checkRelays(ctx context.Context, cfg config.Config) ([]finding.Finding, mail.ConnInfo) {
	found, line := c.checkRelay(ctx, cfg, "smtp", cfg.SMTP.SMTPConfig)
	if cfg.SMTP.Fallback.Enabled() {
		second, _ := c.checkRelay(ctx, cfg, "smtp.fallback", cfg.SMTP.Fallback.SMTPConfig)
		found = append(found, second...)
	}
	return found, line
}

func (c *cmdEnv) checkRelay(ctx context.Context, cfg config.Config, table string, set mail.SMTPConfig) ([]finding.Finding, mail.ConnInfo) {
	relay, err := mail.NewSMTP(set, newLog(c.err, cfg.Log))
	var line mail.ConnInfo
	if err == nil {
		defer relay.Close()
		line, err = relay.TestConnection(ctx)
	}
	if err != nil {
		return []finding.Finding{finding.Fail(table, err.Error(), "see that the relay of ["+table+"] url runs and takes mail from this machine")}, line
	}
	found := []finding.Finding{finding.OK(table, "the relay answers")}
	return append(found, doctor.TLSFinding(line.TLS, line.IsLocalNetwork(), time.Now())), line
}
