package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"dagu/modules/action"
	"dagu/modules/dag"
	"dagu/modules/fault"
	"dagu/modules/runner/environ"
	"dagu/modules/runner/process"
	"dagu/modules/runner/shell"
)

// timeoutCode is the exit code of a step whose time was over.
const timeoutCode = 124

// execution is one try of a task.
type execution struct {
	run  *run
	task task
	with action.Values // of an action, resolved
	// records is the path of DAGU_OUTPUT_FILE.
	records string
	outLog  string
	errLog  string
	scope   scope // with what only an execution has
	launch  launch
	argvs   [][]string
	calls   []call // of other DAGs
	// began is when its time, and that of its processes, began.
	began time.Time
}

func newExecution(x *run, t task) *execution {
	e := &execution{run: x, task: t}
	e.outLog, e.errLog = x.files.Step(t.title())
	if cmp.Or(t.step.LogOutput, x.dag.LogOutput) == dag.LogMerged {
		merged := x.files.Merged(t.title())
		e.outLog, e.errLog = merged, merged
	}
	return e
}

// do runs the commands of the task and tells how that ended. One that is repeated may
// end by itself when the run is stopped: only its next execution is kept from it.
func (e *execution) do(ctx context.Context) result {
	if e.repeats() {
		var end func()
		ctx, end = e.run.grace(ctx)
		defer end()
	}
	e.launch = launch{
		dirs: e.task.dirs, path: pathOf(e.task.scope.env),
		outLog: e.outLog, errLog: e.errLog,
	}
	e.records = e.run.temps.reserve("")
	defer func() {
		e.run.temps.release(e.records)
		e.run.temps.release(e.launch.script)
	}()
	e.enrich()
	if err := e.resolve(); err != nil {
		return e.fail(ctx, err)
	}
	if len(e.argvs) > 0 || len(e.with) > 0 { // other steps have nobody who could open it
		e.launch.emitted = e.records
	}
	var files *launched
	err := e.run.awaitRoom(ctx, func() (err error) {
		files, err = e.run.runner.prepare(ctx, e.launch)
		return err
	})
	if err != nil {
		return e.fail(ctx, err)
	}
	s, err := openStreams(files, e.keep(), e.run.secrets)
	if err != nil {
		return e.fail(ctx, err)
	}
	e.began = time.Now()
	r := e.perform(ctx, files.programs, s)
	r.stdout, r.stdoutFrom = e.outLog, files.outSize
	s.finish(e.run.killed)
	return e.finish(ctx, r, s)
}

// fail is the result of an execution that started nothing.
func (e *execution) fail(ctx context.Context, err error) result {
	return result{err: err, aborted: ctx.Err() != nil}
}

// enrich adds the variables that only an execution has.
func (e *execution) enrich() {
	e.scope = e.task.scope.inner()
	set := func(name, field, value string) {
		e.scope.env[name] = value
		e.scope.values.Context[field] = value
	}
	set("DAGU_OUTPUT_FILE", "paths.step_output_file", e.records)
	if !e.task.handler {
		set("DAG_RUN_STEP_STDOUT_FILE", "paths.step_stdout_file", e.outLog)
		set("DAG_RUN_STEP_STDERR_FILE", "paths.step_stderr_file", e.errLog)
	}
}

// resolve makes the command lines and the paths of the streams.
func (e *execution) resolve() error {
	step := e.task.step
	base := e.task.dir()
	var err error
	if e.launch.out, err = e.second(step.Stdout, base); err != nil {
		return fmt.Errorf("stdout: %w", err)
	}
	if e.launch.err, err = e.second(step.Stderr, base); err != nil {
		return fmt.Errorf("stderr: %w", err)
	}
	if e.launch.out.path != "" && e.launch.out.path == e.launch.err.path {
		return fmt.Errorf("stdout and stderr are the same file %s", e.launch.out.path)
	}
	if err := e.resolveWork(); err != nil {
		return err
	}
	for _, argv := range e.argvs {
		e.launch.programs = append(e.launch.programs, argv[0])
	}
	return nil
}

func (e *execution) resolveRun(run dag.Run) error {
	switch run.Form {
	case dag.FormScript:
		return e.resolveScript(run)
	case dag.FormList:
		for _, text := range run.List {
			if err := e.resolveCommand(text); err != nil {
				return err
			}
		}
		return nil
	default:
		return e.resolveCommand(run.Text)
	}
}

func (e *execution) resolveCommand(text string) error {
	text = e.scope.values.Refs(text)
	if strings.ContainsRune(text, '\n') {
		return errors.New("the command has a line break once its references are resolved")
	}
	argv, err := e.task.shell.Command(text)
	e.argvs = append(e.argvs, argv)
	return err
}

