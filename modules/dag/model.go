package dag

import (
	"math"
	"time"

	"dagu/modules/schedule"
)

// DAG is a workflow as its file describes it: checked, with aliases and
// base.yaml applied, and with every reference still unresolved but those in
// Consts. It is read-only after Load.
type DAG struct {
	// Name is the root name, else the file's stem.
	Name        string
	Group       string
	Description string
	// Source is what the DAG was loaded from.
	Source Source
	// Type says how steps without depends are ordered.
	Type Type
	// Schedules are in file order, those of one kind together.
	Schedules []Schedule
	// SkipIfSuccessful skips a due time when a run has succeeded since the one before.
	SkipIfSuccessful bool
	// CatchupWindow is how old a due time may be and still run after a gap; 0 is no catch-up.
	CatchupWindow time.Duration
	// Overlap says what becomes of a due time while the DAG is busy.
	Overlap Overlap
	// RestartWait is the pause between the end of a run and the start of the next in a restart.
	RestartWait time.Duration
	// Queue is the admission queue; "" stands for a queue of the DAG's own name with one slot.
	Queue    string
	Priority int
	// OnInterrupt says what becomes of a run whose scheduler died or was stopped.
	OnInterrupt Interrupt
	// Retry gives a failed run further attempts; nil is none.
	Retry *RunRetry
	// MaxActiveSteps bounds the steps that run at once; 0 is no bound.
	MaxActiveSteps int
	// Timeout bounds the whole run; 0 is no bound.
	Timeout time.Duration
	// Delay is the pause after the start of a step before that of the next one; 0 is none.
	Delay time.Duration
	// MaxCleanUp is the grace between the stop signal and the kill; 5 s by default.
	MaxCleanUp time.Duration
	// RetentionDays is how long history is kept; 30 by default, 0 is for ever. It is
	// 0 too where RetentionRuns is set.
	RetentionDays int
	// RetentionRuns is how many of the newest runs are kept; 0 is any number.
	RetentionRuns int
	// MaxOutput bounds, in bytes, what a step publishes; 0 is the runner's default.
	MaxOutput int
	// LogDir is the unresolved authored directory of logs, which may name constants and
	// the names of DAG and run; "" is the configured one. When relative it is meant
	// against WorkingDirBase.
	LogDir string
	// LogOutput says how the logs of streams are kept; "" is separate.
	LogOutput LogOutput
	// Artifacts are nil when they are off.
	Artifacts *Artifacts
	// Secrets are in file order.
	Secrets []Secret
	// SMTP is the server that mails are sent through; nil is none.
	SMTP *SMTP
	// MailOn says when a mail is sent about the run, with the header of its event.
	MailOn MailOn
	// ErrorMail, InfoMail and WaitMail are for failure, success and waiting; nil is none.
	ErrorMail, InfoMail, WaitMail *Mail
	// Labels are "key" or "key=value", lower-cased.
	Labels []string
	// Consts are resolved, in file order.
	Consts []Var
	// Params declares the parameters.
	Params []Param
	// ParamSchema is the JSON schema of the parameters, and ParamSchemaFrom the path,
	// meant against the directory of the file, or the http or https URL of one. There is
	// at most one of the two, and then Params is empty. ParamValues are values that a
	// caller need not give.
	ParamSchema     map[string]any
	ParamSchemaFrom string
	ParamValues     map[string]any
	// Env is unresolved, base.yaml's first.
	Env []Var
	// Dotenv lists the unresolved paths of dotenv files; nil reads none.
	Dotenv []string
	// WorkingDir is the unresolved authored directory, "" when there is none;
	// when relative it is meant against WorkingDirBase.
	WorkingDir     string
	WorkingDirBase string
	// Shell is the root shell; nil when there is none.
	Shell *Shell
	// Preconditions gate the run.
	Preconditions []Condition
	// Steps are in file order, with unique names; defaults are merged in.
	Steps []Step
	// Handlers run at fixed points of a run.
	Handlers Handlers
	// Local are the later documents of the file: sub-DAGs callable by name. Those in
	// the list have none themselves, see Callee.
	Local []*DAG
	// Warnings are notices about the file that are not errors.
	Warnings []Warning
	// Notices are the references that will not be resolved, those of later
	// documents included. Only [Validate] looks for them.
	Notices []Notice
}

// Type says how steps are ordered.
type Type string

// The types of a DAG.
const (
	TypeGraph Type = "graph"
	TypeChain Type = "chain"
)

// Interrupt says what becomes of an interrupted run.
type Interrupt string

// The policies of on_interrupt.
const (
	InterruptFail  Interrupt = "fail"
	InterruptRetry Interrupt = "retry"
)

// Overlap says what becomes of a due time while the DAG is busy.
type Overlap string

// The overlap policies.
const (
	OverlapSkip   Overlap = "skip"
	OverlapAll    Overlap = "all"
	OverlapLatest Overlap = "latest"
)

// ScheduleKind is what a schedule asks for.
type ScheduleKind string

// The kinds of schedules.
const (
	ScheduleStart   ScheduleKind = "start"
	ScheduleStop    ScheduleKind = "stop"
	ScheduleRestart ScheduleKind = "restart"
)

// Schedule is one schedule of a DAG.
type Schedule struct {
	Kind ScheduleKind
	// Text is the expression or the instant as authored, trimmed.
	Text string
	// Profile is the name of a profile, "" is none. It is kept for display.
	Profile string
	// Spec is the parsed expression or instant.
	Spec *schedule.Schedule
}

// Var is a name with a text.
type Var struct {
	Name  string
	Value string
}

