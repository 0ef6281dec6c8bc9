package runner

import (
	"context"
	"crypto/tls"
	"fmt"
	"path/filepath"
	"time"

	"dagu/modules/store"
)

// Defaults of the zero Options.
const (
	DefaultMaxOutput = 1 << 20
	DefaultResend    = 5 * time.Second
)

// Options configure a Runner.
type Options struct {
	// Environ is our own environment as NAME=value. Steps inherit a fixed part of
	// it, and what EnvPassthrough names (NAME or PREFIX*).
	Environ        []string
	EnvPassthrough []string
	// DefaultShell is the shell, with its arguments, of steps whose workflow names
	// none; "" is $SHELL, else sh.
	DefaultShell string
	// DAGsDir is where steps find the DAGs that they call and that are not beside their
	// own; "" is nowhere. BaseFile is the base file of these; "" is none.
	DAGsDir, BaseFile string
	// Location is the time zone of schedules that name none; nil is the machine's.
	Location *time.Location
	// TempDir holds scripts and output files of steps while they run. It is
	// made when it is missing, for us alone. It must be absolute.
	TempDir string
	// DrainTimeout is how long Stop waits for runs to end by themselves; 0 stops them at once.
	DrainTimeout time.Duration
	// FileTimeout is how long a file that a workflow names may take to answer; 0 is 10 s.
	FileTimeout time.Duration
	// MaxOutput bounds, in bytes, what a step may publish; 0 is DefaultMaxOutput.
	MaxOutput int
	// Resend is the time between two stop signals to a step; 0 is DefaultResend.
	Resend time.Duration
	// MailTLS are the settings of encrypted connections to mail servers; nil trusts the
	// certificates of the system.
	MailTLS *tls.Config
	// Metrics are counted in; nil counts nothing.
	Metrics *Metrics
}

func (o Options) withDefaults() (Options, error) {
	if !filepath.IsAbs(o.TempDir) {
		return o, fmt.Errorf("runner: TempDir %q is not absolute", o.TempDir)
	}
	if o.MaxOutput <= 0 {
		o.MaxOutput = DefaultMaxOutput
	}
	if o.Resend <= 0 {
		o.Resend = DefaultResend
	}
	return o, nil
}

// Store is what the runner needs of the store.
type Store interface {
	// Text returns what a run's workflow was loaded from.
	Text(ctx context.Context, hash string) (store.Text, error)
	// Begin records the intent to fork the first step.
	Begin(ctx context.Context, ref store.Ref, logDir, workDir string, steps []store.Step) error
	// SaveSteps records the state of steps.
	SaveSteps(ctx context.Context, ref store.Ref, steps []store.Step) error
	// Identity tells the database apart from others, whatever copy of it this is.
	Identity() string
	// Adopt records how a run ended that was executed before the database was restored.
	Adopt(ctx context.Context, ref store.Ref, logDir, workDir string, result store.Result) error
	// Finish records how the attempt ended.
	Finish(ctx context.Context, ref store.Ref, result store.Result) error
	// Interrupt is Finish for an attempt that a shutdown cut short; the run may be
	// queued again.
	Interrupt(ctx context.Context, ref store.Ref, result store.Result) (store.Run, error)
	// RetryLater is Finish for an attempt that is to be followed by another one.
	RetryLater(ctx context.Context, ref store.Ref, result store.Result, wait time.Duration) (store.Run, error)
	// SchedulerAlive tells whether there is a process that would run what is queued.
	SchedulerAlive(ctx context.Context) (bool, error)
	// Unadmit returns a run that did not begin to its queue.
	Unadmit(ctx context.Context, ref store.Ref) error
	// Steps returns the recorded steps of an attempt.
	Steps(ctx context.Context, runID string, attempt int) ([]store.Step, error)
	// PutTexts records what DAGs that steps call were loaded from.
	PutTexts(ctx context.Context, texts []store.Text) error
	// StartInside begins a run that a step waits for.
	StartInside(ctx context.Context, parent store.Ref, n store.NewRun) (store.Run, error)
	// Enqueue queues a run that no step waits for.
	Enqueue(ctx context.Context, n store.NewRun) (store.Run, error)
	// Run returns a run; store.ErrNotFound when there is none of the id.
	Run(ctx context.Context, id string) (store.Run, error)
	// StopRequested returns the requests to stop our runs.
	StopRequested(ctx context.Context) ([]store.StopRequest, error)
	// Subscribe returns a channel that holds a value after a change, and its end.
	Subscribe(topic store.Topic) (<-chan struct{}, func())
}

// Observer hears of the steps of a run in the foreground. Its methods are called
// one at a time and must return soon.
type Observer interface {
	// Begun is called once with all steps, handlers last.
	Begun(steps []store.Step)
	// Changed is called with every new state of a step.
	Changed(step store.Step)
}
