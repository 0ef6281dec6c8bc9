package web

import (
	"maps"
	"strings"
	"time"

	"dagu/modules/store"
)

// RunView is a run as JSON, in the API and on the command line.
type RunView struct {
	DAG         string     `json:"dag"`
	RunID       string     `json:"run_id"`
	Status      string     `json:"status"`
	Reason      string     `json:"reason,omitempty"`
	Error       string     `json:"error,omitempty"`
	Attempt     int        `json:"attempt"`
	Trigger     string     `json:"trigger"`
	Queue       string     `json:"queue"`
	Priority    int        `json:"priority"`
	Params      []string   `json:"params"`
	Labels      []string   `json:"labels"`
	ScheduledAt *time.Time `json:"scheduled_at,omitempty"`
	QueuedAt    *time.Time `json:"queued_at,omitempty"`
	StartedAt   *time.Time `json:"started_at,omitempty"`
	FinishedAt  *time.Time `json:"finished_at,omitempty"`
	// NextTryAt is the time before which a run that is queued for another attempt is
	// not admitted; Error is then that of the attempt before.
	NextTryAt *time.Time `json:"next_try_at,omitempty"`
	// Seconds is how long the run took, or has been running.
	Seconds *float64 `json:"duration_seconds,omitempty"`
	LogDir  string   `json:"log_dir,omitempty"`
	WorkDir string   `json:"work_dir,omitempty"`
	// DefaultDir is the working directory of the run if its DAG has none, as it was
	// given; "" is WorkDir.
	DefaultDir string `json:"default_working_dir,omitempty"`
	// ParentRunID and ParentStep are the run, and its step, that wait for the run.
	ParentRunID string `json:"parent_run_id,omitempty"`
	ParentStep  string `json:"parent_step,omitempty"`
	// RootDAG and RootRunID are the run at the beginning of the calls that led to it.
	RootDAG   string `json:"root_dag,omitempty"`
	RootRunID string `json:"root_run_id,omitempty"`
	// Outputs are those of the run, see store.Outputs; they are known where the steps are.
	Outputs map[string]string `json:"outputs,omitempty"`
	Steps   []StepView        `json:"steps,omitempty"`
}

// StepView is a step or handler as JSON.
type StepView struct {
	Name       string     `json:"name"`
	ID         string     `json:"id,omitempty"`
	Status     string     `json:"status"`
	Error      string     `json:"error,omitempty"`
	ExitCode   *int       `json:"exit_code,omitempty"`
	Tries      int        `json:"tries"`
	StartedAt  *time.Time `json:"started_at,omitempty"`
	FinishedAt *time.Time `json:"finished_at,omitempty"`
	Seconds    *float64   `json:"duration_seconds,omitempty"`
	Stdout     string     `json:"stdout,omitempty"`
	Stderr     string     `json:"stderr,omitempty"`
	// SubRuns are the runs that the step waits for, or did, in the order of their start.
	SubRuns []RunView `json:"sub_runs,omitempty"`
	// Outputs are what the step wrote to DAGU_OUTPUT_FILE and published by key.
	Outputs map[string]string `json:"outputs,omitempty"`
}

// ViewRun shows a run with its steps, which may be left out, as of now.
func ViewRun(run store.Run, steps []store.Step, now time.Time) RunView {
	v := RunView{
		DAG: run.DAG, RunID: run.ID, Status: string(run.Status), Reason: string(run.Reason), Error: run.Error,
		Attempt: run.Attempt, Trigger: string(run.Trigger), Queue: run.Queue, Priority: run.Priority,
		Params: append([]string{}, run.Params...), Labels: append([]string{}, run.Labels...),
		ScheduledAt: instant(run.Due), QueuedAt: instant(run.Queued),
		StartedAt: instant(run.Started), FinishedAt: instant(run.Finished),
		Seconds: seconds(run.Started, run.Finished, now), LogDir: run.LogDir, WorkDir: run.WorkDir,
		DefaultDir: run.DefaultWorkingDir, ParentRunID: run.Parent, ParentStep: run.ParentStep,
		RootDAG: run.RootDAG, RootRunID: run.RootID, Outputs: store.Outputs(steps),
	}
	if run.Waiting() {
		v.NextTryAt = instant(run.NotBefore)
	}
	for i := range steps {
		v.Steps = append(v.Steps, viewStep(&steps[i], now))
	}
	return v
}

// AddSubRuns shows the runs inside of the run at the steps that wait for them.
func (v *RunView) AddSubRuns(steps []store.Step, inside []store.Run, now time.Time) {
	for i, runs := range SubRunsOf(steps, inside) {
		for _, run := range runs {
			v.Steps[i].SubRuns = append(v.Steps[i].SubRuns, ViewRun(run, nil, now))
		}
	}
}

// SubRunsOf tells which runs inside of a run belong to which of its steps, by their
// place in the list. A step in the body of another one belongs to that.
func SubRunsOf(steps []store.Step, inside []store.Run) map[int][]store.Run {
	places := make(map[string]int, len(steps))
	for i := range steps {
		places[steps[i].Name] = i
	}
	of := make(map[int][]store.Run)
	for _, run := range inside {
		for name := run.ParentStep; name != ""; {
			if i, ok := places[name]; ok {
				of[i] = append(of[i], run)
				break
			}
			name = name[:max(strings.LastIndexByte(name, '.'), 0)]
		}
	}
	return of
}

func viewStep(s *store.Step, now time.Time) StepView {
	v := StepView{
		Name: s.Name, ID: s.ID, Status: string(s.Status), Error: s.Error, Tries: s.Tries,
		StartedAt: instant(s.Started), FinishedAt: instant(s.Finished),
		Seconds: seconds(s.Started, s.Finished, now), Stdout: s.Stdout, Stderr: s.Stderr, Outputs: stepOutputs(s),
	}
	if s.Exited {
		v.ExitCode = &s.ExitCode
	}
	return v
}

// instant is a time in UTC, or nil for none.
func instant(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	at = at.UTC()
	return &at
}

// seconds is the time from start to end, or to now while there is no end.
func seconds(start, end, now time.Time) *float64 {
	if start.IsZero() {
		return nil
	}
	if end.IsZero() {
		end = now
	}
	s := float64(max(end.Sub(start), 0).Milliseconds()) / 1000
	return &s
}

// stepOutputs are what a step has emitted or published by key; nil for nothing.
func stepOutputs(s *store.Step) map[string]string {
	if len(s.Emitted) == 0 {
		return s.Published
	}
	all := maps.Clone(s.Published)
	if all == nil {
		all = make(map[string]string)
	}
	maps.Copy(all, s.Emitted)
	return all
}