// Param declares a parameter.
type Param struct {
	// Name is "" for a positional parameter, whose number is its place among those.
	Name string
	// Type is what a caller's text must be.
	Type ParamType
	// Default is nil when there is none.
	Default *string
	// Eval is a dynamic default; "" is none.
	Eval        string
	Description string
	Required    bool
	Enum        []string
	Minimum     *float64
	Maximum     *float64
	MinLength   *int
	MaxLength   *int
	// Pattern is a Go regexp; "" is none.
	Pattern string
}

// ParamType is the type of a parameter.
type ParamType string

// The types of parameters.
const (
	ParamString  ParamType = "string"
	ParamInteger ParamType = "integer"
	ParamNumber  ParamType = "number"
	ParamBoolean ParamType = "boolean"
)

// Shell is a shell as configured. Words are unresolved: a program and its arguments.
type Shell struct {
	// Program is "" where only arguments were given: they are appended to the shell that applies.
	Program string
	Args    []string
	// Packages are for nix-shell only.
	Packages []string
}

// Step is one node of the graph, or a handler. It does one thing: what Run, Action
// or Foreach says. Where all three are empty it only publishes Publish.
type Step struct {
	// ID is "" when not authored.
	ID          string
	Name        string
	Description string
	// Depends holds the names of steps, ids already replaced, as authored in
	// graph DAGs and derived in chain DAGs.
	Depends []string
	Run     Run
	// Action is nil for steps without one.
	Action *Action
	// Parallel repeats an action dag.run or dag.enqueue for each item; nil does it once.
	Parallel *Parallel
	// Foreach runs a body for each item; nil is none.
	Foreach *Foreach
	// Shell is the step's own (with.shell); nil when there is none.
	Shell *Shell
	Env   []Var
	// WorkingDir is unresolved; relative to the run's working directory; "" is that directory.
	WorkingDir string
	// Stdout and Stderr say where the streams go besides the logs.
	Stdout, Stderr Stream
	// LogOutput says how the logs of the streams are kept; "" is as the DAG says.
	LogOutput LogOutput
	// Output is the variable that captures stdout; "" is none.
	Output string
	// Publish are the entries of "output" as a map; empty is none.
	Publish []Entry
	// Outputs declares the records that the step writes to DAGU_OUTPUT_FILE.
	Outputs []Declared
	// OutputSchema is the JSON schema that stdout must match, nil for none: a map or a boolean.
	OutputSchema any
	Timeout      time.Duration
	ContinueOn   ContinueOn
	Retry        *Retry
	// Repeat runs the step again after it has run; nil is once.
	Repeat        *Repeat
	Preconditions []Condition
	// SignalOnStop is the signal that asks the step to end, such as "SIGINT"; "" is SIGTERM.
	SignalOnStop string
	// MailOnError sends the DAG's error mail when the step has failed.
	MailOnError bool
}

// Form is the form of a run text.
type Form string

// The forms of run.
const (
	// FormCommand is one line for the shell's -c.
	FormCommand Form = "command"
	// FormScript is a text for a script file.
	FormScript Form = "script"
	// FormList is several commands, each in a shell of its own.
	FormList Form = "list"
)

// Run is what a step executes. Texts are unresolved.
type Run struct {
	Form Form
	// Text is the command or script.
	Text string
	// List holds the commands of FormList.
	List []string
	// Program is the interpreter line of the older "command: python" beside "script"; "" is none.
	Program string
}

// ContinueOn says when dependents run although a step did not succeed.
type ContinueOn struct {
	Failed      bool
	Skipped     bool
	ExitCodes   []int
	Output      []string
	MarkSuccess bool
}

// Retry is the retry policy of a step.
type Retry struct {
	// Limit and Interval are integers (extra attempts, seconds) as text, and may hold references.
	Limit    string
	Interval string
	// Backoff multiplies the interval after each attempt; 0 is none, otherwise over 1.
	Backoff float64
	// MaxInterval caps the interval; 0 is no cap.
	MaxInterval time.Duration
	// ExitCodes restricts retries to these codes; empty is all.
	ExitCodes []int
}

// RunRetry is the retry policy of a run.
type RunRetry struct {
	// Limit is how many attempts follow the first one; 0 is none.
	Limit int
	// Interval is the time between the end of an attempt and the next one; 60 s by default.
	Interval time.Duration
	// Backoff multiplies the interval after each attempt; 0 is none, otherwise over 1.
	Backoff float64
	// MaxInterval caps the interval; an hour by default, or Interval where that is
	// longer; 0 is no cap.
	MaxInterval time.Duration
}

// Wait is the time before retry n, which counts from 0.
func (r *RunRetry) Wait(n int) time.Duration {
	return Pause(r.Interval, r.Backoff, r.MaxInterval, n)
}

// longest is the longest pause, so that none overflows.
const longest = 366 * 24 * time.Hour

// Pause is interval·backoff^n, at most limit, which is a year where it is 0. A backoff
// of 0 is that of 1.
func Pause(interval time.Duration, backoff float64, limit time.Duration, n int) time.Duration {
	pause := float64(interval)
	if backoff > 1 {
		pause *= math.Pow(backoff, float64(n))
	}
	if limit <= 0 {
		limit = longest
	}
	return time.Duration(min(pause, float64(limit)))
}

// Condition is one precondition.
type Condition struct {
	// Condition is the unresolved command or value; "" when Eval is used.
	Condition string
	Eval      string
	// Expected is nil for a command check; "re:P" is a regexp.
	Expected *string
	Negate   bool
}

// Handlers are steps that run at fixed points; nil is none.
type Handlers struct {
	Init, Success, Failure, Abort, Exit, Wait *Step
}
