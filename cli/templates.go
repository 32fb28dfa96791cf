package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"postrider/templates"
)

func (c *cmdEnv) templates() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "templates",
		Short: "Copy the shipped templates and translations, to change them",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var dir string
	export := &cobra.Command{
		Use:   "export NAME...",
		Short: "Copy shipped files into your own folder",
		Long: "Copies shipped files into the folder of [templates] dir, so that you can change them: for example mail/alert.html, or\n" +
			"locales/de.toml. It never overwrites a file. A daemon uses them after its next start or SIGHUP, if they are right.\n\n" +
			"Copy only what you change: improvements of a shipped file no longer reach you if you have your own. An unknown NAME\n" +
			"lists all. The admin web interface previews every message, and reloads when a file changes.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, names []string) error { return c.exportTemplates(names, dir) },
	}
	export.Flags().StringVar(&dir, "dir", "", "another `folder` than [templates] dir")
	cmd.AddCommand(export)
	return cmd
}

func (c *cmdEnv) exportTemplates(names []string, dir string) error {
	if dir == "" {
		cfg, err := c.load()
		if err != nil {
			return err
		}
		if dir = cfg.Templates.Dir; dir == "" {
			return usagef("there is no folder for your own files: set [templates] dir in %s, or name one with --dir", c.config)
		}
	}
	for _, name := range names { // before any is written
		if _, err := templates.ShippedFile(name); err != nil {
			return usagef("there is no shipped file %q: must be one of\n  %s", name, strings.Join(templates.Shipped(), "\n  "))
		}
	}
	for _, name := range names {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := exportTemplate(name, path); err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%s\n", path)
	}
	return nil
}

// exportTemplate writes a shipped file where there is none.
func exportTemplate(name, path string) error {
	data, err := templates.ShippedFile(name)
	if err != nil {
		return fmt.Errorf("exporting %s: %w", name, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("exporting %s: %w", name, err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("exporting %s: %s exists already, and may have changes of yours: rename it first", name, path)
	}
	if err != nil {
		return fmt.Errorf("exporting %s: %w", name, err)
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("exporting %s: %w", name, err)
	}
	return nil
}
