package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"

	"dagu/modules/fault"
	"dagu/modules/runner/process"
)

// Self is how our own program is started as a process that does nothing and ends
// with code 0.
type Self struct {
	// Path is the program's, Args are its arguments, with the name first.
	Path string
	Args []string
}

// SelfArgument is the argument with which the program ends at once.
const SelfArgument = "end-at-once"

// NewSelf is the program of this process, even when its file was replaced or
// removed: the kernel keeps it under /proc/self/exe, proc(5).
func NewSelf() (Self, error) {
	path := "/proc/self/exe"
	if runtime.GOOS != "linux" {
		var err error
		if path, err = os.Executable(); err != nil {
			return Self{}, fmt.Errorf("find our own program: %w", err)
		}
	}
	return Self{Path: path, Args: []string{"dagu", SelfArgument}}, nil
}

// CheckFork tells why no run could begin: its directories do not answer, or no process
// can be started and reaped, as it is done with those of steps: there are no process
// numbers, descriptors or memory left, say. It takes no slot and no notice of any run.
func (r *Runner) CheckFork(ctx context.Context, self Self) error {
	if err := r.logs.Ready(); err != nil {
		return fmt.Errorf("look at the directories of runs: %w", err)
	}
	if err := fault.Error("executor.fork"); err != nil {
		return err
	}
	p, err := r.processes.Spawn(ctx, &process.Spec{Path: self.Path, Args: self.Args, Dir: "/", Env: []string{}})
	if err != nil {
		return err
	}
	select {
	case <-p.Done():
	case <-ctx.Done():
		p.End(process.Ending{})
		return errors.New("a process of our own program does not end")
	}
	if exit := p.Exit(); exit.Code != 0 {
		return fmt.Errorf("a process of our own program ended wrongly: %s", exit)
	}
	return nil
}
