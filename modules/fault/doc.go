// Package fault has the points at which a binary built with the tag `faults` can be
// made to hang, fail or panic while it runs, so that tests see what its probes
// answer then. Without the tag its functions are empty and the compiler leaves
// their calls out.
//
// A point is made to misbehave by a file of its name in the directory that
// DAGU_FAULTS names, for as long as the file is there:
//
//	hang          the caller stays, until the file is gone; meanwhile there is a file
//	              of the point's name with ".hangs" behind it
//	panic         the caller panics
//	panic NAME    of a point that DAGs come to: only that DAG's caller panics
//	delay 5s      the caller waits that long
//	error EIO     the caller gets that error: EIO, ENOSPC or EROFS
//	kill 3        the third caller in the process ends it with SIGKILL
//
// The file "wall" steps the clocks:
//
//	offset -1h    how far the wall clock is off
//	clock RATE REAL WALL
//	              at the machine's time REAL the wall clock showed WALL, and both it and
//	              steady time go RATE times as fast; the times are those of RFC 3339
//
// A point NAME.lock stands within a lock of the module NAME, which is not released while
// the point hangs: catalog, life, logging, queue, runlog, runner, scheduler and store
// have one. disk, metrics, notify and ping hold no lock of theirs between their start
// and their stop. health has no point: no loop and no check takes a lock of it, and
// answers take one alone, that of the server's list of connections, which is held for
// a look at memory. A point there would show that who answers is needed to answer.
//
// DAGU_FAULTS_OFF names parts of the health registry, with commas between, which
// the process does without.
package fault