func (e *execution) resolveScript(run dag.Run) (err error) {
	e.launch.script = e.run.temps.reserve(scriptEnding)
	e.launch.text = e.scope.values.Refs(run.Text)
	var words []string
	switch {
	case run.Program != "":
		words, err = shell.Split(e.scope.values.Expand(run.Program))
	case !e.task.shell.Own:
		words, err = shell.Shebang(e.launch.text)
	}
	if err != nil {
		return fmt.Errorf("read the line that names the interpreter: %w", err)
	}
	if len(words) > 0 {
		e.argvs = [][]string{append(words, e.launch.script)}
		return nil
	}
	argv, err := e.task.shell.Script(e.launch.script)
	e.argvs = [][]string{argv}
	return err
}

// processes runs the commands one after the other, until one fails.
func (e *execution) processes(ctx context.Context, programs []string, s *streams) result {
	env := e.scope.env.List(e.run.marker())
	timeout, stop := after(e.task.step.Timeout)
	defer stop()
	r := result{}
	for i, argv := range e.argvs {
		spec := &process.Spec{
			Path: programs[i], Args: argv, Dir: e.task.dir(), Env: env, Stdout: s.out(), Stderr: s.err(),
		}
		r = e.run.fitting(e.task, spec, func() result { return e.run.spawn(ctx, spec, e.ending(), timeout) })
		if r.err != nil {
			break
		}
		env = spec.Env // without what was too big
	}
	if r.timedOut {
		r.exited, r.code = true, timeoutCode
		r.err = fmt.Errorf("timed out after %s: exit status %d", e.task.step.Timeout, timeoutCode)
	}
	return r
}

// repeats tells whether the task is repeated; handlers are not.
func (e *execution) repeats() bool { return e.task.step.Repeat != nil && !e.task.handler }

// ending is how a stop ends the processes of the step. Those of one that is repeated
// have had their grace by then.
func (e *execution) ending() process.Ending {
	ending := e.run.ending()
	switch {
	case e.repeats():
		return process.Ending{}
	case e.task.step.SignalOnStop != "":
		ending.Signal = unix.SignalNum(e.task.step.SignalOnStop)
	}
	return ending
}

// ending is how a stop ends processes.
func (x *run) ending() process.Ending {
	return process.Ending{Signal: syscall.SIGTERM, Resend: x.runner.options.Resend, Grace: x.dag.MaxCleanUp, Now: x.killed}
}

// spawn runs one process to its end. A stop ends it with its grace, the timeout at once.
func (x *run) spawn(ctx context.Context, spec *process.Spec, ending process.Ending, timeout <-chan time.Time) result {
	fault.At("runner.fork")
	p, err := x.runner.processes.Spawn(ctx, spec)
	fault.At("runner.forked")
	switch {
	case errors.Is(err, syscall.EINVAL):
		err = fmt.Errorf("%w: an argument or a variable has a NUL byte", err)
	case errors.Is(err, syscall.E2BIG):
		err = tooBig(err, spec)
	}
	if err != nil {
		return result{err: err, aborted: ctx.Err() != nil}
	}
	x.first.Do(func() { x.runner.options.Metrics.started(x.rec) })
	r := result{exited: true}
	select {
	case <-p.Done():
	case <-ctx.Done():
		select {
		case <-p.Done(): // it had ended by itself
		default:
			p.End(ending)
			r.aborted = ending.Signal != 0 || p.Exit().Signal != 0
		}
	case <-timeout:
		r.timedOut = true
		p.End(process.Ending{})
	}
	exit := p.Exit()
	r.code = exit.Code
	switch {
	case r.aborted:
		r.err = fmt.Errorf("stopped: %s", exit)
	case exit.Code != 0:
		r.err = errors.New(exit.String() + suspicion(exit))
	}
	return r
}

// suspicion is what to think of when a process was killed that nobody had stopped. A
// shell tells by its exit code that a command of its own was.
func suspicion(exit process.Exit) string {
	switch {
	case exit.Code != 128+int(syscall.SIGKILL):
		return ""
	case exit.Signal == 0:
		return ": a command in it was killed, as the kernel does when memory runs out"
	default:
		return ", not by dagu: the kernel does that when memory runs out"
	}
}

// finish judges an execution whose processes have ended.
func (e *execution) finish(ctx context.Context, r result, s *streams) result {
	if s.stdout != nil && e.task.step.Output != "" && !s.stdout.tooMuch {
		r.output, r.captured = s.stdout.text(), true
	}
	if s.logError != nil {
		e.run.warn("the log of step "+e.task.step.Name+" is not complete", s.logError)
	}
	if r.err != nil {
		return r
	}
	switch {
	case s.copyError != nil:
		r.err = fmt.Errorf("write stream of the step: %w", s.copyError)
	case s.tooMuch():
		r.err = e.tooLarge()
	default:
		return e.publishInTime(ctx, r, s)
	}
	return r
}

func pathOf(env environ.Env) string {
	if path := env["PATH"]; path != "" {
		return path
	}
	return defaultPath
}

// after returns a channel that holds a value when d is over; 0 is never.
func after(d time.Duration) (<-chan time.Time, func()) {
	if d <= 0 {
		return nil, func() {}
	}
	timer := time.NewTimer(d)
	return timer.C, func() { timer.Stop() }
}
