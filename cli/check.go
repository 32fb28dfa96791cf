package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"postrider/config"
	"postrider/mail"
	"postrider/source"
	"postrider/store"
	"postrider/templates"
)

func (c *console) check() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Test every part and say how to mend what is wrong",
		Long:  "Tests the configuration, the templates, the store, the forum, the keys that mails are signed with and the\nrelay, a line each: ok, warn or FAIL, and how to mend it. Exits with 1 if anything fails.",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return c.checkAll(cmd.Context(), asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// finding is one line of a check.
type finding struct {
	Part  string `json:"part"`
	Level string `json:"level"` // ok, warn, FAIL
	Text  string `json:"text"`
	Cure  string `json:"cure,omitempty"`
}

const (
	levelOK   = "ok"
	levelWarn = "warn"
	levelFail = "FAIL"
)

func (c *console) checkAll(ctx context.Context, asJSON bool) error {
	findings := c.findings(ctx)
	failed := false
	for _, f := range findings {
		failed = failed || f.Level == levelFail
		if !asJSON {
			c.printFinding(f)
		}
	}
	if asJSON {
		if err := c.json(findings); err != nil {
			return err
		}
	}
	if failed {
		return errSilent
	}
	return nil
}

func (c *console) printFinding(f finding) {
	text := strings.ReplaceAll(f.Text, "\n", "\n        ")
	fmt.Fprintf(c.out, "%-4s  %s: %s\n", f.Level, f.Part, text)
	if f.Cure != "" && f.Level != levelOK {
		fmt.Fprintf(c.out, "      -> %s\n", f.Cure)
	}
}

func (c *console) findings(ctx context.Context) []finding {
	cfg, err := c.load()
	if err != nil {
		return []finding{{"config", levelFail, err.Error(), "mend the lines named above; config.example.toml tells of every key"}}
	}
	all := []finding{{Part: "config", Level: levelOK, Text: c.config + " is understood"}}
	all = append(all, checkTemplates(cfg), checkStore(ctx, cfg))
	all = append(all, checkForum(ctx, cfg)...)
	return append(all, checkDKIM(cfg), c.checkRelay(ctx, cfg))
}

func checkTemplates(cfg config.Config) finding {
	set, err := templates.Load(cfg.Templates.Dir)
	if err != nil {
		return finding{"templates", levelFail, err.Error(), "mend the file named above, or take it out of " + cfg.Templates.Dir}
	}
	return finding{Part: "templates", Level: levelOK, Text: "locales " + strings.Join(set.Locales(), ", ")}
}

func checkStore(ctx context.Context, cfg config.Config) finding {
	// A check must not make a database as a side effect.
	if path, ok := strings.CutPrefix(cfg.Store.DSN, "sqlite:"); ok {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			return missingStore(path)
		}
	}
	s, err := store.Open(ctx, cfg.Store.DSN)
	if err != nil {
		return finding{"store", levelFail, err.Error(), "see that the database of [store] dsn runs and that postrider may use it"}
	}
	defer s.Close()
	have, want, err := s.Version(ctx)
	switch {
	case err != nil:
		return finding{"store", levelFail, err.Error(), "see that postrider may read and write the database of [store] dsn"}
	case have > want:
		return finding{"store", levelFail, fmt.Sprintf("the store is at step %d, this program knows %d", have, want), "run the newer postrider that made it"}
	case have < want:
		return finding{"store", levelWarn, fmt.Sprintf("the store is at step %d of %d", have, want), "postrider migrate, or just postrider run"}
	}
	return finding{Part: "store", Level: levelOK, Text: fmt.Sprintf("at step %d", have)}
}

// missingStore tells a store that the first run makes from one that it cannot make.
func missingStore(path string) finding {
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return finding{"store", levelFail, path + " cannot be made: " + dir + " is no directory", "make the directory, and let postrider write in it"}
	}
	return finding{"store", levelWarn, path + " does not exist yet", "the first run makes it; nothing to do"}
}

func checkForum(ctx context.Context, cfg config.Config) []finding {
	db, err := source.Open(ctx, cfg.Forum.Config)
	if err != nil {
		return []finding{{"forum", levelFail, err.Error(), "see that the database of [forum] dsn runs and that the account may read it"}}
	}
	defer db.Close()
	levels := map[source.Level]string{source.OK: levelOK, source.Warn: levelWarn, source.Fail: levelFail}
	var all []finding
	for _, f := range db.Check(ctx) {
		all = append(all, finding{"forum " + f.Name, levels[f.Level], f.Text, f.Cure})
	}
	return all
}

// checkDKIM tells what must stand in DNS. It does not look there.
func checkDKIM(cfg config.Config) finding {
	signer, err := mail.NewSigner(cfg.DKIM)
	if err != nil {
		return finding{"dkim", levelFail, "dkim." + err.Error(), "mend [dkim] as said above; config.example.toml tells how to make a key"}
	}
	if signer == nil {
		return finding{Part: "dkim", Level: levelOK, Text: "off: the relay signs"}
	}
	selectors := cfg.DKIM.Selector
	if cfg.DKIM.Ed25519Selector != "" {
		selectors += " and " + cfg.DKIM.Ed25519Selector
	}
	text := "signs for " + cfg.DKIM.Domain + " with " + selectors
	for _, r := range signer.Records() {
		text += "\nDNS must have, as TXT of " + r.Name + ":\n" + r.Value
	}
	return finding{Part: "dkim", Level: levelOK, Text: text}
}

func (c *console) checkRelay(ctx context.Context, cfg config.Config) finding {
	relay, err := mail.NewSMTP(cfg.SMTP.SMTPConfig, newLog(c.err, cfg.Log))
	if err == nil {
		defer relay.Close()
		err = relay.Check(ctx)
	}
	if err != nil {
		return finding{"smtp", levelFail, err.Error(), "see that the relay of [smtp] url runs and takes mail from this machine"}
	}
	return finding{Part: "smtp", Level: levelOK, Text: "the relay answers"}
}
