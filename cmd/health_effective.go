package cmd

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"dagu/config"
	"dagu/modules/doctor"
	"dagu/modules/health"
)

// endpoints are the paths that probes may ask.
func endpoints() doctor.Endpoints {
	return doctor.Endpoints{
		Health: health.Path, Live: health.LivePath, Ready: health.ReadyPath, Startup: health.StartupPath,
		Metrics: health.MetricsPath,
		Web:     "/api/v1/health",
	}
}

// effective reads what a container is set to, as its dagu would.
func effective(root *cobra.Command) func(doctor.Launch) (doctor.Settings, error) {
	return func(l doctor.Launch) (doctor.Settings, error) {
		given := map[string]string{}
		if c, _, err := root.Find([]string{l.Command}); err == nil {
			for name, value := range l.Flags {
				if f := c.Flags().Lookup(name); f != nil && len(f.Annotations[keyAnnotation]) == 1 {
					given[f.Annotations[keyAnnotation][0]] = value
				}
			}
		}
		// The home of an image is not known, and that of whoever asks is none of it.
		const nowhere = "/nowhere"
		home, env := l.Flags[flagHome], l.Env
		if home == "" && !strings.Contains("\n"+strings.Join(env, "\n"), "\nDAGU_HOME=") {
			home = nowhere
		}
		loaded, err := config.Load(config.Options{Flags: given, Home: home, NoFile: true, Environ: env, Dir: "/"})
		if err != nil {
			return doctor.Settings{}, oneLine(err)
		}
		return settings(l.Command, loaded.Config, nowhere), nil
	}
}

// settings is the part of a configuration that matters to probes and storage;
// paths below nowhere are not known.
func settings(command string, c config.Config, nowhere string) doctor.Settings {
	known := func(path string) string {
		if strings.HasPrefix(path, nowhere+"/") {
			return ""
		}
		return path
	}
	s := doctor.Settings{
		Host: c.Scheduler.Host, Port: c.Scheduler.Port, BasePath: c.BasePath,
		StallThreshold: c.Scheduler.StallThreshold, StartTimeout: c.Scheduler.StartTimeout, StopTimeout: c.Scheduler.StopTimeout,
		DataDir: known(c.Paths.DataDir), DAGsDir: known(c.Paths.DAGsDir),
	}
	if command != doctor.Scheduler {
		s.Host, s.Port = c.Host, c.Port
	}
	return s
}

// oneLine puts the errors of a configuration behind each other.
func oneLine(err error) error {
	var all config.Errors
	if !errors.As(err, &all) {
		return err
	}
	texts := make([]string, len(all))
	for i, e := range all {
		texts[i] = e.Error()
	}
	return errors.New(strings.Join(texts, "; "))
}
