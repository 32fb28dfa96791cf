package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
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
		Short: "Prepare the room for administrators",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.adminPasswd())
	return cmd
}

func (c *cmdEnv) adminPasswd() *cobra.Command {
	return &cobra.Command{
		Use:   "passwd",
		Short: "Print what stands in the configuration of a password",
		Long: "Reads a password, twice from a terminal and once from anything else, and prints the line that makes it the\n" +
			"password of the room for administrators. The password itself is kept nowhere. The configuration is not needed.",
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
			fmt.Fprintln(c.err, "Put this line into [admin]; or what stands between the quotes into the file that password_hash_file names.")
			fmt.Fprintf(c.out, "password_hash = %q\n", hash)
			return nil
		},
	}
}

// readPassword reads a password without showing it, or the first line of what is no terminal.
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
	for i, prompt := range []string{"Password: ", "The same again: "} {
		fmt.Fprint(c.err, prompt)
		line, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(c.err)
		if err != nil {
			return "", fmt.Errorf("reading the password: %w", err)
		}
		typed[i] = string(line)
	}
	if typed[0] != typed[1] {
		return "", errors.New("the two are not the same: nothing was made")
	}
	return typed[0], nil
}

// adminRoom readies the room for administrators, beside a daemon and on its clock.
func (h *app) adminRoom(ctx context.Context, d *daemon.Daemon, now func() time.Time) (*admin.Server, error) {
	zone, err := time.LoadLocation(h.cfg.Digest.Zone)
	if err != nil {
		return nil, err
	}
	trial, err := h.daemon(ctx, nil, now)
	if err != nil {
		return nil, err
	}
	site := h.site()
	site.Links = h.forum.Links()
	s, err := admin.New(admin.Deps{
		Store: h.store, Forum: h.forum, Pages: h.set.Pages(h.site(), base(h.cfg.Admin.Address())), Zone: zone,
		Proxies: h.cfg.Web.TrustedProxies, Log: h.log, Now: now, Wake: d.Wake,
		Config: settings(h.cfg), Site: site, Templates: h.cfg.Templates.Dir, PreviewDaemon: trial,
		Renderer: h.press, Links: h.links, Settings: h.settings(), SendTest: d.SendTestAnnouncement,
	}, h.cfg.Admin.Config)
	if err != nil {
		return nil, fmt.Errorf("readying the room for administrators: %w", err)
	}
	return s, nil
}

// settings are the configuration as administrators see it.
func settings(cfg config.Config) []admin.Setting {
	var list []admin.Setting
	for _, e := range cfg.Entries() {
		list = append(list, admin.Setting(e))
	}
	return list
}

// openAdmin begins to listen for administrators, if there is a way for them to log in.
func (h *app) openAdmin(ctx context.Context, d *daemon.Daemon, now func() time.Time) (serve func() error, err error) {
	if !h.cfg.Admin.Enabled() {
		return func() error { return nil }, nil
	}
	s, err := h.adminRoom(ctx, d, now)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", h.cfg.Admin.Listen)
	if err != nil {
		return nil, fmt.Errorf("opening the room for administrators: %w; choose another admin.listen", err)
	}
	h.log.Info("room for administrators open", "listen", l.Addr().String(), "url", h.cfg.Admin.Address())
	return func() error {
		defer s.Close()
		defer context.AfterFunc(ctx, s.Stop)()
		return web.Serve(ctx, l, s, h.log)
	}, nil
}

// checkAdmin tells whether and how administrators can log in.
func checkAdmin(cfg config.Config) finding.Finding {
	a := cfg.Admin
	f := finding.Finding{Part: "admin", Level: finding.LevelOK}
	switch {
	case a.Listen == "":
		f.Text = "off: admin.listen is empty"
	case !a.Enabled():
		f.Text = "off: there is no password. To make one: postrider admin passwd"
	case a.PasswordHash != "" && a.UserHeader != "":
		f.Text = "at " + a.Address() + ", with a password or by the proxy's " + a.UserHeader
	case a.UserHeader != "":
		f.Text = "at " + a.Address() + ", by the proxy's " + a.UserHeader
	default:
		f.Text = "at " + a.Address() + ", with a password"
	}
	if a.Enabled() && a.Cleartext() {
		f.Level, f.Fix = finding.LevelWarn, "passwords and sessions travel without encryption between your browser and the proxy: give the room an https address"
	}
	return f
}
