package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"postrider/admin"
	"postrider/config"
	"postrider/daemon"
	"postrider/internal/finding"
	"postrider/web"
)

func (c *cmdEnv) admin() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "admin",
		Short: "Manage access to the admin pages",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.adminPasswd())
	return cmd
}

func (c *cmdEnv) adminPasswd() *cobra.Command {
	return &cobra.Command{
		Use:   "passwd",
		Short: "Hash a password for the configuration file",
		Long: "Reads a password and prints the configuration line for the admin pages. A terminal asks for it twice.\n" +
			"The password itself is not stored. No configuration is needed.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			password, err := c.readPassword(cmd.InOrStdin())
			if err != nil {
				return err
			}
			hash, err := admin.HashPassword(password)
			if err != nil {
				return err
			}
			fmt.Fprintln(c.err, "Add this line to [admin], or write the quoted value to the file named by password_hash_file.")
			fmt.Fprintf(c.out, "password_hash = %q\n", hash)
			return nil
		},
	}
}

// readPassword reads a password without echo from a terminal, or the first line of any other input.
func (c *cmdEnv) readPassword(in io.Reader) (string, error) {
	f, isFile := in.(*os.File)
	if !isFile || !term.IsTerminal(int(f.Fd())) {
		line, err := bufio.NewReader(in).ReadString('\n')
		if err != nil && err != io.EOF {
			return "", fmt.Errorf("reading the password: %w", err)
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	var typed [2]string
	for i, prompt := range []string{"Password: ", "Repeat password: "} {
		fmt.Fprint(c.err, prompt)
		line, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(c.err)
		if err != nil {
			return "", fmt.Errorf("reading the password: %w", err)
		}
		typed[i] = string(line)
	}
	if typed[0] != typed[1] {
		return "", errors.New("the passwords do not match")
	}
	return typed[0], nil
}

// newAdminServer creates the admin server for a daemon. Both use the same clock.
func (a *app) newAdminServer(ctx context.Context, d *daemon.Daemon, now func() time.Time) (*admin.Server, error) {
	zone, err := time.LoadLocation(a.cfg.Digest.Zone)
	if err != nil {
		return nil, err
	}
	trial, err := a.daemon(ctx, nil, now)
	if err != nil {
		return nil, err
	}
	site := a.site()
	site.Links = a.forum.Links()
	s, err := admin.New(admin.Deps{
		Store: a.store, Forum: a.forum, Pages: a.set.Pages(a.site(), base(a.cfg.Admin.Address())), Zone: zone,
		Proxies: a.cfg.Web.TrustedProxies, Log: a.log, Now: now, Wake: d.Wake,
		Config: adminSettings(a.cfg), Site: site, Templates: a.cfg.Templates.Dir, Brand: a.set.Brand(), PreviewDaemon: trial,
		Renderer: a.renderer, Links: a.links, Settings: a.settings(), SendTest: d.SendTestAnnouncement,
	}, a.cfg.Admin.Config)
	if err != nil {
		return nil, fmt.Errorf("setting up the admin pages: %w", err)
	}
	return s, nil
}

// adminSettings lists the configuration as the admin pages show it.
func adminSettings(cfg config.Config) []admin.Setting {
	var list []admin.Setting
	for _, e := range cfg.Entries() {
		list = append(list, admin.Setting(e))
	}
	return list
}

// openAdmin starts listening for administrators if a sign-in method is configured.
func (s *service) openAdmin(ctx context.Context) (serve func() error, err error) {
	if !s.cfg.Admin.Enabled() {
		return func() error { return nil }, nil
	}
	pages, err := s.newAdminServer(ctx, s.daemon, s.clock)
	if err != nil {
		return nil, err
	}
	l, err := s.listen("admin", s.cfg.Admin.Listen)
	if err != nil {
		return nil, fmt.Errorf("opening the admin pages: %w; choose another admin.listen", err)
	}
	s.log.Info("admin pages open", "listen", l.Addr().String(), "url", s.cfg.Admin.Address())
	return func() error {
		defer pages.Close()
		defer context.AfterFunc(ctx, pages.Stop)()
		return web.Serve(ctx, limitConns(l), pages, s.log)
	}, nil
}

// checkAdmin reports whether and how administrators can sign in.
func checkAdmin(cfg config.Config) finding.Finding {
	a := cfg.Admin
	f := finding.Finding{Part: "admin", Level: finding.LevelOK}
	switch {
	case a.Listen == "":
		f.Text = "off: admin.listen is empty"
	case !a.Enabled():
		f.Text = "off: no password is set; to create one, run: postrider admin passwd"
	case a.PasswordHash != "" && a.UserHeader != "":
		f.Text = "at " + a.Address() + ", with a password or by the proxy's " + a.UserHeader
	case a.UserHeader != "":
		f.Text = "at " + a.Address() + ", by the proxy's " + a.UserHeader
	default:
		f.Text = "at " + a.Address() + ", with a password"
	}
	if a.Enabled() && a.Cleartext() {
		f.Level, f.Fix = finding.LevelWarn, "passwords and sessions travel without encryption between your browser and the proxy: set admin.url to an https address"
	}
	return f
}
