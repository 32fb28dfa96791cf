package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"postrider/config"
	"postrider/doctor"
	"postrider/internal/finding"
	"postrider/internal/line"
	"postrider/mail"
	"postrider/source"
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
	text := strings.ReplaceAll(line.Printable(f.Text), "\n", "\n        ") // it may repeat what a server answered
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
	all = append(all, checkFeeds(ctx, cfg)...)
	relays, to := c.checkRelays(ctx, cfg)
	all = append(append(all, checkDKIM(cfg)...), relays...)
	all = append(all, checkBounces(ctx, cfg)...)
	all = append(append(all, checkAdmin(cfg)), descriptorsFinding(maxDescriptors())...)
	if !o.offline {
		all = append(all, checkDNS(ctx, cfg, o, to)...)
	}
	pages, clock := checkPages(ctx, cfg, o.offline)
	all, clocks = append(all, pages...), append(clocks, clock...)
	return append(all, doctor.Clock(clocks))
}

func checkTemplates(cfg config.Config) finding.Finding {
	brand, err := cfg.Brand.Read()
	if err != nil {
		return finding.Fail("templates", "brand."+err.Error(), "correct this key in [brand]")
	}
	set, err := templates.LoadBranded(cfg.Templates.Dir, brand)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return finding.Fail("templates", err.Error(), "create this folder, or remove [templates] dir; a relative path starts at the folder of the configuration")
	case err != nil:
		return finding.Fail("templates", err.Error(), "correct this file, or remove it from "+cfg.Templates.Dir)
	}
	if err := checkTemplatesForSite(set, messageSite(cfg)); err != nil {
		return finding.Fail("templates", err.Error(), "correct [digest] locale, or the files in [templates] dir")
	}
	return finding.OK("templates", "locales "+strings.Join(set.Locales(), ", "))
}

// checkForum runs the forum's self-check and reads its database's clock.
func checkForum(ctx context.Context, cfg config.Config) ([]finding.Finding, []doctor.ClockReading) {
	db, err := source.Open(ctx, cfg.Forum.Config)
	if err != nil {
		if cfg.Forum.Type == source.MirrorType && errors.Is(err, fs.ErrNotExist) {
			return []finding.Finding{finding.Warn("forum", "the mirror has no database yet", "postrider run creates it, and so does postrider members import")}, nil
		}
		return []finding.Finding{finding.Fail("forum", diagnoseForum(err).text(err), diagnoseForum(err).fix)}, nil
	}
	defer db.Close()
	var all []finding.Finding
	for _, f := range db.Check(ctx) {
		f.Part = "forum " + f.Part
		all = append(all, f)
	}
	if !slices.ContainsFunc(all, func(f finding.Finding) bool { return f.Level == finding.LevelFail }) {
		more := append(db.CheckRows(ctx, time.Now()), db.CheckWatches(ctx))
		more = append(append(more, db.CheckDigests(ctx, time.Now())...), checkLanguages(ctx, cfg, db)...)
		for _, f := range append(more, db.CheckMissing()...) {
			f.Part = "forum " + f.Part
			all = append(all, f)
		}
	}
	at, known, err := db.DatabaseTime(ctx)
	return all, clockReading("the forum's database", at, known, err)
}

// checkDKIM checks the DKIM keys, and those of announcements if they have their own.
func checkDKIM(cfg config.Config) []finding.Finding {
	found := []finding.Finding{checkDKIMKeys("dkim", "dkim", cfg.DKIM)}
	if own := cfg.SMTP.Announcements.DKIM; own.Enabled() {
		found = append(found, checkDKIMKeys("announcements dkim", "smtp.announcements.dkim", own))
	}
	return found
}

// checkDKIMKeys checks the keys of a table and shows the DNS records that they need. checkDNS checks the records.
func checkDKIMKeys(part, table string, keys mail.DKIMConfig) finding.Finding {
	signer, err := mail.NewSigner(keys)
	if err != nil {
		return finding.Fail(part, table+"."+err.Error(), "correct ["+table+"]; to create a key, see config.example.toml")
	}
	if signer == nil {
		return finding.OK(part, "off: the relay signs")
	}
	selectors := keys.Selector
	if keys.Ed25519Selector != "" {
		selectors += " and " + keys.Ed25519Selector
	}
	text := "signs for " + keys.Domain + " with " + selectors
	for _, r := range signer.Records() {
		text += "\nDNS needs this TXT record at " + r.Name + ":\n" + r.Value
	}
	return finding.OK(part, text)
}
