// Package store keeps what must survive a crash: due times with their outcomes,
// runs with their attempts and steps, the texts they execute, marks,
// suspensions, and the processes that own running runs. It is the only place
// with SQL.
//
// # Runs
//
// A run moves only along these lines, and each move checks in its transaction
// that the run still is where the caller thinks, in the same attempt and with
// the same owner:
//
//	Enqueue, Decide                     StartNow
//	      |                                |
//	      v     Admit: attempt + 1         v
//	+--------+ -------------------> +---------+
//	| queued |                      | running | <-- Begin, SaveSteps
//	+--------+ <------------------- +---------+
//	  |    ^   Unadmit, Interrupt,      |    ^
//	  |    |   RetryLater,              |    |
//	  |    |   DeadOwner.Close          |    |
//	  |    |                     Finish |    | Retry: attempt + 1
//	  |    | Requeue                    v    |
//	  |    +---------------------- +---------+
//	  +--------------------------> |  final  | --> Forget
//	         RequestStop           +---------+
//
// Begin separates a run that may have done something from one that cannot have:
// when its owner dies before it, the run goes back to its queue as if nothing
// had been.
//
// A run that the system queues again, by Interrupt, RetryLater or DeadOwner.Close
// after Begin, has a time before which it is not admitted. It keeps its id, its text
// and its place in the queue, takes no slot while it waits, outlives its process, and
// is ended by RequestStop like any queued run.
//
// # Runs inside of others
//
// A run that a step of another one waits for is recorded like any other and lives
// inside of that: StartInside makes it running at once, in the process that executes
// its parent, and only the parent's attempts can have more attempts of it. It is never
// queued, no limit counts it, and it is not in the history of its DAG, since a local DAG
// has its name for one file only. When its process dies it is failed, in the transaction
// that closes its parent or queues it again. It is removed before its parent is.
//
// # Due times
//
// A due time has exactly one outcome, which is written with its run and its
// schedules' marks in one transaction. Everything up to the mark of a schedule
// is decided. Outcomes that follow each other for one reason and made no run
// share a row.
//
// # Queues
//
// A run waits in a queue, and takes a slot of it from Admit until its attempt is
// closed, whatever becomes of its process. How many slots there are, and which
// queues are paused, stands here too and is read where slots are taken: limits are
// those of the process that set any last, see SetLimits.
//
// # Owners
//
// A process that owns runs holds a lock on a file for as long as it lives
// (flock(2), which the kernel drops with the process, and which works across
// containers on one kernel). A lock that can be taken proves that the owner is
// gone, and nothing else does. So a process that is stopped or slow keeps its runs.
//
// # Reading and writing
//
// One goroutine owns the one connection that writes. It takes all writes that
// wait, does each in a savepoint of one transaction, commits, and answers them:
// one sync of the disk serves all. Readers have connections of their own and
// never wait for it. Every call has a deadline and returns at it although a
// disk that does not answer cannot be interrupted; see ErrUnknown.
package store
