package cli

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func (c *cmdEnv) version() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := readVersion()
			if asJSON {
				return c.json(v)
			}
			fmt.Fprintf(c.out, "postrider %s (%s)\n", v.Version, v.Go)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

type versionInfo struct {
	Version string `json:"version"`
	Go      string `json:"go"`
}

// readVersion returns the tag or the commit that the binary was built from.
func readVersion() versionInfo {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return versionInfo{Version: "unknown"}
	}
	v := versionInfo{Version: info.Main.Version, Go: info.GoVersion}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && (v.Version == "" || v.Version == "(devel)") {
			v.Version = s.Value[:min(12, len(s.Value))]
		}
	}
	return v
}
