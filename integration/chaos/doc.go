// Package chaos proves that kill -9 at any instant loses nothing and repeats nothing.
//
// The real binary, built with the tag `faults`, schedules the DAGs of one data
// directory, alone or as one of two, in a time that is sped up. Again and again it
// is killed: at a random instant, or at a hook that stands before or after a
// statement, a commit, a fork, the record of an end (see modules/fault). Meanwhile
// runs are enqueued by hand, files change, vanish and come back, and the clock is
// stepped. A last life, for which the time stands still, finishes what is open.
//
// Then two sources are compared that know nothing of each other: the history, read
// from the database, and what the steps themselves wrote down, with monotonic
// times. Every due time has one outcome, every fired one ran once, unless its
// policy has it run again, every instant (`at`) fired, however late, a run that fails
// was retried as often as its policy says and not before its time, with its failure
// handler after the last attempt alone, no queue was ever fuller than its limit, no
// run of a process that lived was closed, and no process is left. `dagu schedule
// audit` finds no difference either.
//
// `go test` kills 20 times with a fixed seed; `make chaos` 200 times with a new one, which it
// prints, and `make chaos SEED=...` makes the same choices again. The mutants show
// that the judge sees what it is there for.
package chaos
