package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"dagu/config"
)

func newConfig() *cobra.Command {
	c := &cobra.Command{
		Use:     "config",
		GroupID: groupLook,
		Short:   "Print every effective setting and where it comes from",
		Long: `Print every setting with the value that is in force and where it comes from: a
flag, an environment variable, a line of the configuration file, or the default.
Secrets are masked. Nothing is created or changed.`,
		Example: `  dagu config
  DAGU_PORT=9000 dagu config | grep port
  dagu config --format json | jq -r '.values[] | select(.origin != "default") | .key'`,
		Args: noArguments,
	}
	f := formatFlag(c, formatTable, formatJSON)
	c.RunE = func(c *cobra.Command, _ []string) error {
		loaded, err := load(c)
		if err != nil {
			return err
		}
		if f.value == formatJSON {
			return printJSON(c.OutOrStdout(), configOf(loaded))
		}
		t := newTable("KEY", "VALUE", "FROM")
		t.AppendRow([]any{"home", loaded.Home.Text, loaded.Home.Origin})
		for _, v := range loaded.Values {
			t.AppendRow([]any{v.Key, v.Text, v.Origin})
		}
		_, err = fmt.Fprintln(c.OutOrStdout(), t.Render())
		return err
	}
	return c
}

type configInfo struct {
	Home   string        `json:"home"`
	File   string        `json:"file,omitempty"`
	Values []configValue `json:"values"`
}

type configValue struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Origin string `json:"origin"`
	Secret bool   `json:"secret,omitempty"`
}

func configOf(loaded *config.Loaded) configInfo {
	info := configInfo{Home: loaded.Home.Text, File: loaded.File}
	for _, v := range loaded.Values {
		info.Values = append(info.Values, configValue{Key: v.Key, Value: v.Text, Origin: v.Origin.String(), Secret: v.Secret})
	}
	return info
}
