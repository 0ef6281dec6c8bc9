// Package fault has the points at which a binary built with the tag `faults` can be
// made to hang, fail or panic while it runs, so that tests see what its probes
// answer then. Without the tag its functions are empty and the compiler leaves
// their calls out.
//
// A point is made to misbehave by a file of its name in the directory that
// DAGU_FAULTS names, for as long as the file is there:
//
//	hang          the caller stays, until the file is gone
//	panic         the caller panics
//	panic NAME    of a point that DAGs come to: only that DAG's caller panics
//	delay 5s      the caller waits that long
//	error EIO     the caller gets that error: EIO, ENOSPC or EROFS
//	offset -1h    of the point "wall": how far the wall clock is stepped
//
// DAGU_FAULTS_OFF names parts of the health registry, with commas between, which
// the process does without.
package fault
