package store

import "time"

// Status is the state of a run.
type Status string

// The states of a run. Queued and running ones are open, all others are final.
const (
	StatusQueued             Status = "queued"
	StatusRunning            Status = "running"
	StatusSucceeded          Status = "succeeded"
	StatusPartiallySucceeded Status = "partially_succeeded"
	StatusFailed             Status = "failed"
	StatusAborted            Status = "aborted"
)

// Final tells whether a run in this state is over.
func (s Status) Final() bool { return s != StatusQueued && s != StatusRunning }

// StepStatus is the state of a step within an attempt.
type StepStatus string

// The states of a step.
const (
	StepNotStarted         StepStatus = "not_started"
	StepRunning            StepStatus = "running"
	StepRetrying           StepStatus = "retrying"
	StepSucceeded          StepStatus = "succeeded"
	StepPartiallySucceeded StepStatus = "partially_succeeded"
	StepFailed             StepStatus = "failed"
	StepAborted            StepStatus = "aborted"
	StepSkipped            StepStatus = "skipped"
)

// Trigger says what caused a run.
type Trigger string

// The triggers of a run.
const (
	TriggerScheduler Trigger = "scheduler"
	TriggerManual    Trigger = "manual"
	TriggerRetry     Trigger = "retry"
	TriggerCatchup   Trigger = "catchup"
	TriggerWebhook   Trigger = "webhook"
	TriggerSubDAG    Trigger = "subdag"
)

// Kind is what a due time asks for.
type Kind string

// The kinds of schedules.
const (
	KindStart   Kind = "start"
	KindStop    Kind = "stop"
	KindRestart Kind = "restart"
)

// Outcome is what became of a due time.
type Outcome string

// The outcomes of a due time.
const (
	OutcomeFired   Outcome = "fired"
	OutcomeSkipped Outcome = "skipped"
	OutcomeMissed  Outcome = "missed"
)

// Reason says why a due time was skipped or missed, or why a run ended as it did.
type Reason string

// Reasons of skipped and missed due times.
const (
	ReasonOverlap          Reason = "overlap"
	ReasonAlreadySucceeded Reason = "already_succeeded"
	ReasonSuspended        Reason = "suspended"
	// ReasonSuperseded marks a due time whose place a later one took, and the run that was waiting for it.
	ReasonSuperseded Reason = "superseded"
	// ReasonIdle marks a stop of a DAG of which nothing ran.
	ReasonIdle          Reason = "idle"
	ReasonNoCatchup     Reason = "no_catchup"
	ReasonOutsideWindow Reason = "outside_catchup_window"
	ReasonDAGAbsent     Reason = "dag_absent"
	ReasonInternalError Reason = "internal_error"
)

// Reasons of runs that did not end by themselves.
const (
	ReasonWorkerLost Reason = "worker_lost"
	ReasonShutdown   Reason = "shutdown"
	ReasonStopped    Reason = "stopped"
	ReasonTimeout    Reason = "timeout"
	// ReasonRecovered marks a run that was executed before an older copy of the
	// database was restored. It is not executed again.
	ReasonRecovered Reason = "recovered"
	// ReasonPoison marks a run that was queued again after an interruption, and interrupted again.
	ReasonPoison Reason = "poison"
	// ReasonPrecondition marks a run whose root precondition was not met.
	ReasonPrecondition Reason = "precondition"
)

// Text is what a DAG was loaded from, kept by hash so that a run executes the
// text that it was enqueued with.
type Text struct {
	Hash     string
	DAG      string
	File     string
	Body     []byte
	BaseFile string
	Base     []byte
	// Document is the name of a later document of the file, which is then the DAG; ""
	// is the first one.
	Document string
	// WorkspaceFile is the path of the base file of the DAG's workspace, "" when there
	// is none, and Workspace what it held.
	WorkspaceFile string
	Workspace     []byte
}

// File is the last good version of a DAG file.
type File struct {
	Path string
	DAG  string
	Hash string
}

// Entry is one schedule of a DAG; its text and zone are its identity.
type Entry struct {
	Kind Kind
	Text string
	Zone string
}

// ScheduleSet is all the schedules that a DAG has now.
type ScheduleSet struct {
	DAG     string
	Entries []Entry
}

