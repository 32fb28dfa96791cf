package cli

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"postrider/config"
	"postrider/forumdir"
	"postrider/internal/line"
	"postrider/source"
)

// initOptions are the flags of init.
type initOptions struct {
	url, user    string
	forumAccount bool
}

func (c *cmdEnv) init() *cobra.Command {
	var o initOptions
	cmd := &cobra.Command{
		Use:   "init FOLDER",
		Short: "Write a configuration for the forum in a folder",
		Long: "Finds the forum software and its database from the forum's own configuration below FOLDER: XenForo, phpBB,\n" +
			"MyBB, SMF, FluxBB, Flarum, NodeBB, Vanilla or Discourse. Writes a configuration file, prints the statements that\n" +
			"create a database account which can only read, and runs check once that account exists. Changes nothing on the\n" +
			"forum, and overwrites no file.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.initialize(cmd.Context(), args[0], o)
		},
	}
	cmd.Flags().StringVar(&o.url, "url", "", "the forum's public `address`; default: the one in the forum's settings")
	cmd.Flags().StringVar(&o.user, "user", "postrider", "the `name` of the database account to create")
	cmd.Flags().BoolVar(&o.forumAccount, "forum-account", false, "use the forum's own database account, which can also write")
	return cmd
}

func (c *cmdEnv) initialize(ctx context.Context, folder string, o initOptions) error {
	if _, err := os.Stat(c.config); err == nil {
		return usagef("%s exists: remove it, or name another file with --config", c.config)
	}
	found, err := forumdir.Find(folder)
	if err != nil {
		return findError(folder, err)
	}
	fmt.Fprintf(c.out, "Found %s: %s\n", found.Title, line.Clean(found.File))
	fmt.Fprintf(c.out, "Its database: %s\n", describeDatabase(found.DB))
	if err := supported(found); err != nil {
		return err
	}
	c.addSite(ctx, &found)
	found.URL = strings.TrimRight(cmp.Or(o.url, found.URL), "/")
	if u, err := url.Parse(found.URL); err != nil || u.Host == "" {
		return usagef("the forum's files do not tell its public address: add --url https://forum.example.org")
	}
	if found.Name == "" {
		fmt.Fprintln(c.out, "The forum's name is not known: set name in [forum], or emails name its host")
	}
	account, err := newAccount(found.DB, o)
	if err != nil {
		return err
	}
	text := configFor(found, account.dsn())
	if _, err := config.Parse(text, filepath.Dir(c.config), c.getenv); err != nil {
		return usagef("postrider cannot use what %s says, or --url: nothing was written:\n%w", found.File, err)
	}
	if err := writeNew(c.config, text); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "Wrote %s\n", c.config)
	return c.afterInit(ctx, account)
}

// findError adds what to do to an error of forumdir.Find.
func findError(folder string, err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w; run init as a user who may read the forum's configuration, for example with sudo", err)
	case errors.Is(err, forumdir.ErrNone):
		return fmt.Errorf("%w; if it is elsewhere, name that folder; for a forum of your own, see docs/custom-forum.md", err)
	}
	return fmt.Errorf("reading the forum's configuration in %s: %w", folder, err)
}

// describeDatabase names a database without its password.
func describeDatabase(d forumdir.Database) string {
	if d.Engine == "sqlite" {
		return "SQLite, " + d.File
	}
	return fmt.Sprintf("%s, %s on %s", d.Engine, d.Name, cmp.Or(d.Socket, strings.TrimSuffix(d.Host+":"+d.Port, ":")))
}

// supported checks that Postrider can read the forum from its database.
func supported(f forumdir.Forum) error {
	for _, t := range source.Types() {
		if t.Name != f.Type {
			continue
		}
		if slices.Contains(t.Engines, f.DB.Engine) {
			return nil
		}
		return usagef("postrider cannot read %s from %s, only from %s", t.Title, f.DB.Engine, strings.Join(t.Engines, ", "))
	}
	return usagef("postrider cannot read %s yet; its types are listed by: postrider forums", f.Title)
}

// addSite reads the forum's name and address from its database, with the forum's own account. It says why it cannot.
func (c *cmdEnv) addSite(ctx context.Context, f *forumdir.Forum) {
	set := source.DefaultConfig()
	set.Type, set.DSN, set.Prefix, set.Timeout = f.Type, dsnOf(f.DB, f.DB.User, f.DB.Password), f.Prefix, 10*time.Second
	set.URL = cmp.Or(f.URL, "https://forum.example.org")
	db, err := source.Open(ctx, set)
	if err != nil {
		fmt.Fprintf(c.err, "postrider: cannot read the forum's name and address: %s\n", line.Printable(err.Error()))
		return
	}
	defer db.Close()
	site, err := db.Site(ctx)
	if err != nil {
		fmt.Fprintf(c.err, "postrider: cannot read the forum's name and address: %s\n", line.Printable(err.Error()))
		return
	}
	f.Name, f.URL = cmp.Or(f.Name, site.Name), cmp.Or(f.URL, site.URL)
}

// writeNew writes a file that must not exist yet. Only its owner may read it.
func writeNew(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// afterInit says what to do next, and runs check if the account works already.
func (c *cmdEnv) afterInit(ctx context.Context, a account) error {
	if statements := a.statements(); statements != "" {
		fmt.Fprintf(c.out, "\nCreate its database account, as an administrator of the database:\n\n%s\n\nIf another forum on this server has an "+
			"account %q, remove %s and run init again with another --user.\n", statements, a.user, c.config)
	}
	if a.writes {
		fmt.Fprintln(c.out, "\nWarning: this is the forum's own account, which can also write. Postrider only reads, but an account that can only "+
			"read is safer: run init without --forum-account.")
	}
	path, err := filepath.Abs(c.config)
	if err != nil {
		path = c.config
	}
	if cfg, err := c.load(); err == nil {
		if db, err := source.Open(ctx, cfg.Forum.Config); err == nil {
			db.Close()
			fmt.Fprintf(c.out, "\nChecking %s:\n\n", path)
			return c.checkAll(ctx, checkOptions{})
		}
	}
	fmt.Fprintf(c.out, "\nThen set [smtp] in %s, and run: postrider check -c %s\n", path, c.config)
	return nil
}

// account is the database account that the configuration names.
type account struct {
	db             forumdir.Database
	user, password string
	writes         bool // the forum's own
}

// newAccount returns the forum's own account, or one to create, with a random password.
func newAccount(db forumdir.Database, o initOptions) (account, error) {
	if o.forumAccount || db.Engine == "sqlite" {
		return account{db: db, user: db.User, password: db.Password, writes: db.Engine != "sqlite"}, nil
	}
	if !isAccountName(o.user) {
		return account{}, usagef("invalid --user %q: must have only letters, digits and _", o.user)
	}
	return account{db: db, user: o.user, password: rand.Text()}, nil
}

func isAccountName(s string) bool {
	return s != "" && len(s) <= 32 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

func (a account) dsn() string { return dsnOf(a.db, a.user, a.password) }
