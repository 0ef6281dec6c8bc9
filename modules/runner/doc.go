// Package runner executes runs: it walks their steps, starts and ends processes,
// and records what became of them.
//
// A run's way through it:
//
//	Execute, Run ──> prepared ──Begin──> root preconditions ──> init ──> steps ──> success,     ──> exit ──> recorded
//	                    │ (the intent to            │ not met                      failure or       always
//	                    │  fork is durable)         └──────────────────────────>   abort
//	                    └─ stopped before: back to its queue, or recorded as aborted
//
// Each step is a goroutine with one process group at a time. A step's way:
//
//	waits ──> preconditions ──> execution ──> succeeded, failed, aborted
//	              │ not met         ↑    └─ failed, tries left ─┐
//	              └──> skipped      └──── retrying (interval) ──┘
//
// Every run can be ended at two depths. A stop, by a user, a timeout or a
// shutdown, ends steps with SIGTERM and after their grace with SIGKILL, and lets
// handlers run. A kill ends everything with SIGKILL and starts nothing more;
// what is known is recorded. Every wait ends at once on either.
//
// A step that calls another DAG has a run of it executed inside of its own run, in the
// goroutine of the step: entered also during a drain, stopped and killed with its
// parent, and over before the step is. What a call asks for makes its id.
//
// Nothing that a workflow file names is touched but through a guard with a
// deadline, since a file on a dead network file system never answers, and since
// a child that hangs before its exec would hold up the whole process.
//
// The secrets of a run are known to its steps alone. What it writes, records and tells
// has ***NAME*** in the place of their values; what steps publish is kept as it is in
// memory, and a later attempt puts the values that the secrets have then into what an
// earlier one has recorded. Where a run has secrets its streams go through pumps.
//
// What the store or the disk does not take is tried again until it does: neither
// trouble is the run's. A panic in one of a run's goroutines ends that run alone.
package runner