// Mark is how far the due times of an entry have been decided.
type Mark struct {
	DAG   string
	Entry Entry
	// From is when the entry was first seen.
	From time.Time
	// Mark is the newest instant up to which every due time has an outcome.
	Mark time.Time
	// AbsentFrom and AbsentTo bound the time in which the entry was not in any file; zero when it was always there.
	AbsentFrom, AbsentTo time.Time
}

// Candidate is a due time, or a row of due times, that waits for its outcome.
type Candidate struct {
	DAG  string
	Kind Kind
	// Due is the (first) due time. Last is the last one of a row that shares an
	// outcome without a run, and Count how many there are; zero Last stands for Due alone.
	Due, Last time.Time
	Count     int
	// Entries are those that are due at this instant; their marks move to Due (or Last).
	Entries []Entry
	// After is where the marks of the entries were when the candidate was taken, or were
	// to be then; the latest of them. Zero is not known.
	After time.Time
	// SucceededFrom asks for State.Succeeded; zero does not.
	SucceededFrom time.Time
}

// State is what a verdict depends on, read in the transaction that records it.
type State struct {
	// Busy tells that a run of the DAG runs or is queued, one started by hand included.
	Busy bool
	// Started tells, for a stop and a restart, that one of those started before the due
	// time, and runs or waits for another attempt.
	Started bool
	// Suspended tells that the DAG was suspended at the due time, or at all of a row.
	Suspended bool
	// SuspendedNow tells that the DAG is suspended when the decision is made.
	SuspendedNow bool
	// Later tells that a later due time of this kind has fired.
	Later bool
	// Succeeded tells that a run succeeded from Candidate.SucceededFrom on, before the due time.
	Succeeded bool
}

// Verdict is the outcome that the scheduler chose for a candidate.
type Verdict struct {
	Outcome Outcome
	Reason  Reason
	// Run is what to enqueue with OutcomeFired, unless the kind is stop.
	Run *NewRun
	// Serial keeps the run waiting while another of the DAG runs, or waits before it with Serial.
	Serial bool
	// Replace ends the runs of earlier due times of this kind that still wait in their queue.
	Replace bool
	// RestartWait is how long the run of a restart waits after the end of those that it stops.
	RestartWait time.Duration
}

// Decision is what stands in the store for a candidate after Decide.
type Decision struct {
	Verdict
	// Earlier tells that the outcome had been recorded before, by a repeat of
	// this call or by another process.
	Earlier bool
	// Stale tells that nothing was recorded: marks of the entries have been taken back
	// since the candidate was taken, see Reopen, and something before it is undecided.
	Stale bool
}

// Occurrence is the recorded outcome of a due time or of a row of them.
type Occurrence struct {
	DAG       string
	Kind      Kind
	Due, Last time.Time
	Count     int
	Outcome   Outcome
	Reason    Reason
	RunID     string
	Decided   time.Time
}

// NewRun is a run to be enqueued or started.
type NewRun struct {
	ID       string
	DAG      string
	TextHash string
	Trigger  Trigger
	// Due is the due time of a scheduled run; zero for others.
	Due      time.Time
	Queue    string
	Priority int
	// Params are the caller's words, as given.
	Params []string
	Labels []string
	// RetainDays is how long the run is kept once over; 0 is for ever.
	RetainDays int
	// RetainRuns is how many of the newest runs of the DAG are kept, this one among
	// them; 0 is any number. It goes with RetainDays 0. The run that ended last says it
	// for all runs that are kept by their number.
	RetainRuns int
	// RetryInterrupted queues the run once more when its process dies or is stopped.
	RetryInterrupted bool
	// DefaultWorkingDir is the working directory of a run whose DAG has none, written
	// as a DAG file has it: a relative one is meant against the directory of that
	// file. "" is a directory of the run's own.
	DefaultWorkingDir string
	// Parent is the id of the run whose step, ParentStep, waits for this one, which
	// lives inside of it: it never waits in a queue, and no list of a DAG's runs has it.
	// "" is a run of its own.
	Parent, ParentStep string
	// RootDAG and RootID are the run at the beginning of the calls that led to this
	// one, which need not wait for it; "" where no step called it.
	RootDAG, RootID string
}

