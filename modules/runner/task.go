package runner

import (
	"context"
	"fmt"
	"io/fs"
	"slices"

	"dagu/modules/dag"
	"dagu/modules/runner/environ"
	"dagu/modules/runner/shell"
	"dagu/modules/store"
)

// task is one step, or handler, at the time it is started.
type task struct {
	body    *body
	pos     int // in the body's states
	step    *dag.Step
	handler bool
	// round counts the executions that a repeat policy has had before this one.
	round int
	scope scope
	shell shell.Shell
	// dirs are made when they are missing; the last one is the working directory.
	dirs []directory
}

// directory is a directory with the permissions it is made with.
type directory struct {
	path string
	perm fs.FileMode
}

// The permissions of directories that a workflow names.
const (
	rootPerm fs.FileMode = 0o755
	stepPerm fs.FileMode = 0o750
)

// taskEnd is how a task ended.
type taskEnd struct {
	pos    int
	status store.StepStatus
	// passed tells that dependents may run.
	passed bool
	// cancel tells that the rest of the run must not go on.
	cancel bool
}

// newTask resolves what does not change between the executions of a step.
func newTask(b *body, pos int, step *dag.Step) task {
	t := task{body: b, pos: pos, step: step, scope: b.outer.inner()}
	t.scope.env["DAG_RUN_STEP_NAME"] = step.Name
	t.scope.values.Context["step.name"] = step.Name
	delete(t.scope.values.Context, "step.id") // of the step around it
	if step.ID != "" {
		t.scope.values.Context["step.id"] = step.ID
	}
	return t
}

// locate resolves the environment, the directory and the shell of a task. Publish adds
// what other steps have published, which wins over variables of ours.
func (x *run) locate(t *task, publish func(environ.Env)) {
	t.dirs = slices.Clone(t.body.dirs)
	t.scope.env["PWD"] = t.dir()
	publish(t.scope.env)
	if t.step.WorkingDir != "" {
		// The directory may depend on the step's variables, and these on PWD.
		provisional := t.scope.inner()
		provisional.declare(t.step.Env, nil)
		dir := provisional.path(t.step.WorkingDir, t.dir())
		t.dirs = append(t.dirs, directory{dir, stepPerm})
		t.scope.env["PWD"] = dir
		publish(t.scope.env)
	}
	t.scope.declare(t.step.Env, nil)
	t.shell = x.shellOf(t.step.Shell, t.scope)
}

func (t *task) dir() string { return t.dirs[len(t.dirs)-1].path }

// title is what the account calls the task.
func (t *task) title() string { return t.body.logs + t.step.Name }

// stepTask is the task of a step.
func (x *run) stepTask(b *body, i int) task {
	t := newTask(b, i, &b.steps[i])
	t.scope.values.Step = b.known(i)
	x.locate(&t, func(env environ.Env) { b.published(i, env) })
	return t
}

// handlerTask is the task of a handler, which sees what all steps have published.
func (x *run) handlerTask(s slot, status store.Status) task {
	b := x.main()
	t := newTask(b, x.handlerPos(s), s.step(x.dag))
	t.handler = true
	t.scope.values.Step = b.knownToHandlers()
	delete(t.scope.values.Context, "step.id")
	t.scope.env["DAG_RUN_STATUS"] = string(status)
	t.scope.values.Context["run.status"] = string(status)
	x.locate(&t, b.publishedByAll)
	return t
}

// handlerPos is the place of a handler in the recorder.
func (x *run) handlerPos(s slot) int {
	pos := len(x.dag.Steps)
	for earlier := range s {
		if earlier.step(x.dag) != nil {
			pos++
		}
	}
	return pos
}

// runHandler runs a handler.
func (x *run) runHandler(ctx context.Context, s slot, status store.Status) taskEnd {
	return x.runTask(ctx, x.handlerTask(s, status))
}

// passInit runs the init handler. When it fails no step runs.
func (x *run) passInit(ctx context.Context) (outcome, bool) {
	if slotInit.step(x.dag) == nil {
		return outcome{}, true
	}
	switch end := x.runHandler(ctx, slotInit, store.StatusRunning); end.status {
	case store.StepAborted:
		return x.stopped(), false
	case store.StepFailed:
		return outcome{status: store.StatusAborted, errs: []string{x.failure(x.steps.get(end.pos))}}, false
	default:
		return outcome{}, true
	}
}

// passGate checks the preconditions of the run.
func (x *run) passGate(ctx context.Context) (outcome, bool) {
	if len(x.dag.Preconditions) == 0 {
		return outcome{}, true
	}
	t := task{body: x.main(), scope: x.root.inner(), step: &dag.Step{}}
	x.locate(&t, func(environ.Env) {})
	err := x.check(ctx, t, x.dag.Preconditions)
	switch {
	case ctx.Err() != nil:
		return x.stopped(), false
	case err == nil:
		return outcome{}, true
	case isNotMet(err):
		x.journal.printf("precondition of the run: %s", err)
		return outcome{status: store.StatusAborted, reason: store.ReasonPrecondition}, false
	default:
		return outcome{status: store.StatusFailed, errs: []string{fmt.Sprintf("precondition: %s", err)}}, false
	}
}

// shellOf chooses the shell of a step: its own, the workflow's, the configured
// one, $SHELL, sh. Arguments without a program are appended to the one that applies.
func (x *run) shellOf(own *dag.Shell, s scope) shell.Shell {
	if own != nil && own.Program != "" {
		return expand(own, s, shell.Shell{Own: true})
	}
	sh := x.fallbackShell()
	if root := x.dag.Shell; root != nil {
		if root.Program != "" {
			sh = shell.Shell{}
		}
		common := s // the field is not one of the step, and names no others
		common.values.Step, common.values.Foreach = nil, nil
		sh = expand(root, common, sh)
	}
	if own != nil {
		sh = expand(own, s, sh)
	}
	return sh
}

// expand resolves the words of a configured shell over the one that applies else.
func expand(configured *dag.Shell, s scope, sh shell.Shell) shell.Shell {
	if configured.Program != "" {
		sh.Program = s.values.Expand(configured.Program)
	}
	for _, word := range configured.Args {
		sh.Args = append(sh.Args, s.values.Expand(word))
	}
	for _, word := range configured.Packages {
		sh.Packages = append(sh.Packages, s.values.Expand(word))
	}
	return sh
}

// fallbackShell is the shell where no workflow chooses one.
func (x *run) fallbackShell() shell.Shell {
	if words, err := shell.Split(x.runner.options.DefaultShell); err == nil && len(words) > 0 {
		return shell.Shell{Program: words[0], Args: words[1:]}
	}
	if program := x.runner.host["SHELL"]; program != "" {
		return shell.Shell{Program: program}
	}
	return shell.Shell{Program: "sh"}
}
