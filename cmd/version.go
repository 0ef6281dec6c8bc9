package cmd

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the linker; a plain "go build" takes the module's.
var version string

func newVersion() *cobra.Command {
	c := &cobra.Command{
		Use:     "version",
		GroupID: groupLook,
		Short:   "Print the version",
		Example: "  dagu version\n  dagu version --format json",
		Args:    noArguments,
	}
	f := formatFlag(c, formatText, formatJSON)
	c.RunE = func(c *cobra.Command, _ []string) error {
		v := versionOf()
		if f.value == formatJSON {
			return printJSON(c.OutOrStdout(), v)
		}
		return v.print(c.OutOrStdout())
	}
	return c
}

type versionInfo struct {
	Version  string `json:"version"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// print writes it for people.
func (v versionInfo) print(w io.Writer) error {
	_, err := fmt.Fprintf(w, "dagu %s (%s, %s)\n", v.Version, v.Go, v.Platform)
	return err
}

func versionOf() versionInfo {
	v := versionInfo{Version: version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); v.Version == "" && ok {
		v.Version = info.Main.Version
	}
	return v
}