// Run is a recorded run.
type Run struct {
	NewRun
	Status Status
	Reason Reason
	// Error is the message of a failure. Like Reason it is kept while a run waits for another attempt.
	Error string
	// Attempt counts from 1; 0 while the run has never been admitted.
	Attempt   int
	AttemptID string
	// Owner is the instance that executes the run; "" while queued.
	Owner string
	// Unlimited marks a run that was started at once, outside queue limits.
	Unlimited bool
	// Queued, Started, Begun (intent to fork the first step), Finished and StopRequested are zero until they happen.
	Queued, Started, Begun, Finished, StopRequested time.Time
	// LogDir and WorkDir are set by Begin.
	LogDir, WorkDir string
	// NotBefore is set by the system where it queues a run again: the run is not
	// admitted before, nor while its DAG is suspended. It is zero for all others.
	NotBefore time.Time
	// Retries counts how often the run was queued again by RetryLater.
	Retries int
	// Only names the steps that the attempt runs again, the first one whatever became
	// of those that it depends on. Empty is all steps that did not succeed.
	Only []string
}

// Waiting tells whether the run is queued for an attempt that the system wants, and
// that has not been admitted.
func (r Run) Waiting() bool { return r.Status == StatusQueued && !r.NotBefore.IsZero() }

// Since is when the run began to wait for its present admission, or last did: when it
// was queued, or the later time before which it was not to be tried again.
func (r Run) Since() time.Time {
	if r.NotBefore.After(r.Queued) {
		return r.NotBefore
	}
	return r.Queued
}

// Ref names the attempt of a run that the caller holds. A write with a stale Ref fails with ErrLost.
type Ref struct {
	RunID   string
	Attempt int
	Owner   string
}

// Ref returns the reference under which the holder of r may write.
func (r Run) Ref() Ref { return Ref{RunID: r.ID, Attempt: r.Attempt, Owner: r.Owner} }

// Step is the recorded state of a step or handler in an attempt.
type Step struct {
	// Index is the place in the file; handlers come after the steps.
	Index  int
	Name   string
	ID     string
	Status StepStatus
	// Started and Finished are zero until they happen.
	Started, Finished time.Time
	// ExitCode is meaningful when Exited.
	Exited   bool
	ExitCode int
	Error    string
	// Tries counts executions; 0 before the first.
	Tries int
	// Stdout and Stderr are the paths of the step's log files.
	Stdout, Stderr string
	// Output is the variable that the step publishes, with its value; "" is none.
	Output      string
	OutputValue string
	// HasOutput tells that OutputValue is what the step has captured or made, also without a variable.
	HasOutput bool
	// Emitted are the declared outputs of the step, and Published those that it has
	// published by key, as JSON or text.
	Emitted, Published map[string]string
	// Continued tells that continue_on let dependents run.
	Continued bool
}

// Result is how an attempt ended.
type Result struct {
	Status Status
	Reason Reason
	Error  string
	// Steps are saved in the same transaction.
	Steps []Step
}

// Admission is a request to move queued runs to running. How many the queues take
// is not asked for: it stands in the store, see SetLimits and PauseQueue.
type Admission struct {
	// Free is how many runs this process can take.
	Free int
}

// Role says what a process that owns runs is.
type Role string

// The roles of owners.
const (
	RoleScheduler Role = "scheduler"
	RoleOneShot   Role = "one-shot"
)

// Topic selects the changes that a subscriber hears of.
type Topic uint8

// The topics. A commit of another process wakes all of them.
const (
	// TopicQueue: a run was enqueued, a slot became free, limits or pauses changed.
	TopicQueue Topic = 1 << iota
	// TopicStop: a stop was requested.
	TopicStop
	// TopicSuspend: a DAG was suspended or resumed.
	TopicSuspend
)

// Filter selects runs, newest first.
type Filter struct {
	DAG string
	// IDPart selects ids that contain it, in letters of either case.
	IDPart   string
	Statuses []Status
	Labels   []string
	// From and To bound the time a run was queued; zero is open.
	From, To time.Time
	// Limit is at least 1.
	Limit int
}

// Suspension is an interval in which a DAG does not start by schedule.
type Suspension struct {
	DAG      string
	From, To time.Time // To is zero while it lasts
}

// Owner is a process that executes, or executed, runs.
type Owner struct {
	ID      string
	Role    Role
	Host    string
	PID     int
	Started time.Time
}
