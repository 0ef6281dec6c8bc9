package cmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"dagu/app"
	"dagu/config"
	"dagu/modules/store"
)

// foreground is how a command executes a run in its own process.
type foreground struct {
	quiet  bool
	format *format
}

func addForegroundFlags(c *cobra.Command) *foreground {
	f := &foreground{}
	c.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "no summary and no progress")
	f.format = formatFlag(c, formatText, formatJSON)
	return f
}

// begin records a run as one of this process.
type begin func(ctx context.Context, parts app.Foreground) (store.Run, error)

// run executes what begin records, shows how it goes, and prints how it went. The
// error is the failure of the run.
func (f *foreground) run(c *cobra.Command, loaded *config.Loaded, begin begin) error {
	var show *display
	log := c.ErrOrStderr()
	if file, ok := terminal(log); ok && !f.quiet {
		show = newDisplay(file)
		defer show.close()
		log = show
	}
	return app.InForeground(c.Context(), loaded, log, func(ctx context.Context, parts app.Foreground) error {
		run, err := begin(ctx, parts)
		if err != nil {
			return err
		}
		if show == nil {
			_, err = parts.Runner.Run(ctx, run, nil)
		} else {
			show.start(run)
			_, err = parts.Runner.Run(ctx, run, show)
			show.close()
		}
		if err != nil {
			return err
		}
		return f.conclude(c, parts.Store, run.ID)
	})
}

// conclude prints the run as it is recorded, and judges it.
func (f *foreground) conclude(c *cobra.Command, st *store.Store, id string) error {
	ctx := c.Context() // a signal has ended the run, not what is told of it
	run, err := st.Run(ctx, id)
	if err != nil {
		return err
	}
	if !f.quiet {
		if err = f.format.printRun(c, st, run, part{}); err != nil {
			return err
		}
	}
	return failure(run)
}

// failure is the error that a run leaves its caller with; nil when all is well.
func failure(run store.Run) error {
	switch {
	case run.Status == store.StatusSucceeded, run.Status == store.StatusPartiallySucceeded:
		return nil
	case run.Waiting():
		return fmt.Errorf("%s\nattempt %d is queued, not before %s UTC", run.Error, run.Attempt+1, clock(run.NotBefore))
	case run.Error != "":
		return errors.New(run.Error)
	case run.Reason == store.ReasonPrecondition:
		return nil
	case run.Reason != "":
		return fmt.Errorf("the run %s of %s was %s: %s", run.ID, run.DAG, run.Status, run.Reason)
	default:
		return fmt.Errorf("the run %s of %s is %s", run.ID, run.DAG, run.Status)
	}
}
